"""What a view shows: its rows, how many rows of the dataset these are of, and the chart that suits them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from workbench.analytics.exploration.model import Kind, View, kind_of
from workbench.analytics.metrics import with_gaps
from workbench.charts import Chart, Table
from workbench.foundation.errors import Invalid
from workbench.foundation.wording import counted

__all__ = ["Look", "Rows", "Seen", "readable"]

Look = Literal["bar", "line", "point", "heatmap"]

_MOST_SERIES = 8
_MOST_BARS = 40
_MOST_ACROSS = 32
_MOST_DOWN = 24
_LONGEST = 80
_FIGURES = {
    "count": "Values of", "count_distinct": "Distinct", "sum": "Sum of", "mean": "Mean", "median": "Median",
    "min": "Least", "max": "Greatest",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Rows:
    """The first rows that meet conditions, with texts cut at 200 characters.

    Attributes:
        matched: How many rows meet them.
        total: How many rows the asker may see.
        columns: How many columns the dataset has; the frame has the first of them.
    """

    frame: pl.DataFrame
    version: int
    matched: int
    total: int
    columns: int

    def table(self) -> Table:
        """The rows for a person to read."""
        return Table("The first rows", readable(self.frame))


@dataclass(frozen=True, eq=False)
class Seen:
    """What a view shows.

    Attributes:
        sql: What was run for it; kept as a query, it gives the same.
        frame: A row per group: its columns, then the figure; or a row per point.
        schema: The dataset's columns.
        version: The dataset's.
        matched: How many rows meet the conditions; of points, those that have a place.
        total: How many rows the asker may see.
        cut: There are more groups than the frame has: it has the first of them.
        sampled: The points are a sample of the rows.
    """

    view: View
    sql: str
    frame: pl.DataFrame
    schema: Mapping[str, pl.DataType]
    version: int
    matched: int
    total: int
    cut: bool
    sampled: bool

    @property
    def looks(self) -> tuple[Look, ...]:
        """The charts that show it truthfully, the one that suits best first; none for a single figure."""
        view = self.view
        if view.aggregation is None:
            return ("point",)
        if not view.by:
            return ()
        kinds = [self._kind(group.column) for group in view.by]
        if kinds[0] not in ("moment", "number"):
            return ("bar",) if len(kinds) == 1 else ("heatmap",)
        few = self.frame[view.by[0].column].n_unique() <= _MOST_BARS
        adds_up = len(kinds) == 1 or view.aggregation in ("count", "sum")
        bars: tuple[Look, ...] = ("bar",) if few and adds_up else ()
        other: tuple[Look, ...] = ("heatmap",) if len(kinds) == 2 else ()
        return (*bars, "line", *other) if kinds[0] == "number" else ("line", *bars, *other)

    @property
    def title(self) -> str:
        """Such as "Mean dep delay by carrier"."""
        groups = [_small(_spoken(group.column)) for group in self.view.by]
        if self.view.aggregation is None:
            along, *color = groups
            return f"{_spoken(str(self.view.of))} along {along}" + (f", by {color[0]}" if color else "")
        return self.figure + (f" by {' and '.join(groups)}" if groups else "")

    @property
    def figure(self) -> str:
        """What the figure is called."""
        if self.view.aggregation is None:
            return _spoken(str(self.view.of))
        if self.view.of is None:
            return "Number of rows"
        return f"{_FIGURES[self.view.aggregation]} {_small(_spoken(self.view.of))}"

    @property
    def labels(self) -> dict[str, str]:
        """Column -> what people call it."""
        said = {group.column: _spoken(group.column) for group in self.view.by}
        for group in self.view.by:
            if group.band is not None:
                said[group.column] += f", in bands of {group.band:g}"
            elif group.grain is not None:
                said[group.column] += f", by {group.grain}"
        return said | {self.view.named: self.figure}

    @property
    def told(self) -> str:
        """Which rows these are, and what is not shown of them."""
        view, rows = self.view, f"{self.matched:,} of {counted(self.total, 'row')}"
        if self.sampled:
            return f"A sample of {self.frame.height:,} points, drawn at random from {rows}."
        every = "Of the one row." if self.total == 1 else f"Of all {self.total:,} rows."
        found = [f"Of {rows}." if view.where or self.matched != self.total else every]
        if self.cut:
            found.append(f"The first {self.frame.height:,} groups; there are more.")
        return " ".join(found)

    def chart(self, look: Look | None = None) -> Chart:
        """
        Args:
            look: By default the one that suits best.

        Raises:
            Invalid: It cannot be drawn so.
        """
        if not self.looks:
            raise Invalid("a single figure has nothing to be drawn along", hint="group by a column")
        look = look or self.looks[0]
        if look not in self.looks:
            raise Invalid(f"this cannot be drawn as a {look} chart", hint=f"it can as {' or '.join(self.looks)}")
        view, notes = self.view, [self.told]
        columns = [group.column for group in view.by]
        first, second = columns[0], columns[1] if len(columns) == 2 else None
        frame = self.frame
        if look in ("line", "point") and (without := frame[first].null_count()):
            frame = frame.filter(pl.col(first).is_not_null())
            notes.append(f"Not drawn: {without:,} without a value of {first}.")
        most = {first: _MOST_ACROSS, second: _MOST_DOWN} if look == "heatmap" else {second: _MOST_SERIES}
        for column, limit in most.items():
            ordered = look == "heatmap" and column and self._kind(column) in ("moment", "number")
            if column is not None and not ordered:
                frame = self._excerpt(frame, column, limit, notes)
        grain = view.by[0].grain
        if look == "line" and grain is not None:
            frame = with_gaps(frame, first, grain, [second] if second else [])
        x, y, color = (first, second, view.named) if look == "heatmap" else (first, view.named, second)
        return Chart(
            frame=readable(frame),
            kind=look,
            x=x,
            y=str(y),
            color=color,
            title=self.title,
            labels={name: said for name, said in self.labels.items() if name in frame.columns},
            note=" ".join(notes),
            stacked=look == "bar" and second is not None,
        )

    def table(self) -> Table:
        """All groups, or all points that are drawn."""
        return Table(self.title, readable(self.frame), self.labels, note=self.told)

    def _kind(self, column: str) -> Kind:
        return kind_of(self.schema[column])

    def _excerpt(self, frame: pl.DataFrame, column: str, most: int, notes: list[str]) -> pl.DataFrame:
        """The values of a column that are drawn: those with the most rows of points, else with the highest figures."""
        there = frame[column].n_unique()
        if there <= most:
            return frame
        amount = pl.col(self.view.named).cast(pl.Float64)
        adds_up = self.view.aggregation in ("count", "sum")
        rank = pl.len() if self.view.aggregation is None else amount.abs().sum() if adds_up else amount.max()
        kept = frame.group_by(column, maintain_order=True).agg(rank.alias(".rank"))
        kept = kept.sort(".rank", descending=True, nulls_last=True, maintain_order=True).head(most).select(column)
        notes.append(f"Drawn are {most} of {there:,} values of {column}; the table has all.")
        return frame.join(kept, on=column, how="semi", nulls_equal=True, maintain_order="left")


def readable(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with texts as long as a person reads; those that then read alike are numbered."""
    return frame.with_columns(_cut(series) for series in frame.get_columns() if series.dtype == pl.String)


def _cut(series: pl.Series) -> pl.Series:
    known = series.unique(maintain_order=True).drop_nulls()
    long = known.filter(known.str.len_chars() > _LONGEST).to_list()
    if not long:
        return series
    given: dict[Any, str] = {}
    for value in long:
        short = value[: _LONGEST - 1].rstrip() + "…"
        count = sum(1 for other in given.values() if other.startswith(short))
        given[value] = short if not count else f"{short} ({count + 1})"
    return series.replace(given)


def _spoken(name: str) -> str:
    words = " ".join(name.replace("_", " ").split())[:_LONGEST] or name
    return words[:1].upper() + words[1:]


def _small(label: str) -> str:
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
