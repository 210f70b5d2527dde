from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import bqplot
import numpy as np

from workbench.ui.drawing import SERIES, axis, figure, legend, renamed
from workbench.ui.places import apart, spaced
from workbench.ui.plain import html
from workbench.ui.ticks import level_labels, level_ticks

__all__ = ["UprightBars"]

_HEIGHT = 260
_MARGIN = {"top": 8, "right": 16, "bottom": 28, "left": 52}


class UprightBars:
    """Bars side by side in the order of their names, of several series upon each other; below zero they hang.

    Attributes:
        figure: As wide as its card.
        legend: The series by their colours; nothing for a single one.
    """

    def __init__(self) -> None:
        self.names, self.amounts = bqplot.OrdinalScale(), bqplot.LinearScale()
        self.bars = bqplot.Bars(
            x=[], y=[], scales={"x": self.names, "y": self.amounts}, type="stacked", colors=list(SERIES)
        )
        self.bars.padding = 0.2
        self.axes = [axis(self.names), axis(self.amounts, upright=True, grid=True)]
        self.figure = figure([self.bars], self.axes, height=_HEIGHT, margin=_MARGIN)
        self.legend = html()

    def draw(self, names: Sequence[str], series: Mapping[str, Sequence[float]], format: str) -> None:
        """
        Args:
            names: Of the places, from left to right.
            series: By its name, an amount for each place.
            format: Of the amounts, on the axis.
        """
        amounts = np.array(list(series.values()), dtype=float).reshape(len(series), len(names))
        tops, bottoms = np.maximum(amounts, 0).sum(axis=0), np.minimum(amounts, 0).sum(axis=0)
        levels = level_ticks(np.concatenate([tops, bottoms, [0.0]]))
        with self.amounts.hold_sync():
            self.amounts.min, self.amounts.max = levels[0], levels[-1]
        with self.axes[1].hold_sync():
            self.axes[1].tick_format, self.axes[1].tick_values = format, np.array(levels)
            self.axes[1].tick_labels = level_labels(levels, format)
        places = apart(spaced(list(names)))
        with renamed({self.names: places}), self.bars.hold_sync():
            self.bars.x, self.bars.y = places, amounts if len(series) > 1 else amounts[0]
            self.bars.colors = list(SERIES[: len(series)])
        self.legend.value = legend(zip(SERIES, map(escape, series), strict=False)) if len(series) > 1 else ""
