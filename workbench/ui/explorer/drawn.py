"""Any chart drawn live, in the form that its kind has elsewhere."""

from __future__ import annotations

import math
from datetime import date, datetime
from html import escape
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import polars as pl

from workbench.app import Workbench
from workbench.charts import Chart, Table, heat_bands, names_apart
from workbench.ui.drawing import Drawing, cut
from workbench.ui.marks import EMPTY, Curves, Grid, LevelBar, LevelBars, Points, UprightBars
from workbench.ui.plain import html
from workbench.ui.product import draw_trend
from workbench.ui.selection import Selection
from workbench.ui.ticks import day_ticks, level_ticks, period_names

__all__ = ["Drawn"]

_MOST, _MOST_ABOVE = 16, 10
_LONGEST, _LONGEST_ABOVE = 22, 44
_ORDERED = ("number", "moment")
Form = LevelBars | UprightBars | Curves | Grid | Points


class Drawn(Drawing):
    """Whatever chart it is given: each look has its own figure, made when it is first asked for."""

    wide = True

    def __init__(self) -> None:
        self._forms: dict[str, Form] = {"level bars": LevelBars()}
        self._form = self._forms["level bars"]
        self._note = html()
        super().__init__(self._form.figure)

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        return self.chart is not None

    def beside(self) -> list[widgets.Widget]:
        legend = [] if isinstance(self._form, LevelBars) else [self._form.legend]
        return [*legend, self._note]

    def take(self, chart: Chart, table: Table | None = None, under: str = "") -> bool:
        """Draws a chart; False where it has nothing to show.

        Args:
            table: What stands under it in place of the rows that are drawn.
            under: What stands under the title.
        """
        amount = chart.frame[chart.value].cast(pl.Float64)
        if not amount.is_finite().any():
            self.chart = None
            self.entitle(chart.title)
            self._put([])
            return False
        more = self._draw(chart)
        self.figure = self._form.figure
        self._frame.children = (self.figure,)
        said = " ".join(filter(None, [chart.note, more]))
        self._note.value = f'<p class="wb-sub wb-told">{escape(said)}</p>' if said else ""
        self.show(chart, under, table)
        return True

    def _draw(self, chart: Chart) -> str:
        """Chooses the form and draws; what is left out, in words."""
        ordered = chart.columns[chart.x].kind in _ORDERED
        match chart.kind:
            case "heatmap":
                _draw_grid(self._the("grid", Grid), chart)
            case "point":
                _draw_points(self._the(*_scaled("points", Points, chart)), chart)
            case "line":
                draw_trend(self._the(*_scaled("curves", Curves, chart)), chart)
            case "bar" if ordered:
                _draw_upright(self._the("upright bars", UprightBars), chart)
            case _:
                _draw_level(self._the("level bars", LevelBars), chart)
                names, rows = chart.frame[chart.x].cast(pl.String).str.len_chars(), chart.frame.height
                most = _MOST_ABOVE if _number(names.max()) > _LONGEST else _MOST
                return f"Drawn are the first {most} of {rows:,}; the table has all." if rows > most else ""
        return ""

    def _the(self, name: str, make: Any) -> Any:
        if name not in self._forms:
            self._forms[name] = make()
        self._form = self._forms[name]
        return self._form


def _scaled(name: str, form: Any, chart: Chart) -> tuple[str, Any]:
    """A form whose bottom is of times, or of numbers: a figure cannot change the one into the other."""
    timed = chart.columns[chart.x].kind == "moment"
    return (
        (f"{name} of times", lambda: form(bqplot.DateScale())) if timed else (name, lambda: form(bqplot.LinearScale()))
    )


def _number(value: Any) -> float:
    found = math.nan if value is None else float(value)
    return found if math.isfinite(found) else 0.0


def _draw_level(form: LevelBars, chart: Chart) -> None:
    column, frame = chart.columns[chart.y], chart.frame.head(_MOST)
    names = names_apart(chart.columns[chart.x], frame[chart.x].to_list())
    values = frame[chart.y].to_list()
    bars = [LevelBar(name, _number(at), column.read(at)) for name, at in zip(names, values, strict=True)]
    if max(map(len, names), default=0) > _LONGEST:  # such names stand above their bars, where they have room
        above = [[LevelBar(cut(bar.name, _LONGEST_ABOVE)), LevelBar("", bar.amount, bar.text)] for bar in bars]
        bars = [one for pair in above[:_MOST_ABOVE] for one in pair]
    form.draw(bars)


def _draw_upright(form: UprightBars, chart: Chart) -> None:
    places = chart.frame[chart.x].unique(maintain_order=True).to_list()
    if chart.columns[chart.x].kind == "moment" and None not in places:
        names = period_names(pl.Series(places), _named_by(places[0], places[-1]))
    else:
        names = names_apart(chart.columns[chart.x], places)
    series: dict[str, list[float]] = {}
    if chart.color is None:
        series[""] = [_number(value) for value in chart.frame[chart.y].to_list()]
    else:
        values = chart.frame[chart.color].unique(maintain_order=True).to_list()
        labels = names_apart(chart.columns[chart.color], values)
        series = {label: [0.0] * len(places) for label in labels}
        for row in chart.frame.iter_rows(named=True):
            series[labels[values.index(row[chart.color])]][places.index(row[chart.x])] = _number(row[chart.y])
    form.draw(names, series, chart.columns[chart.y].axis_format)


def _named_by(first: date, last: date) -> str:
    """What tells the places of so long a time apart."""
    days = (last - first).days
    return "hour" if days < 2 and isinstance(first, datetime) else "day" if days < 300 else "month"


def _draw_grid(form: Grid, chart: Chart) -> None:
    amount = str(chart.color)
    across, down = (_places(chart, name) for name in (chart.x, chart.y))
    edges, said = heat_bands(chart.frame[amount], chart.columns[amount])
    grid = np.full((len(down), len(across)), EMPTY)
    for row in chart.frame.iter_rows(named=True):
        if (value := row[amount]) is not None and math.isfinite(value):
            band = np.searchsorted(edges[1:-1], float(value), side="right")
            grid[down.index(row[chart.y]), across.index(row[chart.x])] = band
    columns = names_apart(chart.columns[chart.x], across)
    form.draw(columns, names_apart(chart.columns[chart.y], down), grid, said)


def _places(chart: Chart, name: str) -> list[Any]:
    """The values of a column: in their own order where they have one, else in that of the rows; none at all last."""
    values = chart.frame[name].unique(maintain_order=True).to_list()
    return sorted(values, key=lambda one: (one is None, one)) if chart.columns[name].kind in _ORDERED else values


def _draw_points(form: Points, chart: Chart) -> None:
    frame = chart.frame.filter(pl.col(chart.y).cast(pl.Float64).is_finite())
    if chart.columns[chart.x].kind == "moment":
        x: Any = frame[chart.x].cast(pl.Datetime("ms")).to_numpy().astype("datetime64[ms]")
        ticks, shown = day_ticks(frame[chart.x])
    else:
        frame = frame.filter(pl.col(chart.x).cast(pl.Float64).is_finite())
        x = frame[chart.x].cast(pl.Float64).to_numpy()
        ticks = np.array([level for level in level_ticks(x) if x.min() <= level <= x.max()])
        shown = chart.columns[chart.x].axis_format
    y = frame[chart.y].cast(pl.Float64).to_numpy()
    names: list[str] = []
    series = [0] * len(x)
    if chart.color is not None:
        values = frame[chart.color].unique(maintain_order=True).to_list()
        names = names_apart(chart.columns[chart.color], values)
        series = [values.index(value) for value in frame[chart.color].to_list()]
    form.draw(x, y, series, names, format=chart.columns[chart.y].axis_format, ticks=ticks, ticks_format=shown)
