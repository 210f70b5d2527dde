from __future__ import annotations

import numpy as np
import polars as pl

from workbench.analytics.metrics import MetricResult
from workbench.app import Workbench
from workbench.charts import Chart, names_apart
from workbench.ui.drawing import Drawing
from workbench.ui.marks import LevelBar, LevelBars
from workbench.ui.selection import Selection

__all__ = ["Bars"]


class Bars(Drawing):
    """A metric by one dimension, the largest on top.

    Args:
        metric: Its name.
        by: The dimension.
        most: How many bars are drawn at most; the table under them has all.
    """

    def __init__(self, metric: str, *, by: str, most: int = 16) -> None:
        self.metric, self.by, self.most = metric, by, most
        self.bars = LevelBars()
        super().__init__(self.bars.figure)

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        return self.take(
            wb.metrics.query(
                self.metric, by=self.by, where=selection.where, between=selection.between, order=f"-{self.metric}"
            )
        )

    def take(self, found: MetricResult) -> bool:
        """Draws a result by the dimension alone, in the order of its rows; False where there is nothing to draw."""
        self.versions = dict(found.versions)
        chart = found.chart("bar", y=self.metric)
        column = chart.columns[self.metric]
        rows = chart.frame.height
        shown = f"the first {self.most} of {rows}" if rows > self.most else ""
        self.show(chart, ", ".join(filter(None, [column.unit and f"in {column.unit}", shown])))
        self._draw(chart)
        return bool(found.frame[self.metric].is_not_null().any())

    def _draw(self, chart: Chart) -> None:
        column = chart.columns[self.metric]
        frame = chart.frame.head(self.most)
        names = names_apart(chart.columns[self.by], frame[self.by].to_list())
        values = frame[self.metric].cast(pl.Float64).fill_null(np.nan).fill_nan(0.0).to_list()
        texts = [column.read(value) for value in frame[self.metric].to_list()]
        self.bars.draw([LevelBar(*row) for row in zip(names, values, texts, strict=True)])
