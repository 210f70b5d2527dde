"""What every kind of drawing shares: values that can be placed, series with their colours, axes."""

from __future__ import annotations

import math
from typing import Any

from workbench.charts.plot import Plot
from workbench.charts.style import SERIES
from workbench.charts.wording import Column, as_moment, names_apart

__all__ = [
    "CHARACTER",
    "Spec",
    "amount_axis",
    "category_axis",
    "color_of",
    "entries_abreast",
    "number",
    "position",
    "series_names",
    "tip",
    "told",
]

Spec = dict[str, Any]

# The width in pixels of an average character at 12 px, for room that has to be known before Vega measures.
CHARACTER = 6.4


def number(value: Any) -> float | None:
    """What Vega can place; not-a-number and the infinities have no place."""
    return float(value) if value is not None and math.isfinite(value) else None


def position(column: Column, value: Any) -> float | None:
    return as_moment(value) if column.kind == "moment" else number(value)


def tip(plot: Plot, row: dict[str, Any]) -> str:
    return "\n".join(f"{plot.columns[name].label}: {plot.columns[name].say(row[name])}" for name in plot.used)


def told(field: str = "t") -> Spec:
    """What is read when the pointer rests on a mark; it becomes the mark's own <title>."""
    return {"field": field, "type": "nominal"}


def series_names(plot: Plot) -> dict[Any, str]:
    """Each series' value and its name, in the rows' order; none where there is one colour."""
    if plot.color is None:
        return {}
    values = plot.frame[plot.color].unique(maintain_order=True).to_list()
    return dict(zip(values, names_apart(plot.columns[plot.color], values), strict=True))


def color_of(plot: Plot, width: int) -> Spec:
    if plot.color is None:
        return {"value": SERIES[0]}
    names = list(series_names(plot).values())
    scale = {"domain": names, "range": list(SERIES[: len(names)])}
    symbols: dict[str, Spec] = {
        "bar": {"symbolType": "square"},
        "line": {"symbolType": "stroke", "symbolSize": 300},
    }
    legend = symbols.get(plot.kind, {})
    return {
        "field": "c",
        "type": "nominal",
        "scale": scale,
        "legend": {**legend, "columns": entries_abreast(names, width)},
    }


def entries_abreast(entries: list[str], width: int) -> int:
    """How many legend entries stand side by side in a drawing of that width, so that the rows are about even."""
    longest = min(140.0, max((len(entry) for entry in entries), default=0) * CHARACTER)
    most = max(1, int((width - 60) / (longest + 30)))
    rows = max(1, -(-len(entries) // most))
    return max(1, -(-len(entries) // rows))


def category_axis(column: Column) -> Spec:
    return {
        "title": None if column.kind == "moment" else column.heading,
        "titlePadding": 8,
        "labelAngle": 0,
        "labelOverlap": "greedy",
        "labelSeparation": 4,
        "ticks": False,
    }


def amount_axis(plot: Plot) -> Spec:
    """The amount's axis has no title: what is measured, and in what, stands above the figure, where it reads level."""
    column = plot.columns[plot.value]
    axis: Spec = {"title": None, "domain": False, "ticks": False, "tickCount": 5, "format": column.axis_format}
    return {**axis, "tickMinStep": 1} if column.format.endswith("d") else axis
