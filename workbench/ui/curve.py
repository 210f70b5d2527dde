"""Pictures of drawings, without their widgets: SVG that fits its card at any width.

Places are shares of the plot's width and height, so that only texts, dots and strokes have a size, and nothing has to
be measured before it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

import numpy as np

__all__ = ["curve"]

_INSET = 1
"""CSS pixels that bqplot leaves beside a dot at the border."""


def curve(
    times: np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
    *,
    levels: Mapping[float, str],
    days: Mapping[datetime, str],
    height: int,
    margin: Mapping[str, int],
    dot: float,
    dotted: bool,
) -> str:
    """Values along time, where bqplot will draw them.

    Args:
        times: Shape (n,), of milliseconds, in order.
        values: Shape (n,); NaN is a gap.
        levels: The upright axis, from its least to its greatest value, and how each reads.
        days: What is named along the bottom.
        height: Of all, in CSS pixels.
        margin: Around the plot, in CSS pixels: top, right, bottom, left.
        dot: The radius of a dot, in CSS pixels.
        dotted: Whether each value has one.
    """
    along = times.astype("int64")
    across = _shares(along, along[0], along[-1])
    up = 100 - _shares(values, min(levels), max(levels))
    rows = 100 - _shares(np.array(list(levels)), min(levels), max(levels))
    named = _shares(np.array(list(days), dtype="datetime64[ms]").astype("int64"), along[0], along[-1])
    pad = dot + _INSET
    width, tall = margin["left"] + margin["right"] + 2 * pad, height - margin["top"] - margin["bottom"] - 2 * pad
    grid = "".join(
        f'<line x2="100%" y1="{y:g}%" y2="{y:g}%"/>'
        f'<text x="-6.5" y="{y:g}%" dy=".32em" class="wb-level">{escape(text)}</text>'
        for y, text in zip(rows, levels.values(), strict=True)
    )
    foot = "".join(
        f'<text x="{x:g}%" y="100%" dy="{pad + 18:g}" class="wb-day">{escape(text)}</text>'
        for x, text in zip(named, days.values(), strict=True)
    )
    places = [(x, y) for x, y in zip(across, up, strict=True) if math.isfinite(y)] if dotted else []
    dots = "".join(f'<circle cx="{x:g}%" cy="{y:g}%" r="{dot:.2f}"/>' for x, y in places)
    place = f"margin:{margin['top'] + pad:g}px 0 0 {margin['left'] + pad:g}px;width:calc(100% - {width:g}px)"
    return (
        f'<svg class="wb-picture" aria-hidden="true" height="{tall:g}" style="{place}">{grid}{foot}<svg '
        f'viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%"><path class="line" '
        f'd="{_path(across, up)}"/></svg>{dots}</svg>'
    )


def _shares(values: np.ndarray[Any, Any], least: float, most: float) -> np.ndarray[Any, Any]:
    """Where values lie between two others, in hundredths; in the middle where nothing lies between."""
    if most == least:
        return np.full(len(values), 50.0)
    return np.round((values.astype(float) - least) / (most - least) * 100, 3)


def _path(across: np.ndarray[Any, Any], up: np.ndarray[Any, Any]) -> str:
    steps, drawn = [], False
    for x, y in zip(across.tolist(), up.tolist(), strict=True):
        there = math.isfinite(y)
        if there:
            steps.append(f"{'L' if drawn else 'M'}{x:g},{y:g}")
        drawn = there
    return "".join(steps)
