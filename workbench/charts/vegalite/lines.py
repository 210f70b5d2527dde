from __future__ import annotations

from typing import Any

from workbench.charts.plot import Plot
from workbench.charts.vegalite.encoding import (
    Spec,
    amount_axis,
    category_axis,
    color_of,
    number,
    position,
    series_names,
    tip,
    told,
)
from workbench.charts.wording import names_apart

__all__ = ["lines", "points"]

# Series differ in more than colour: by the line's pattern, by the point's shape.
DASHES: tuple[list[int], ...] = ([1, 0], [6, 3], [2, 3], [10, 3, 2, 3], [8, 5], [4, 2], [1, 3], [12, 4])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left", "triangle-right")
# With at most this many values to a line, each shows as a point too.
FEW = 24
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
# Periods with a name of their own, told apart from months and days, which ticks may divide as they like.
_PERIODS = {"%Y Q%q", "%Y"}


def _rows(plot: Plot) -> list[Spec]:
    x, series = plot.columns[plot.x], series_names(plot)
    ordered = x.kind in {"number", "moment"}
    places = plot.frame[plot.x].unique(maintain_order=True).to_list()
    names = {} if ordered else dict(zip(places, names_apart(x, places), strict=True))
    frame = plot.frame.sort(plot.x, maintain_order=True, nulls_last=True) if ordered else plot.frame
    return [
        {
            "x": position(x, row[plot.x]) if ordered else names[row[plot.x]],
            "y": number(row[plot.y]),
            "t": tip(plot, row),
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
        if column.precision in _PERIODS:
            # Between the starts of quarters or years there is nothing, so no tick may stand there.
            axis |= {"format": column.precision, "values": sorted({row["x"] for row in rows if row["x"] is not None})}
        return {"field": "x", "type": "temporal", "axis": axis, "scale": scale}
    if column.kind == "number":
        axis |= {"title": column.heading, "format": column.axis_format, "tickCount": 5 if narrow else 9}
        return {"field": "x", "type": "quantitative", "axis": axis, "scale": _span(rows, "x", nice=titled)}
    names = list(dict.fromkeys(row["x"] for row in rows))
    axis |= category_axis(column)
    return {"field": "x", "type": "nominal", "sort": names, "axis": axis, "scale": {"type": "point", "padding": 0.4}}


def _span(rows: list[Spec], field: str, *, nice: bool = True) -> Spec:
    """Zero belongs on the axis unless that would press the whole drawing into its upper half."""
    found = [row[field] for row in rows if row[field] is not None]
    far = bool(found) and (min(found) > 0.5 * max(found) if min(found) > 0 else max(found) < 0.5 * min(found))
    return {"zero": nice and not far, "nice": nice}


def lines(plot: Plot, width: int, narrow: bool) -> Spec:
    rows = _rows(plot)
    place: Spec = {
        "x": _along(plot, rows, narrow, titled=False),
        "y": {"field": "y", "type": "quantitative", "axis": amount_axis(plot), "scale": _span(rows, "y")},
        "color": color_of(plot, width),
    }
    dash: Spec = {}
    if plot.color is not None:
        names = list(series_names(plot).values())
        dash = {
            "strokeDash": {
                "field": "c",
                "type": "nominal",
                "scale": {"domain": names, "range": [list(item) for item in DASHES[: len(names)]]},
            }
        }
    each = len(rows) / max(1, len(series_names(plot)))
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
                    "opacity": 1 if each <= FEW else 0,
                },
                "encoding": {"description": told(), **_lonely(rows, each)},
            },
        ],
    }


def _lonely(rows: list[Spec], each: float) -> Spec:
    """A value with a gap on both sides has no line through it, so it needs a point to be seen."""
    if each <= FEW:
        return {}
    last: dict[Any, list[Spec]] = {}
    for row in rows:
        last.setdefault(row.get("c"), []).append(row)
    for own in last.values():
        for before, here, after in zip([None, *own[:-1]], own, [*own[1:], None], strict=True):
            gap_before = before is None or before["y"] is None
            here["o"] = 1 if gap_before and (after is None or after["y"] is None) else 0
    return {"opacity": {"field": "o", "type": "quantitative", "scale": None, "legend": None}}


def points(plot: Plot, width: int, narrow: bool) -> Spec:
    rows = _rows(plot)
    crowd = len(rows) > 300
    place: Spec = {
        "x": _along(plot, rows, narrow, titled=True),
        "y": {"field": "y", "type": "quantitative", "axis": amount_axis(plot), "scale": _span(rows, "y")},
        "color": color_of(plot, width),
        "description": told(),
    }
    if plot.color is not None:
        names = list(series_names(plot).values())
        scale = {"domain": names, "range": list(SHAPES[: len(names)])}
        place["shape"] = {"field": "c", "type": "nominal", "scale": scale}
    return {
        "data": {"values": rows},
        "height": 260 if narrow else 320,
        "mark": {"type": "point", "filled": True, "size": 22 if crowd else 52, "opacity": 0.55 if crowd else 0.85},
        "encoding": place,
    }
