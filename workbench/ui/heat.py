from __future__ import annotations

from html import escape
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np

from workbench.app import Workbench
from workbench.charts import Chart, heat_bands, heat_shades, names_apart
from workbench.ui.drawing import Drawing, axis, figure, renamed
from workbench.ui.plain import html
from workbench.ui.selection import Selection

__all__ = ["Heat"]

_STEP = 28


class Heat(Drawing):
    """A metric by two dimensions: one shade per band of values.

    Args:
        metric: Its name.
        across: The dimension along the bottom.
        down: The dimension down the side.
    """

    def __init__(self, metric: str, *, across: str, down: str) -> None:
        self.metric, self.across, self.down = metric, across, down
        self._columns, self._rows = bqplot.OrdinalScale(), bqplot.OrdinalScale(reverse=True)
        self._shades = bqplot.OrdinalColorScale(domain=[0], colors=["var(--wb-heat-5)"])
        self._cells = bqplot.GridHeatMap(
            color=np.zeros((2, 2)),
            scales={"row": self._rows, "column": self._columns, "color": self._shades},
            stroke="var(--wb-paper)",
            null_color="transparent",
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
        grid = np.full((len(down), len(across)), np.nan)
        for row in frame.iter_rows(named=True):
            if (value := row[self.metric]) is not None:
                inner = np.searchsorted(edges[1:-1], value, side="right")
                grid[down.index(row[self.down]), across.index(row[self.across])] = inner
        colors = [f"var(--wb-heat-{shade})" for shade in heat_shades(len(said))]
        with self._shades.hold_sync():
            self._shades.domain, self._shades.colors = list(range(len(said))), colors
        columns = names_apart(chart.columns[self.across], across)
        rows = names_apart(chart.columns[self.down], down)
        if 1 in grid.shape:  # bqplot takes the only row or column of a grid for no grid at all
            grid = np.pad(grid, ((0, grid.shape[0] == 1), (0, grid.shape[1] == 1)), constant_values=np.nan)
            columns, rows = (names if len(names) > 1 else [*names, " "] for names in (columns, rows))
        if len(columns) > 12:  # more names than fit side by side on a phone; an unseen one still has to be its own
            columns = [name if at % 2 == 0 else "\u200b" * (at + 1) for at, name in enumerate(columns)]
        with renamed({self._columns: columns, self._rows: rows}), self._cells.hold_sync():
            self._cells.color = grid  # first: the others are held to its shape
            self._cells.row, self._cells.column = rows, columns
        self._legend.value = (
            '<ul class="wb-legend" aria-label="Shades">'
            + "".join(
                f'<li><span style="background:{color}"></span>{escape(text)}</li>'
                for color, text in zip(colors, said, strict=True)
            )
            + "</ul>"
        )


def _place(value: Any, order: list[str]) -> tuple[bool, int, Any]:
    return (value is None, order.index(value) if value in order else len(order), value if value is not None else 0)
