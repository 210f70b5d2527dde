"""A metric along time."""

from __future__ import annotations

import math
from datetime import datetime

import bqplot
import numpy as np
import polars as pl

from workbench.analytics.metrics import MetricResult
from workbench.app import Workbench
from workbench.charts import Chart
from workbench.ui.curve import curve
from workbench.ui.drawing import SERIES, Drawing, axis, figure
from workbench.ui.selection import Selection
from workbench.ui.ticks import day_ticks, level_labels, level_ticks

__all__ = ["Line"]

_HEIGHT = 260
_MARGIN = {"top": 12, "right": 16, "bottom": 32, "left": 52}
_DOT = 26
_FEW = 24
"""Up to so many values each has a dot of its own."""


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
            x=[], y=[], scales=scales, colors=[SERIES[0]], default_size=_DOT, stroke_width=0, opacities=[0.0]
        )
        self._dots.hovered_style = {"opacity": 1.0}
        self._dots.tooltip = bqplot.Tooltip(fields=["x", "y"], labels=["", ""], formats=["%d %b %Y", ""])
        self._axes = [axis(self._along), axis(self._up, upright=True, grid=True)]
        super().__init__(figure([self._lines, self._dots], self._axes, height=_HEIGHT, margin=_MARGIN))

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        return self.take(
            wb.metrics.query(self.metric, grain=self.grain, where=selection.where, between=selection.between)
        )

    def take(self, found: MetricResult) -> bool:
        """Draws a result by time alone; False where there is nothing to draw."""
        self.versions = dict(found.versions)
        chart = found.chart("line", y=self.metric)
        value = chart.columns[self.metric]
        self.show(chart, value.unit and f"in {value.unit}")
        self._draw(chart)
        return bool(found.frame[self.metric].is_not_null().any())

    def _draw(self, chart: Chart) -> None:
        column = chart.columns[self.metric]
        times = chart.frame["time"].cast(pl.Datetime("ms")).to_numpy().astype("datetime64[ms]")
        values = chart.frame[self.metric].cast(pl.Float64).fill_null(np.nan).to_numpy()
        marks = level_ticks(values)
        labels = level_labels(marks, column.axis_format)
        with self._up.hold_sync():
            self._up.min, self._up.max = marks[0], marks[-1]
        with self._axes[1].hold_sync():
            self._axes[1].tick_format, self._axes[1].tick_values = column.axis_format, np.array(marks)
            self._axes[1].tick_labels = labels
        days, shown = day_ticks(chart.frame["time"])
        with self._axes[0].hold_sync():
            self._axes[0].tick_values, self._axes[0].tick_format = days, shown
        self._dots.tooltip.formats = ["%d %b %Y", column.format]
        for mark in (self._lines, self._dots):
            with mark.hold_sync():
                mark.x, mark.y = times, values
        self._dots.opacities = [1.0 if len(times) <= _FEW else 0.0]

    def picture(self) -> str:
        if not len(self._lines.x):
            return ""
        up, along = self._axes[1], self._axes[0]
        return curve(
            self._lines.x,
            self._lines.y,
            levels=dict(zip(up.tick_values.tolist(), up.tick_labels.values(), strict=True)),
            days={day: _written(day, along.tick_format) for day in along.tick_values.tolist()},
            height=_HEIGHT,
            margin=_MARGIN,
            dot=math.sqrt(_DOT) / 2,
            dotted=len(self._lines.x) <= _FEW,
        )


def _written(day: datetime, format: str) -> str:
    return day.strftime(format.replace("%-d", str(day.day)))
