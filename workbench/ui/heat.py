from __future__ import annotations

import math
from typing import Any

import ipywidgets as widgets
import numpy as np

from workbench.analytics.metrics import MetricResult
from workbench.app import Workbench
from workbench.charts import Chart, heat_bands, names_apart
from workbench.ui.drawing import Drawing
from workbench.ui.marks import EMPTY, Grid
from workbench.ui.selection import Selection

__all__ = ["Heat"]


class Heat(Drawing):
    """A metric by two dimensions: one shade per band of values, none where there is no value.

    Args:
        metric: Its name.
        across: The dimension along the bottom.
        down: The dimension down the side.
    """

    def __init__(self, metric: str, *, across: str, down: str) -> None:
        self.metric, self.across, self.down = metric, across, down
        self.grid = Grid()
        super().__init__(self.grid.figure)

    def beside(self) -> list[widgets.Widget]:
        return [self.grid.legend]

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        by = [self.across, self.down]
        return self.take(wb.metrics.query(self.metric, by=by, where=selection.where, between=selection.between))

    def take(self, found: MetricResult) -> bool:
        """Draws a result by the two dimensions; False where there is nothing to draw."""
        self.versions = dict(found.versions)
        chart = found.chart("heatmap", x=self.across, y=self.down, color=self.metric)
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
        grid = np.full((len(down), len(across)), EMPTY)
        for row in frame.iter_rows(named=True):
            if (value := row[self.metric]) is not None and math.isfinite(value):
                inner = np.searchsorted(edges[1:-1], value, side="right")
                grid[down.index(row[self.down]), across.index(row[self.across])] = inner
        columns = names_apart(chart.columns[self.across], across)
        rows = names_apart(chart.columns[self.down], down)
        self.grid.draw(columns, rows, grid, said)


def _place(value: Any, order: list[str]) -> tuple[bool, int, Any]:
    return (value is None, order.index(value) if value in order else len(order), value if value is not None else 0)
