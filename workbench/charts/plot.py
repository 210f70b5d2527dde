"""What a chart says, before anything is drawn: rows, which column stands where, and the words of each column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import polars as pl

from workbench.charts.wording import Column, columns_of
from workbench.foundation.errors import Invalid, unknown

__all__ = ["KINDS", "Mark", "Plot"]

Mark = Literal["bar", "line", "point", "heatmap"]
KINDS: tuple[str, ...] = get_args(Mark)

# Beyond this an SVG is slow to open and no eye tells the marks apart.
MOST_MARKS = 5_000
# A legend with more entries than the palette has colours would give two series one colour.
MOST_SERIES = 8


@dataclass(frozen=True, eq=False)
class Plot:
    """Rows and their encoding; refuses what cannot be drawn truthfully.

    Attributes:
        frame: The rows, already computed: one row per mark. Their order is the order of the categories.
        kind: bar, line, point or heatmap.
        x: Column along the bottom (for bars: the categories, whichever way the bars then run).
        y: Column up the side (for bars and lines: the amount).
        title: What the chart is about, as a person would say it.
        color: Column of the series, at most 8 of them; for a heatmap the amount in each cell, and required.
        labels: Column -> label.
        units: Column -> unit.
        formats: Column -> d3 number format, such as ",.1f", or d3 time format, such as "%Y Q%q".
        note: A line under the chart: a source, a caveat.
        stacked: Bars along times or numbers: the series upon each other, below zero too.

    Raises:
        NotFound: A column that the frame lacks.
        Invalid: Another kind, an amount that is not a number, two rows for one mark, too many marks or series.
    """

    frame: pl.DataFrame
    kind: Mark
    x: str
    y: str
    title: str
    color: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    stacked: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown("kind of chart", self.kind, KINDS, error=Invalid)
        if not self.title.strip():
            raise Invalid("a chart needs a title", hint="say what it is about: title='Departure delay by carrier'")
        if self.kind == "heatmap" and self.color is None:
            raise Invalid(f"the heatmap '{self.title}' needs color=, the column with the amount in each cell")
        if self.stacked and (self.kind != "bar" or self.color is None):
            raise Invalid(f"the chart '{self.title}' has nothing to stack", hint="take kind='bar' and color=")
        for name in self.used:
            if name not in self.frame.columns:
                raise unknown("column", name, self.frame.columns)
        for name in self.amounts:
            if self.columns[name].kind != "number":
                raise Invalid(
                    f"column '{name}' of the chart '{self.title}' has to be a number, and is {self.frame.schema[name]}",
                    hint="swap x and y, or choose another column",
                )
        self._refuse_crowds()

    def _refuse_crowds(self) -> None:
        if self.frame.height > MOST_MARKS:
            raise Invalid(
                f"the chart '{self.title}' has {self.frame.height:,} rows; at most {MOST_MARKS:,} can be told apart",
                hint="aggregate first, one row per mark: a coarser grain, fewer dimensions, or the largest only",
            )
        places = [self.x, self.y] if self.kind == "heatmap" else [self.x, *([self.color] if self.color else [])]
        if self.kind != "point" and self.frame.select(places).is_duplicated().any():
            row = self.frame.filter(self.frame.select(places).is_duplicated()).row(0, named=True)
            where = ", ".join(f"{self.columns[name].label} {self.columns[name].read(row[name])}" for name in places)
            raise Invalid(f"the chart '{self.title}' has more than one row for {where}", hint=self._apart(places))
        if self.kind != "heatmap" and self.color is not None and self.frame[self.color].n_unique() > MOST_SERIES:
            raise Invalid(
                f"the chart '{self.title}' has {self.frame[self.color].n_unique()} series; "
                f"at most {MOST_SERIES} can be told apart",
                hint="keep the largest ones (in a query: where=), or draw a heatmap",
            )

    def _apart(self, places: list[str]) -> str:
        """What to do about two rows for one mark: the first other column that tells all of them apart, if there is."""
        for name in self.frame.columns if self.kind != "heatmap" and self.color is None else ():
            if name not in self.used and not self.frame.select(*places, name).is_duplicated().any():
                return f"tell them apart with color='{name}', or aggregate first: one row per mark"
        return "aggregate first, one row per mark: leave out the columns that are not drawn"

    @property
    def used(self) -> list[str]:
        """The columns that stand somewhere in the chart, each once."""
        return list(dict.fromkeys([self.x, self.y, *([self.color] if self.color else [])]))

    @property
    def amounts(self) -> list[str]:
        """The columns that have to be numbers."""
        return [self.color] if self.kind == "heatmap" and self.color else [self.y]

    @property
    def value(self) -> str:
        """The column a reader came for."""
        return self.amounts[0]

    @cached_property
    def columns(self) -> dict[str, Column]:
        return columns_of(self.frame, self.labels, self.units, self.formats)
