from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bqplot
import numpy as np

from workbench.ui.drawing import CHARACTER, INK, SERIES, axis, cut, figure, renamed, step
from workbench.ui.places import apart

__all__ = ["LevelBar", "LevelBars"]

_LONGEST = 22
_STEP = 26
_LEAST = 34
"""CSS pixels before a bar: two capital letters are wider than most."""


@dataclass(frozen=True)
class LevelBar:
    """A bar with its name before it and its amount behind it; without an amount, the heading of those under it."""

    name: str
    amount: float | None = None
    text: str = ""


class LevelBars:
    """Bars from left to right, the first on top, each with its name and its amount.

    Attributes:
        figure: As high as its bars need.
    """

    def __init__(self) -> None:
        self.names, self.amounts = bqplot.OrdinalScale(), bqplot.LinearScale()
        self.bars = bqplot.Bars(
            x=[], y=[], scales={"x": self.names, "y": self.amounts}, orientation="horizontal", colors=[SERIES[0]]
        )
        self.bars.padding = 0.28
        self.labels = self._label("normal", 6)
        self.headings = self._label("bold", 6)
        up = axis(self.names, upright=True)
        margin = {"top": 4, "right": 8, "bottom": 4, "left": 120}
        self.figure = figure([self.bars, self.labels, self.headings], [up], height=_STEP * 4, margin=margin)

    def draw(self, rows: Sequence[LevelBar]) -> None:
        names = [cut(row.name, _LONGEST) if row.amount is not None else "" for row in rows]
        names = apart(names) if any(row.amount is None for row in rows) else _numbered(names)
        bars = [(name, row) for name, row in zip(names, rows, strict=True) if row.amount is not None]
        titles = [(name, row.name) for name, row in zip(names, rows, strict=True) if row.amount is None]
        values = np.array([row.amount for _, row in bars], dtype=float)
        texts = [row.text for _, row in bars]
        with self.amounts.hold_sync():
            self.amounts.min = min(0.0, float(values.min(initial=0.0)))
            self.amounts.max = max(0.0, float(values.max(initial=0.0))) or 1.0
        with renamed({self.names: names[::-1]}):
            with self.bars.hold_sync():
                self.bars.x, self.bars.y = [name for name, _ in bars], values
            with self.labels.hold_sync():
                self.labels.x, self.labels.y = np.maximum(values, 0.0), [name for name, _ in bars]
                self.labels.text = texts
            with self.headings.hold_sync():
                self.headings.x, self.headings.y = np.zeros(len(titles)), [name for name, _ in titles]
                self.headings.text = [title for _, title in titles]
        left = max(_LEAST, round(max((len(name.rstrip("\u200b")) for name in names), default=0) * CHARACTER) + 14)
        # The amount stands at the bar's end, so the longest bar leaves room for it.
        right = round(max((len(text) for text in texts), default=0) * CHARACTER) + 12
        self.figure.fig_margin = {"top": 4, "right": right, "bottom": 4, "left": left}
        self.figure.layout.height = f"{max(1, len(names)) * step(len(names), _STEP) + 16}px"

    def _label(self, weight: str, offset: int) -> bqplot.Label:
        return bqplot.Label(
            x=[],
            y=[],
            text=[],
            scales={"x": self.amounts, "y": self.names},
            colors=[INK],
            default_size=12,
            font_weight=weight,
            align="start",
            x_offset=offset,
        )


def _numbered(names: list[str]) -> list[str]:
    return [name if names.count(name) == 1 else f"{name} {at}" for at, name in enumerate(names, start=1)]
