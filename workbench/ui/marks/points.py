from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import bqplot
import numpy as np

from workbench.ui.drawing import SERIES, axis, figure, legend
from workbench.ui.plain import html
from workbench.ui.ticks import level_labels, level_ticks

__all__ = ["Points"]

_HEIGHT = 320
_MARGIN = {"top": 12, "right": 16, "bottom": 32, "left": 60}
_FEW = 300


class Points:
    """A dot per row, in colours by series.

    Args:
        along: The scale of the places.

    Attributes:
        figure: As wide as its card.
        legend: The series by their colours; nothing for a single one.
    """

    def __init__(self, along: bqplot.Scale) -> None:
        self.along, self.up = along, bqplot.LinearScale()
        self.dots = bqplot.Scatter(
            x=[], y=[], scales={"x": self.along, "y": self.up}, colors=[SERIES[0]], default_size=22, stroke_width=0
        )
        self.axes = [axis(self.along, grid=True), axis(self.up, upright=True, grid=True)]
        self.figure = figure([self.dots], self.axes, height=_HEIGHT, margin=_MARGIN)
        self.legend = html()

    def draw(
        self,
        x: np.ndarray[Any, Any],
        y: np.ndarray[Any, Any],
        series: Sequence[int],
        names: Sequence[str],
        *,
        format: str,
        ticks: np.ndarray[Any, Any],
        ticks_format: str,
    ) -> None:
        """
        Args:
            x: Shape (n,): times of milliseconds, or numbers.
            y: Shape (n,).
            series: Of each dot, which of `names` it belongs to.
            format: Of the amounts up the side.
            ticks: The places to name along the bottom.
            ticks_format: How they are written.
        """
        levels = level_ticks(y)
        with self.up.hold_sync():
            self.up.min, self.up.max = levels[0], levels[-1]
        with self.axes[1].hold_sync():
            self.axes[1].tick_format, self.axes[1].tick_values = format, np.array(levels)
            self.axes[1].tick_labels = level_labels(levels, format)
        with self.axes[0].hold_sync():
            self.axes[0].tick_values, self.axes[0].tick_format = ticks, ticks_format
        with self.dots.hold_sync():
            self.dots.x, self.dots.y = x, y
            self.dots.colors = [SERIES[at] for at in series] or [SERIES[0]]
            self.dots.opacities = [0.55 if len(x) > _FEW else 0.85]
        entries = [(SERIES[at], escape(name)) for at, name in enumerate(names)]
        self.legend.value = legend(entries) if len(entries) > 1 else ""
