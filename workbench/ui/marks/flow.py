"""A flow from place to place: ribbons as wide as what they carry. bqplot has no such mark; these are filled lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bqplot
import numpy as np

from workbench.ui.drawing import INK, MUTED, SERIES, cut, figure

__all__ = ["Flow", "Stream"]

_HEIGHT = 340
_NARROWEST = "38rem"
_GAP = 0.045
_NODE = 0.05
_SAMPLES = 16
_LONGEST = 16
_LEGIBLE = 0.032
"""Lower than this, a node has no room for its name."""
Node = tuple[int, str]


@dataclass(frozen=True)
class Stream:
    """So much goes from a node of one place to one of the next place."""

    place: int
    source: str
    target: str
    amount: float


class Flow:
    """Streams between nodes, place after place from left to right, the largest nodes on top.

    Attributes:
        figure: Has a width under which it scrolls: names side by side need room.
    """

    def __init__(self) -> None:
        self.scales = {"x": bqplot.LinearScale(), "y": bqplot.LinearScale(min=0.0, max=1.0)}
        shape: dict[str, Any] = {"scales": self.scales, "fill": "inside", "close_path": True, "stroke_width": 0}
        self.ribbons = bqplot.Lines(x=[], y=[], **shape)
        self.nodes = bqplot.Lines(x=[], y=[], **shape)
        self.labels, self.last_labels = self._label("start", 5), self._label("end", -5)
        marks = [self.ribbons, self.nodes, self.labels, self.last_labels]
        self.figure = figure(marks, [], height=_HEIGHT, margin={"top": 4, "right": 4, "bottom": 4, "left": 4})
        self.figure.layout.min_width = _NARROWEST

    def draw(self, streams: Sequence[Stream], format: Mapping[Node, str]) -> None:
        """
        Args:
            streams: Between places that follow each other.
            format: How the amount of a node reads.
        """
        into: dict[Node, float] = defaultdict(float)
        out: dict[Node, float] = defaultdict(float)
        for stream in streams:
            out[stream.place, stream.source] += stream.amount
            into[stream.place + 1, stream.target] += stream.amount
        sizes = {node: max(into[node], out[node]) for node in {**into, **out}}
        tops, unit = _laid_out(sizes)
        first, last = min(place for place, _ in sizes), max(place for place, _ in sizes)
        names = list(dict.fromkeys(name for _, name in sorted(sizes, key=lambda node: (-sizes[node], node))))
        colors = {name: SERIES[at] if at < len(SERIES) else MUTED for at, name in enumerate(names)}
        left, right = dict(tops), dict(tops)
        shapes = []
        for stream in sorted(streams, key=lambda one: (one.place, -tops[one.place + 1, one.target])):
            source, target = (stream.place, stream.source), (stream.place + 1, stream.target)
            thick = stream.amount * unit
            shapes.append((*_ribbon(stream.place, left[source], right[target], thick), colors[stream.source]))
            left[source] -= thick
            right[target] -= thick
        self._fill(self.ribbons, shapes, 0.32)
        boxes = [(*_box(place, tops[place, name], size * unit), colors[name]) for (place, name), size in sizes.items()]
        self._fill(self.nodes, boxes, 1.0)
        with self.scales["x"].hold_sync():
            self.scales["x"].min, self.scales["x"].max = float(first), last + _NODE
        legible = [node for node in sizes if sizes[node] * unit >= _LEGIBLE]
        for mark, here, at in (
            (self.labels, [node for node in legible if node[0] != last], _NODE),
            (self.last_labels, [node for node in legible if node[0] == last], 0.0),
        ):
            with mark.hold_sync():
                mark.x = np.array([place + at for place, _ in here], dtype=float)
                mark.y = np.array([tops[node] - sizes[node] * unit / 2 for node in here], dtype=float)
                mark.text = [f"{cut(node[1], _LONGEST)} {format[node]}" for node in here]

    def _fill(self, mark: bqplot.Lines, shapes: Sequence[tuple[Any, Any, str]], opacity: float) -> None:
        with mark.hold_sync():
            mark.x = np.array([x for x, _, _ in shapes])
            mark.y = np.array([y for _, y, _ in shapes])
            mark.colors = mark.fill_colors = [color for _, _, color in shapes]
            mark.fill_opacities = [opacity] * len(shapes)

    def _label(self, align: str, offset: int) -> bqplot.Label:
        return bqplot.Label(
            x=[], y=[], text=[], scales=self.scales, colors=[INK], default_size=12, font_weight="normal", align=align,
            x_offset=offset,
        )  # fmt: skip


def _laid_out(sizes: Mapping[Node, float]) -> tuple[dict[Node, float], float]:
    """The top of each node, from 1 at the top of the figure down, and how high one of the amount is."""
    columns: dict[int, list[Node]] = defaultdict(list)
    for node in sorted(sizes, key=lambda node: (-sizes[node], node)):
        columns[node[0]].append(node)
    unit = min(
        (1 - _GAP * (len(nodes) - 1)) / max(1e-12, sum(sizes[node] for node in nodes)) for nodes in columns.values()
    )
    tops = {}
    for nodes in columns.values():
        top = 1.0
        for node in nodes:
            tops[node] = top
            top -= sizes[node] * unit + _GAP
    return tops, unit


def _ribbon(place: int, top: float, end: float, thick: float) -> tuple[Any, Any]:
    share = np.linspace(0.0, 1.0, _SAMPLES)
    bend = share * share * (3 - 2 * share)
    x = place + _NODE + share * (1 - _NODE)
    y = top + (end - top) * bend
    return np.concatenate([x, x[::-1]]), np.concatenate([y, (y - thick)[::-1]])


def _box(place: int, top: float, high: float) -> tuple[Any, Any]:
    return np.array([place, place + _NODE, place + _NODE, place]), np.array([top, top, top - high, top - high])
