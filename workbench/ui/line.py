from __future__ import annotations

import bqplot
import numpy as np
import polars as pl

from workbench.app import Workbench
from workbench.charts import Chart
from workbench.ui.drawing import SERIES, Drawing, axis, figure
from workbench.ui.selection import Selection
from workbench.ui.ticks import day_ticks, level_labels, level_ticks

__all__ = ["Line"]


class Line(Drawing):
    """A metric along time; a period without rows is a gap.

    Args:
        metric: Its name. It needs a time column.
        grain: minute, hour, day, week, month, quarter or year.
    """

    wide = True

    def __init__(self, metric: str, *, grain: str = "day") -> None:
        self.metric, self.grain = metric, grain
        self._along, self._up = bqplot.DateScale(), bqplot.LinearScale()
        scales = {"x": self._along, "y": self._up}
        self._lines = bqplot.Lines(x=[], y=[], scales=scales, colors=[SERIES[0]], stroke_width=2)
        self._dots = bqplot.Scatter(
            x=[], y=[], scales=scales, colors=[SERIES[0]], default_size=26, stroke_width=0, opacities=[0.0]
        )
        self._dots.hovered_style = {"opacity": 1.0}
        self._dots.tooltip = bqplot.Tooltip(fields=["x", "y"], labels=["", ""], formats=["%d %b %Y", ""])
        self._axes = [axis(self._along), axis(self._up, upright=True, grid=True)]
        margin = {"top": 12, "right": 16, "bottom": 32, "left": 52}
        super().__init__(figure([self._lines, self._dots], self._axes, height=260, margin=margin))

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        found = wb.metrics.query(self.metric, grain=self.grain, where=selection.where, between=selection.between)
        self.versions = dict(found.versions)
        chart = found.chart("line")
        value = chart.columns[self.metric]
        self.show(chart, value.unit and f"in {value.unit}")
        self._draw(chart)
        return bool(found.frame[self.metric].is_not_null().any())

    def _draw(self, chart: Chart) -> None:
        column = chart.columns[self.metric]
        times = chart.frame["time"].cast(pl.Datetime("ms")).to_numpy().astype("datetime64[ms]")
        values = chart.frame[self.metric].cast(pl.Float64).fill_null(np.nan).to_numpy()
        marks = level_ticks(values)
        with self._up.hold_sync():
            self._up.min, self._up.max = marks[0], marks[-1]
        with self._axes[1].hold_sync():
            self._axes[1].tick_format, self._axes[1].tick_values = column.axis_format, np.array(marks)
            self._axes[1].tick_labels = level_labels(marks, column.axis_format)
        days, shown = day_ticks(chart.frame["time"])
        with self._axes[0].hold_sync():
            self._axes[0].tick_values, self._axes[0].tick_format = days, shown
        self._dots.tooltip.formats = ["%d %b %Y", column.format]
        few = len(times) <= 24
        for mark in (self._lines, self._dots):
            with mark.hold_sync():
                mark.x, mark.y = times, values
        self._dots.opacities = [1.0 if few else 0.0]
