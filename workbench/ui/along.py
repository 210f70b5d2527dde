from __future__ import annotations

import bqplot
import ipywidgets as widgets

from workbench.analytics.metrics import MetricResult
from workbench.app import Workbench
from workbench.ui.drawing import Drawing
from workbench.ui.marks import Curves
from workbench.ui.product import draw_trend
from workbench.ui.selection import Selection

__all__ = ["Along"]


class Along(Drawing):
    """A metric along time, with a curve for each value of a dimension; a period without rows is a gap.

    Args:
        metric: Its name. It needs a time column.
        by: The dimension.
        grain: minute, hour, day, week, month, quarter or year.
    """

    wide = True

    def __init__(self, metric: str, *, by: str, grain: str = "day") -> None:
        self.metric, self.by, self.grain = metric, by, grain
        self.form = Curves(bqplot.DateScale())
        super().__init__(self.form.figure)

    def beside(self) -> list[widgets.Widget]:
        return [self.form.legend]

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        return self.take(
            wb.metrics.query(
                self.metric, by=self.by, grain=self.grain, where=selection.where, between=selection.between
            )
        )

    def take(self, found: MetricResult) -> bool:
        """Draws a result by time and the dimension; False where there is nothing to draw."""
        self.versions = dict(found.versions)
        chart = found.chart("line", x="time", y=self.metric, color=self.by)
        unit = chart.columns[self.metric].unit
        self.show(chart, unit and f"in {unit}")
        draw_trend(self.form, chart)
        return bool(found.frame[self.metric].is_not_null().any())
