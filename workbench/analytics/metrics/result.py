"""What a query gives back: the rows, what they mean, and what they were made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import polars as pl

from workbench.analytics.metrics.comparing import BEFORE, CHANGE
from workbench.analytics.metrics.gaps import with_gaps
from workbench.analytics.metrics.ingredients import Dimension
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.passes import Pass, explained
from workbench.charts import Chart, Table, Tile, Tiles
from workbench.compute import EngineUse, frames
from workbench.foundation.errors import Invalid, Unavailable, unknown

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["MetricResult"]

Kind = Literal["bar", "line", "point", "heatmap"]

_PERIODS = {"month": "%b %Y", "quarter": "%Y Q%q", "year": "%Y"}


@dataclass(frozen=True, eq=False)
class MetricResult:
    """Metrics by dimensions, with their words and their origin.

    Attributes:
        frame: One row per group: `time` where a grain was asked for, then the dimensions, then the metrics.
        metrics: The definitions, in the order of the columns.
        dimensions: What the rows are broken down by.
        grain: Of the column `time`, or None.
        versions: Dataset -> the version that was read.
        metric_versions: Metric -> the version of its definition.
        engines: How it was computed, one entry per pass over a dataset.
        before: The time range that it is compared with, from and to, as ISO text; None without a comparison.
        approximate: Metric -> how far off it may be, of those that are approximate: "has a standard error of 1.6%".
        passes: Those passes themselves, where it was computed in this process.
        afar: Asks whoever computed it elsewhere how.
    """

    frame: pl.DataFrame
    metrics: tuple[Metric, ...]
    dimensions: tuple[Dimension, ...]
    grain: str | None
    versions: Mapping[str, int]
    metric_versions: Mapping[str, str]
    engines: tuple[EngineUse, ...]
    before: tuple[str, str] | None = None
    approximate: Mapping[str, str] = field(default_factory=dict)
    passes: tuple[Pass, ...] = ()
    afar: Callable[[], str] | None = field(default=None, repr=False)

    @property
    def engine(self) -> str:
        """The name of what computed it."""
        return ", ".join(dict.fromkeys(use.engine for use in self.engines))

    @property
    def labels(self) -> dict[str, str]:
        """Column -> what people call it."""
        time = {"time": self.grain.capitalize()} if self.grain else {}
        broken_down = {dimension.name: dimension.title for dimension in self.dimensions}
        labels = time | broken_down | {metric.name: metric.title for metric in self.metrics}
        if self.before is not None:
            for metric in self.metrics:
                labels[f"{metric.name}{BEFORE}"] = f"{metric.title} before"
                labels[f"{metric.name}{CHANGE}"] = f"{metric.title}, change"
        return labels

    @property
    def groups(self) -> list[str]:
        """The columns that a row is told by: `time` where there is a grain, and the dimensions."""
        return [*(["time"] if self.grain else []), *(dimension.name for dimension in self.dimensions)]

    @property
    def units(self) -> dict[str, str]:
        """Column -> unit, for metrics that have one."""
        named = {metric.name: metric.unit for metric in self.metrics if metric.unit}
        before = {f"{name}{BEFORE}": unit for name, unit in named.items()} if self.before is not None else {}
        return named | before

    @property
    def formats(self) -> dict[str, str]:
        """Column -> d3 format: of metrics that have one, and of periods that a first day would not name."""
        time = {"time": _PERIODS[self.grain]} if self.grain in _PERIODS else {}
        formats = {metric.name: metric.format for metric in self.metrics if metric.format}
        if self.before is not None:
            formats |= {f"{name}{BEFORE}": format for name, format in formats.items()}
            formats |= {f"{metric.name}{CHANGE}": "+.1%" for metric in self.metrics}
        return time | formats

    def explain(self) -> str:
        """How it was computed, pass by pass: engine and why, cache, rollup, files and bytes of the whole, the plan.

        A server that computed it is asked again, and speaks of the newest versions.

        Raises:
            Unavailable: It was computed elsewhere, by what cannot be asked.
            NotFound: A version that was read was cleaned away since.
        """
        if self.afar is not None:
            return self.afar()
        if not self.passes:
            raise Unavailable(
                "how this was computed is known where it was computed",
                hint="workbench metric query ... --explain there",
            )
        return "\n\n".join(map(explained, self.passes))

    def to_polars(self) -> pl.DataFrame:
        """The rows as a Polars frame: `frame` itself."""
        return self.frame

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a pandas frame."""
        return frames.to_pandas(self.frame)

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        return frames.to_arrow(self.frame)

    def table(self, title: str | None = None, *, note: str = "") -> Table:
        """The rows as a table with labels, units and formats of the metrics."""
        return Table(title or self.title, self.frame, self.labels, self.units, self.formats, note)

    def chart(
        self,
        kind: Kind | None = None,
        *,
        x: str | None = None,
        y: str | None = None,
        title: str | None = None,
        color: str | None = None,
        note: str = "",
    ) -> Chart:
        """The rows as a chart. A period without rows is shown as a gap, never bridged.

        Args:
            kind: bar, line, point or heatmap; by default a line along time, and bars along anything else.
            x: Column along the bottom; by default the first one.
            y: Column up the side; by default the first metric, for a heatmap the second column.
            title: By default the metrics and what they are broken down by.
            color: Column of the series; by default the second dimension, if any. For a heatmap the amount in each
                cell, by default the first metric.
            note: A line under the chart.

        Raises:
            NotFound: A column that the result does not have.
            Invalid: There is nothing to draw along, or the chart cannot be drawn truthfully.
        """
        for name in (x, y, color):
            if name is not None and name not in self.frame.columns:
                raise unknown("column", name, self.frame.columns)
        groups = self.groups
        amount = self.metrics[0].name
        free = [name for name in groups if name not in (x, y, color)]
        if x is None:
            if not free:
                raise Invalid(
                    "a chart needs something to draw along",
                    hint="query by= a dimension or with a grain=, or show the figures alone: .tiles()",
                )
            x = free.pop(0)
        over_time = self.grain is not None and x == "time"
        kind = kind or ("line" if over_time else "bar")
        if kind == "heatmap":
            y = y or (free[0] if free else None)
            color = color or amount
            if y is None:
                raise Invalid("a heatmap needs two dimensions", hint="query by= two dimensions, or one with a grain=")
        elif kind == "point":
            y = y or amount
        else:
            y = y or amount
            color = color or (free[0] if free else None)
        frame = self.frame
        if self.grain is not None and over_time and kind != "point":
            frame = with_gaps(frame, x, self.grain, [name for name in (y, color) if name in groups and name != x])
        return Chart(
            frame=frame,
            kind=kind,
            x=x,
            y=y,
            title=title or self._titled(*({y, str(color)} & set(self.metric_versions) or {amount})),
            color=color,
            labels=self.labels,
            units=self.units,
            formats=self.formats,
            note=note or self.approximation,
        )

    def tiles(self, title: str = "Key figures", *, note: str = "") -> Tiles:
        """One key figure per metric.

        Raises:
            Invalid: The result is broken down, so a metric has more than one value.
        """
        if self.frame.height != 1:
            raise Invalid(
                f"key figures need one row, and there are {self.frame.height}", hint="query without by= and grain="
            )
        row = self.frame.row(0, named=True)
        said = note or self.approximation
        made = [Tile(metric.title, row[metric.name], metric.unit, metric.format, said) for metric in self.metrics]
        return Tiles(made, title)

    @property
    def approximation(self) -> str:
        """Which of the metrics are approximate, and how far off they may be; empty where none is."""
        return "Approximate: " + "; ".join(map(" ".join, self.approximate.items())) + "." if self.approximate else ""

    @property
    def title(self) -> str:
        """Such as "Mean departure delay by carrier and day"."""
        return self._titled(*(metric.name for metric in self.metrics))

    def _titled(self, *names: str) -> str:
        words = self.labels
        said = [words[name] for name in words if name in names]
        along = [_small(words[name]) for name in self.groups]
        return _listing([said[0], *map(_small, said[1:])]) + (f" by {_listing(along)}" if along else "")

    def __len__(self) -> int:
        return self.frame.height

    def __repr__(self) -> str:
        return f"{self.table()!r}\n{self._origin()}"

    def _repr_html_(self) -> str:
        return self.table(note=self._origin())._repr_html_()

    def _origin(self) -> str:
        read = "From " + ", ".join(f"{name} version {version}" for name, version in self.versions.items()) + "."
        return f"{read} {self.approximation}".rstrip()


def _small(label: str) -> str:
    """A label inside a sentence: a first word that is not an abbreviation loses its capital."""
    first = label.split(" ", 1)[0]
    return label if len(first) > 1 and first[1:] != first[1:].lower() else label[:1].lower() + label[1:]


def _listing(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
