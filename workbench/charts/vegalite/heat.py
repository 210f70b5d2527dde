from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import polars as pl

from workbench.charts.plot import Plot
from workbench.charts.style import HEAT_STEPS
from workbench.charts.vegalite.encoding import Spec, category_axis, entries_abreast, number, tip, told
from workbench.charts.wording import Column, as_moment, names_apart, written

__all__ = ["heat_bands", "heat_shades", "heatmap"]


def heatmap(plot: Plot, width: int, narrow: bool) -> Spec:
    amount = plot.columns[plot.value]
    across, up = plot.columns[plot.x], plot.columns[plot.y]
    columns = plot.frame[plot.x].unique(maintain_order=True).to_list()
    lines = plot.frame[plot.y].unique(maintain_order=True).to_list()
    columns = sorted(columns, key=_sortable) if across.kind in {"number", "moment"} else columns
    lines = sorted(lines, key=_sortable) if up.kind in {"number", "moment"} else lines
    x = dict(zip(columns, names_apart(across, columns), strict=True))
    y = dict(zip(lines, names_apart(up, lines), strict=True))
    edges, bands = heat_bands(plot.frame[plot.value], amount)
    rows = [
        {
            "x": x[row[plot.x]],
            "y": y[row[plot.y]],
            "t": tip(plot, row),
            "b": bands[_band(row[plot.value], edges)],
        }
        for row in plot.frame.iter_rows(named=True)
        if number(row[plot.value]) is not None
    ]
    legend: Spec = {"symbolType": "square", "symbolSize": 140, "symbolStrokeWidth": 0}
    legend["columns"] = entries_abreast(bands, width)
    shades = [f"var(--wb-heat-{shade})" for shade in heat_shades(len(bands))]
    return {
        "data": {"values": rows},
        "height": {"step": 22 if narrow else 26},
        "mark": {"type": "rect", "stroke": "var(--wb-paper)", "strokeWidth": 1},
        "encoding": {
            "x": {
                "field": "x",
                "type": "nominal",
                "scale": {"domain": list(x.values())},
                "axis": {**category_axis(across), "title": across.heading, "domain": False},
            },
            "y": {
                "field": "y",
                "type": "nominal",
                "scale": {"domain": list(y.values())},
                "axis": {"title": None, "ticks": False, "domain": False},
            },
            "color": {
                "field": "b",
                "type": "nominal",
                "scale": {"domain": bands, "range": shades},
                "legend": legend,
            },
            "description": told(),
        },
    }


def _sortable(value: Any) -> tuple[bool, float]:
    place = as_moment(value)
    return (value is None, place if place is not None else float(value) if value is not None else 0.0)


def heat_bands(amounts: pl.Series, column: Column) -> tuple[list[float], list[str]]:
    """The borders of the bands that a heatmap tells apart, one more than there are bands, and how each band reads."""
    edges = _edges(amounts)
    read = [written(edge, column.axis_format) for edge in edges]
    return edges, [f"{low} to {high}" for low, high in pairwise(read)]


def _edges(amounts: pl.Series) -> list[float]:
    """Round borders of at most HEAT_STEPS bands that hold every amount."""
    found = amounts.drop_nulls().cast(pl.Float64)
    found = found.filter(found.is_finite())
    low, high = found.min(), found.max()
    if not isinstance(low, float) or not isinstance(high, float):
        return [0.0, 1.0]
    if high == low:
        return [low, high]
    rough = (high - low) / (HEAT_STEPS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 2.5, 5, 10, 20):
        step = factor * power
        first = math.floor(low / step)
        count = math.ceil(high / step) - first
        if count <= HEAT_STEPS:
            return [round((first + index) * step, 12) for index in range(count + 1)]
    return [low, high]


def _band(amount: float, edges: list[float]) -> int:
    for index in range(len(edges) - 2):
        if amount < edges[index + 1]:
            return index
    return len(edges) - 2


def heat_shades(count: int) -> list[int]:
    """Which of the steps 1 to HEAT_STEPS to use, spread over the whole ramp."""
    if count == 1:
        return [HEAT_STEPS // 2 + 1]
    return [1 + round(index * (HEAT_STEPS - 1) / (count - 1)) for index in range(count)]
