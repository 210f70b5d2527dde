from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import bqplot
import numpy as np

from workbench.ui.drawing import MUTED, SERIES, axis, figure, legend
from workbench.ui.plain import html
from workbench.ui.ticks import level_labels, level_ticks

__all__ = ["Curve", "Curves"]

_HEIGHT = 260
_MARGIN = {"top": 12, "right": 16, "bottom": 32, "left": 52}
_FAINT = "var(--wb-faint)"
_DOT = 26


@dataclass(frozen=True)
class Curve:
    """Amounts at places.

    Attributes:
        name: As the legend has it; "" for one among those that the legend names once, together.
        amounts: One for each place; NaN is a gap.
    """

    name: str
    amounts: np.ndarray[Any, Any]


class Curves:
    """Curves over one axis of times or of numbers, the first ones in colours, and faint ones behind them.

    Args:
        along: The scale of the places.

    Attributes:
        figure: As wide as its card.
        legend: The curves by their colours.
    """

    def __init__(self, along: bqplot.Scale) -> None:
        self.along, self.up = along, bqplot.LinearScale()
        scales = {"x": self.along, "y": self.up}
        self.faint = bqplot.Lines(x=[], y=[], scales=scales, colors=[_FAINT], stroke_width=1)
        self.lines = bqplot.Lines(x=[], y=[], scales=scales, colors=list(SERIES), stroke_width=2)
        self.dots = bqplot.Scatter(x=[], y=[], scales=scales, colors=list(SERIES), default_size=_DOT, stroke_width=0)
        self.dots.tooltip = bqplot.Tooltip(fields=["x", "y"], labels=["", ""])
        self.axes = [axis(self.along), axis(self.up, upright=True, grid=True)]
        self.figure = figure([self.faint, self.lines, self.dots], self.axes, height=_HEIGHT, margin=_MARGIN)
        self.legend = html()

    def draw(
        self,
        places: np.ndarray[Any, Any],
        curves: Sequence[Curve],
        *,
        format: str,
        ticks: np.ndarray[Any, Any],
        ticks_format: str,
        behind: Sequence[Curve] = (),
        behind_name: str = "",
    ) -> None:
        """
        Args:
            places: Shape (n,): times of milliseconds, or numbers, in order.
            curves: At most as many as there are colours; those without any value are left out.
            format: Of the amounts.
            ticks: The places to name.
            ticks_format: How they are written.
            behind: Faint curves, which the legend names together.
        """
        curves, behind = ([one for one in some if np.isfinite(one.amounts).any()] for some in (curves, behind))
        values = np.array([curve.amounts for curve in curves], dtype=float).reshape(len(curves), len(places))
        others = np.array([curve.amounts for curve in behind], dtype=float).reshape(len(behind), len(places))
        levels = level_ticks(np.concatenate([values.ravel(), others.ravel()]))
        with self.up.hold_sync():
            self.up.min, self.up.max = levels[0], levels[-1]
        with self.axes[1].hold_sync():
            self.axes[1].tick_format, self.axes[1].tick_values = format, np.array(levels)
            self.axes[1].tick_labels = level_labels(levels, format)
        with self.axes[0].hold_sync():
            self.axes[0].tick_values, self.axes[0].tick_format = ticks, ticks_format
        for mark, amounts in ((self.lines, values), (self.faint, others)):
            with mark.hold_sync():
                mark.x, mark.y = _ended(places, amounts)
        there = np.isfinite(values)
        with self.dots.hold_sync():
            self.dots.x = np.concatenate([places[row] for row in there]) if len(there) else []
            self.dots.y = values[there]
            self.dots.colors = [SERIES[at] for at, row in enumerate(there) for _ in range(int(row.sum()))] or [MUTED]
        # A tooltip takes fewer formats than an axis: with a minus in it, none of the figure is drawn.
        self.dots.tooltip.formats = ["%d %b %Y" if places.dtype.kind == "M" else ticks_format, format]
        entries = [(SERIES[at], escape(curve.name)) for at, curve in enumerate(curves)]
        entries += [(_FAINT, escape(behind_name))] if len(behind) else []
        self.legend.value = legend(entries) if len(entries) > 1 else ""


def _ended(places: np.ndarray[Any, Any], amounts: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """Curves as bqplot takes them, each with places of its own: it looks for the end of one at its last value.

    So one that ends early stays at its last value, which nobody sees. Each has a value.
    """
    if not len(amounts):
        return [], []
    last = [np.minimum(np.arange(len(row)), np.flatnonzero(np.isfinite(row))[-1]) for row in amounts]
    return np.array([places[until] for until in last]), np.array(
        [row[until] for row, until in zip(amounts, last, strict=True)]
    )
