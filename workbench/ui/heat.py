from __future__ import annotations

import math
from html import escape
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
from bqplot.marks import Array, array_serialization

from workbench.app import Workbench
from workbench.charts import Chart, heat_bands, heat_shades, names_apart
from workbench.ui.drawing import CHARACTER, Drawing, axis, cut, figure, renamed
from workbench.ui.plain import html
from workbench.ui.selection import Selection

__all__ = ["Heat"]

_STEP = 28
_EMPTY = -1
_ACROSS = 270
_LONGEST = 16
_SHORTEST = 6


class _Grid(bqplot.GridHeatMap):  # type: ignore[misc]
    """One that may have a single row or column, which bqplot's own squeezes to no grid at all."""

    color = Array(None, allow_none=True).tag(
        sync=True, scaled=True, rtype="Color", atype="bqplot.ColorAxis", **array_serialization
    )


class Heat(Drawing):
    """A metric by two dimensions: one shade per band of values, none where there is no value.

    Args:
        metric: Its name.
        across: The dimension along the bottom.
        down: The dimension down the side.
    """

    def __init__(self, metric: str, *, across: str, down: str) -> None:
        self.metric, self.across, self.down = metric, across, down
        self._columns, self._rows = bqplot.OrdinalScale(), bqplot.OrdinalScale()
        self._shades = bqplot.OrdinalColorScale(domain=[_EMPTY], colors=["transparent"])
        self._cells = _Grid(
            color=np.full((2, 2), _EMPTY),
            scales={"row": self._rows, "column": self._columns, "color": self._shades},
            stroke="var(--wb-paper)",
        )
        axes = [axis(self._columns), axis(self._rows, upright=True)]
        margin = {"top": 4, "right": 8, "bottom": 28, "left": 44}
        super().__init__(figure([self._cells], axes, height=_STEP * 7 + 32, margin=margin))
        self._legend = html()

    def beside(self) -> list[widgets.Widget]:
        return [self._legend]

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        by = [self.across, self.down]
        found = wb.metrics.query(self.metric, by=by, where=selection.where, between=selection.between)
        self.versions = dict(found.versions)
        chart = found.chart("heatmap", x=self.across, y=self.down)
        column = chart.columns[self.metric]
        unit = f"in {column.unit}, " if column.unit else ""
        self.show(chart, f"{unit}{chart.columns[self.across].label.lower()} from left to right")
        if not found.frame[self.metric].is_not_null().any():
            return False
        order = next(one.order for one in found.dimensions if one.name == self.down)
        self._draw(chart, list(order))
        return True

    def _draw(self, chart: Chart, order: list[str]) -> None:
        column = chart.columns[self.metric]
        frame = chart.frame
        across = sorted(frame[self.across].unique().to_list(), key=lambda one: (one is None, one))
        down = sorted(frame[self.down].unique().to_list(), key=lambda one: _place(one, order))
        edges, said = heat_bands(frame[self.metric], column)
        grid = np.full((len(down), len(across)), _EMPTY)
        for row in frame.iter_rows(named=True):
            if (value := row[self.metric]) is not None and math.isfinite(value):
                inner = np.searchsorted(edges[1:-1], value, side="right")
                grid[down.index(row[self.down]), across.index(row[self.across])] = inner
        colors = [f"var(--wb-heat-{shade})" for shade in heat_shades(len(said))]
        with self._shades.hold_sync():
            self._shades.domain = [_EMPTY, *range(len(said))]
            self._shades.colors = ["transparent", *colors]
        columns = names_apart(chart.columns[self.across], across)
        rows = names_apart(chart.columns[self.down], down)
        columns, rows = _apart(_spaced(columns)), _apart([cut(name, _LONGEST) for name in rows])
        left = max(44, round(max(len(name) for name in rows) * CHARACTER) + 14)
        self.figure.fig_margin = {"top": 4, "right": 8, "bottom": 28, "left": left}
        self.figure.layout.height = f"{_STEP * len(rows) + 32}px"
        with renamed({self._columns: columns, self._rows: rows[::-1]}), self._cells.hold_sync():
            self._cells.color = grid  # first: the others are held to its shape
            self._cells.row, self._cells.column = rows, columns
        empty = '<li><span class="wb-none"></span>no value</li>' if (grid == _EMPTY).any() else ""
        self._legend.value = (
            '<ul class="wb-legend" aria-label="Shades">'
            + "".join(
                f'<li><span style="background:{color}"></span>{escape(text)}</li>'
                for color, text in zip(colors, said, strict=True)
            )
            + f"{empty}</ul>"
        )


def _spaced(names: list[str]) -> list[str]:
    """Names side by side: cut, and of many only some, so that on a phone, too, none is printed over another."""
    room = int(_ACROSS / max(1, len(names)) / CHARACTER) - 1
    short = [cut(name, max(_SHORTEST, room)) for name in names]
    step = math.ceil(len(short) * (max(len(name) for name in short) + 1) * CHARACTER / _ACROSS)
    return [name if at % step == 0 else "" for at, name in enumerate(short)]


def _apart(names: list[str]) -> list[str]:
    """A scale tells its places apart by their names alone: those that read alike differ in what nobody sees."""
    return [name if name and names.count(name) == 1 else name + "\u200b" * (at + 1) for at, name in enumerate(names)]


def _place(value: Any, order: list[str]) -> tuple[bool, int, Any]:
    return (value is None, order.index(value) if value in order else len(order), value if value is not None else 0)
