"""A plot as a Vega-Lite specification.

Colours are CSS variables, so one drawing serves light and dark. Fields get neutral names (x, y, c), because Vega reads
dots and brackets in a field's name as a path.
"""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from workbench.charts.plot import Plot
from workbench.charts.style import FONT, HEAT_STEPS, SERIES
from workbench.charts.wording import Column, as_moment, names_apart, written

__all__ = ["MOST_BARS", "specification"]

Spec = dict[str, Any]

# More bars than this make a figure longer than a page; the table under it has them all.
MOST_BARS = 40
# The width in pixels of an average character of FONT at 12 px, for room that has to be known before Vega measures.
CHARACTER = 6.4
DASHES: tuple[list[int], ...] = ([1, 0], [6, 3], [2, 3], [10, 3, 2, 3], [8, 5], [4, 2], [1, 3], [12, 4])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left", "triangle-right")


def specification(plot: Plot, width: int) -> Spec:
    """The whole specification of one drawing.

    Args:
        plot: What to draw.
        width: Of the drawing with its axes, in CSS pixels.
    """
    narrow = width < 480
    body_of = {"bar": _bars, "line": _lines, "point": _points, "heatmap": _heatmap}[plot.kind]
    body = body_of(plot, width, narrow)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": None,
        "padding": {"left": 1, "right": 8 if narrow else 12, "top": 4, "bottom": 2},
        "width": width,
        "autosize": {"type": "fit-x" if isinstance(body.get("height"), dict) else "fit", "contains": "padding"},
        **body,
        "config": _config(narrow),
    }


def _config(narrow: bool) -> Spec:
    size = 11.5 if narrow else 12
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": "var(--wb-ink-2)",
            "titleColor": "var(--wb-ink-2)",
            "labelFontSize": size,
            "titleFontSize": size,
            "titleFontWeight": "normal",
            "gridColor": "var(--wb-grid)",
            "domainColor": "var(--wb-axis)",
            "tickColor": "var(--wb-axis)",
            "labelLimit": 130 if narrow else 240,
            "labelPadding": 5,
            "tickSize": 4,
        },
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "title": None,
            "labelColor": "var(--wb-ink-2)",
            "labelFontSize": size,
            "labelLimit": 140 if narrow else 200,
            "rowPadding": 3,
            "columnPadding": 14,
            "offset": 10,
        },
        "text": {"fill": "var(--wb-ink)", "fontSize": size},
    }


def _number(value: Any) -> float | None:
    """What Vega can place; not-a-number and the infinities have no place."""
    return float(value) if value is not None and math.isfinite(value) else None


def _position(column: Column, value: Any) -> float | None:
    return as_moment(value) if column.kind == "moment" else _number(value)


def _tip(plot: Plot, row: dict[str, Any]) -> str:
    return "\n".join(f"{plot.columns[name].label}: {plot.columns[name].say(row[name])}" for name in plot.used)


def _told(field: str = "t") -> Spec:
    """What is read when the pointer rests on a mark; it becomes the mark's own <title>."""
    return {"field": field, "type": "nominal"}


def _series(plot: Plot) -> list[str]:
    if plot.color is None:
        return []
    column = plot.columns[plot.color]
    return names_apart(column, plot.frame[plot.color].unique(maintain_order=True).to_list())


def _series_of(plot: Plot) -> dict[Any, str]:
    if plot.color is None:
        return {}
    return dict(zip(plot.frame[plot.color].unique(maintain_order=True).to_list(), _series(plot), strict=True))


def _color(plot: Plot, width: int) -> Spec:
    if plot.color is None:
        return {"value": SERIES[0]}
    names = _series(plot)
    scale = {"domain": names, "range": list(SERIES[: len(names)])}
    legend = {"bar": {"symbolType": "square"}, "line": {"symbolType": "stroke", "symbolSize": 300}}.get(plot.kind, {})
    return {"field": "c", "type": "nominal", "scale": scale, "legend": {**legend, "columns": _fitting(names, width)}}


def _fitting(entries: list[str], width: int) -> int:
    """How many legend entries stand side by side in a drawing of that width."""
    longest = min(140.0, max((len(entry) for entry in entries), default=0) * CHARACTER)
    return max(1, min(len(entries), int((width - 60) / (longest + 40))))


# --- bars


def _bars(plot: Plot, width: int, narrow: bool) -> Spec:
    frame = plot.frame.head(MOST_BARS * max(1, len(_series(plot))))
    category, value = plot.columns[plot.x], plot.columns[plot.y]
    places = frame[plot.x].unique(maintain_order=True).to_list()
    names = dict(zip(places, names_apart(category, places), strict=True))
    series = _series_of(plot)
    rows = [
        {
            "x": names[row[plot.x]],
            "y": _number(row[plot.y]),
            "t": _tip(plot, row),
            "l": value.read(row[plot.y]),
            **({"c": series[row[plot.color]]} if plot.color else {}),
        }
        for row in frame.iter_rows(named=True)
    ]
    # Names want to be read level; hours and months want to be read as time, from left to right.
    if category.kind in {"text", "flag"}:
        return _level_bars(rows, list(names.values()), width, narrow, plot)
    return _upright_bars(rows, list(names.values()), width, plot)


def _level_bars(rows: list[Spec], names: list[str], width: int, narrow: bool, plot: Plot) -> Spec:
    count = max(1, len(_series(plot)))
    step = (22 if narrow else 24) if count == 1 else (15 if narrow else 16) * count
    # The amount stands at the bar's end, so the longest bar must leave room for it.
    room = (max((len(row["l"]) for row in rows), default=0) + 1.5) * CHARACTER
    shown = min(130 if narrow else 240, max((len(name) for name in names), default=0) * CHARACTER)
    share = min(0.45, room / max(80.0, width - shown - 30))
    amounts = [row["y"] for row in rows if row["y"] is not None]
    high, low = max([0.0, *amounts]), min([0.0, *amounts])
    span = (high - low) or 1.0
    domain = [low - (span * share / (1 - share) if low < 0 else 0), high + span * share / (1 - share)]
    place: Spec = {
        "y": {
            "field": "x",
            "type": "nominal",
            "sort": names,
            "axis": {"title": None, "ticks": False, "domain": False, "labelColor": "var(--wb-ink)"},
            "scale": {"paddingInner": 0.28, "paddingOuter": 0.1},
        },
        "x": {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": domain, "nice": False}},
    }
    if count > 1:
        place["yOffset"] = {"field": "c", "type": "nominal", "sort": _series(plot)}
    return {
        "data": {"values": rows},
        "height": {"step": step, "for": "position"},
        "encoding": place,
        "layer": [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 1.5},
                "encoding": {"color": _color(plot, width), "description": _told()},
            },
            {
                "transform": [{"filter": "datum.y === null || datum.y >= 0"}],
                "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 5, "invalid": None},
                "encoding": {"text": {"field": "l"}, "x": {"field": "y", "type": "quantitative"}},
            },
            {
                "transform": [{"filter": "datum.y < 0"}],
                "mark": {"type": "text", "align": "right", "baseline": "middle", "dx": -5},
                "encoding": {"text": {"field": "l"}},
            },
        ],
    }


def _upright_bars(rows: list[Spec], names: list[str], width: int, plot: Plot) -> Spec:
    place: Spec = {
        "x": {
            "field": "x",
            "type": "nominal",
            "sort": names,
            "axis": {**_category_axis(plot.columns[plot.x]), "tickBand": "center"},
            "scale": {"paddingInner": 0.24, "paddingOuter": 0.12},
        },
        "y": {"field": "y", "type": "quantitative", "axis": _amount_axis(plot), "scale": {"zero": True}},
        "color": _color(plot, width),
        "description": _told(),
    }
    if plot.color is not None:
        place["xOffset"] = {"field": "c", "type": "nominal", "sort": _series(plot)}
    return {
        "data": {"values": rows},
        "height": 260,
        "mark": {"type": "bar", "cornerRadiusEnd": 1.5},
        "encoding": place,
    }


def _category_axis(column: Column) -> Spec:
    return {
        "title": None if column.kind == "moment" else column.heading,
        "titlePadding": 8,
        "labelAngle": 0,
        "labelOverlap": "greedy",
        "labelSeparation": 4,
        "ticks": False,
    }


def _amount_axis(plot: Plot) -> Spec:
    """The amount's axis has no title: what is measured, and in what, stands above the figure, where it reads level."""
    whole = plot.columns[plot.value].format.endswith("d")
    axis: Spec = {"title": None, "domain": False, "ticks": False, "tickCount": 5, "format": _axis_format(plot)}
    return {**axis, "tickMinStep": 1} if whole else axis


def _axis_format(plot: Plot) -> str:
    return plot.columns[plot.value].axis_format


# --- lines and points

# What a tick on a time axis says, by what changes there; Vega would spell months out.
_CLOCK = {
    "year": "%Y",
    "quarter": "%b",
    "month": "%b",
    "week": "%-d %b",
    "date": "%-d %b",
    "hours": "%H:%M",
    "minutes": "%H:%M",
    "seconds": "%H:%M:%S",
}


def _rows(plot: Plot) -> list[Spec]:
    x, series = plot.columns[plot.x], _series_of(plot)
    ordered = x.kind in {"number", "moment"}
    places = plot.frame[plot.x].unique(maintain_order=True).to_list()
    names = {} if ordered else dict(zip(places, names_apart(x, places), strict=True))
    frame = plot.frame.sort(plot.x, maintain_order=True, nulls_last=True) if ordered else plot.frame
    return [
        {
            "x": _position(x, row[plot.x]) if ordered else names[row[plot.x]],
            "y": _number(row[plot.y]),
            "t": _tip(plot, row),
            **({"c": series[row[plot.color]]} if plot.color else {}),
        }
        for row in frame.iter_rows(named=True)
    ]


def _along(plot: Plot, rows: list[Spec], narrow: bool, *, titled: bool) -> Spec:
    """The x axis of lines and points: time in UTC, a number, or names in the rows' order."""
    column = plot.columns[plot.x]
    axis: Spec = {"labelOverlap": "greedy", "labelSeparation": 6, "titlePadding": 8, "grid": titled}
    if column.kind == "moment":
        scale: Spec = {"type": "utc", "nice": False}
        axis |= {"title": None, "tickCount": 5 if narrow else 9, "labelFlush": True, "format": _CLOCK}
        return {"field": "x", "type": "temporal", "axis": axis, "scale": scale}
    if column.kind == "number":
        axis |= {"title": column.heading, "format": column.axis_format, "tickCount": 5 if narrow else 9}
        return {"field": "x", "type": "quantitative", "axis": axis, "scale": _span(rows, "x", nice=titled)}
    names = list(dict.fromkeys(row["x"] for row in rows))
    axis |= _category_axis(column)
    return {"field": "x", "type": "nominal", "sort": names, "axis": axis, "scale": {"type": "point", "padding": 0.4}}


def _span(rows: list[Spec], field: str, *, nice: bool = True) -> Spec:
    """Zero belongs on the axis unless that would press the whole drawing into its upper half."""
    found = [row[field] for row in rows if row[field] is not None]
    far = bool(found) and (min(found) > 0.5 * max(found) if min(found) > 0 else max(found) < 0.5 * min(found))
    return {"zero": nice and not far, "nice": nice}


def _lines(plot: Plot, width: int, narrow: bool) -> Spec:
    rows = _rows(plot)
    place: Spec = {
        "x": _along(plot, rows, narrow, titled=False),
        "y": {"field": "y", "type": "quantitative", "axis": _amount_axis(plot), "scale": _span(rows, "y")},
        "color": _color(plot, width),
    }
    dash: Spec = {}
    if plot.color is not None:
        names = _series(plot)
        dash = {
            "strokeDash": {
                "field": "c",
                "type": "nominal",
                "scale": {"domain": names, "range": [list(item) for item in DASHES[: len(names)]]},
            }
        }
    each = len(rows) / max(1, len(_series(plot)))
    return {
        "data": {"values": rows},
        "height": 220 if narrow else 280,
        "encoding": place,
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2, "strokeJoin": "round", "strokeCap": "butt"}, "encoding": dash},
            {
                # Every value can be pointed at; where values are few, or stand alone between gaps, they also show.
                "mark": {
                    "type": "point",
                    "filled": True,
                    "size": 30,
                    "shape": "circle",
                    "opacity": 1 if each <= 24 else 0,
                },
                "encoding": {"description": _told(), **_lonely(rows, each)},
            },
        ],
    }


def _lonely(rows: list[Spec], each: float) -> Spec:
    """A value with a gap on both sides has no line through it, so it needs a point to be seen."""
    if each <= 24:
        return {}
    last: dict[Any, list[Spec]] = {}
    for row in rows:
        last.setdefault(row.get("c"), []).append(row)
    for own in last.values():
        for before, here, after in zip([None, *own[:-1]], own, [*own[1:], None], strict=True):
            gap_before = before is None or before["y"] is None
            here["o"] = 1 if gap_before and (after is None or after["y"] is None) else 0
    return {"opacity": {"field": "o", "type": "quantitative", "scale": None, "legend": None}}


def _points(plot: Plot, width: int, narrow: bool) -> Spec:
    rows = _rows(plot)
    crowd = len(rows) > 300
    place: Spec = {
        "x": _along(plot, rows, narrow, titled=True),
        "y": {"field": "y", "type": "quantitative", "axis": _amount_axis(plot), "scale": _span(rows, "y")},
        "color": _color(plot, width),
        "description": _told(),
    }
    if plot.color is not None:
        names = _series(plot)
        scale = {"domain": names, "range": list(SHAPES[: len(names)])}
        place["shape"] = {"field": "c", "type": "nominal", "scale": scale}
    return {
        "data": {"values": rows},
        "height": 260 if narrow else 320,
        "mark": {"type": "point", "filled": True, "size": 22 if crowd else 52, "opacity": 0.55 if crowd else 0.85},
        "encoding": place,
    }


# --- heatmap


def _heatmap(plot: Plot, width: int, narrow: bool) -> Spec:
    amount = plot.columns[plot.value]
    across, up = plot.columns[plot.x], plot.columns[plot.y]
    columns = plot.frame[plot.x].unique(maintain_order=True).to_list()
    lines = plot.frame[plot.y].unique(maintain_order=True).to_list()
    columns = sorted(columns, key=_sortable) if across.kind in {"number", "moment"} else columns
    lines = sorted(lines, key=_sortable) if up.kind in {"number", "moment"} else lines
    x = dict(zip(columns, names_apart(across, columns), strict=True))
    y = dict(zip(lines, names_apart(up, lines), strict=True))
    edges = heat_edges(plot.frame[plot.value])
    bands = [
        f"{written(low, amount.axis_format)} to {written(high, amount.axis_format)}"
        for low, high in zip(edges, edges[1:], strict=False)
    ]
    rows = [
        {
            "x": x[row[plot.x]],
            "y": y[row[plot.y]],
            "t": _tip(plot, row),
            "b": bands[_band(row[plot.value], edges)],
        }
        for row in plot.frame.iter_rows(named=True)
        if _number(row[plot.value]) is not None
    ]
    legend: Spec = {"symbolType": "square", "symbolSize": 140, "symbolStrokeWidth": 0}
    legend["columns"] = _fitting(bands, width)
    shades = [f"var(--wb-heat-{shade})" for shade in _shades(len(bands))]
    return {
        "data": {"values": rows},
        "height": {"step": 22 if narrow else 26},
        "mark": {"type": "rect", "stroke": "var(--wb-paper)", "strokeWidth": 1},
        "encoding": {
            "x": {
                "field": "x",
                "type": "nominal",
                "scale": {"domain": list(x.values())},
                "axis": {**_category_axis(across), "title": across.heading, "domain": False},
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
            "description": _told(),
        },
    }


def _sortable(value: Any) -> tuple[bool, float]:
    place = as_moment(value)
    return (value is None, place if place is not None else float(value) if value is not None else 0.0)


def heat_edges(amounts: pl.Series) -> list[float]:
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


def _shades(count: int) -> list[int]:
    """Which of the steps 1 to HEAT_STEPS to use, spread over the whole ramp."""
    if count == 1:
        return [HEAT_STEPS // 2 + 1]
    return [1 + round(index * (HEAT_STEPS - 1) / (count - 1)) for index in range(count)]
