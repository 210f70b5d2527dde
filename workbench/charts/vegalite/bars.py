from __future__ import annotations

from workbench.charts.plot import Plot
from workbench.charts.vegalite.encoding import (
    CHARACTER,
    Spec,
    amount_axis,
    category_axis,
    color_of,
    number,
    series_names,
    tip,
    told,
)
from workbench.charts.wording import names_apart

__all__ = ["MOST_BARS", "bars"]

# More bars than this make a figure longer than a page; the table under it has them all.
MOST_BARS = 40


def bars(plot: Plot, width: int, narrow: bool) -> Spec:
    category, value = plot.columns[plot.x], plot.columns[plot.y]
    places = plot.frame[plot.x].unique(maintain_order=True).head(MOST_BARS).to_list()
    names = dict(zip(places, names_apart(category, places), strict=True))
    series = series_names(plot)
    rows = [
        {
            "x": names[row[plot.x]],
            "y": number(row[plot.y]),
            "t": tip(plot, row),
            "l": value.read(row[plot.y]),
            **({"c": series[row[plot.color]]} if plot.color else {}),
        }
        for row in plot.frame.iter_rows(named=True)
        if row[plot.x] in names
    ]
    # Names want to be read level; hours and months want to be read as time, from left to right.
    if category.kind in {"text", "flag"}:
        return _level_bars(rows, list(names.values()), width, narrow, plot)
    return _upright_bars(rows, list(names.values()), width, plot)


def _level_bars(rows: list[Spec], names: list[str], width: int, narrow: bool, plot: Plot) -> Spec:
    count = max(1, len(series_names(plot)))
    step = (22 if narrow else 24) if count == 1 else (20 if narrow else 22) * count  # each has room for its amount
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
        place["yOffset"] = {
            "field": "c", "type": "nominal", "sort": list(series_names(plot).values()), "scale": {"paddingInner": 0.1},
        }  # fmt: skip
    return {
        "data": {"values": rows},
        "height": {"step": step, "for": "position"},
        "encoding": place,
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {"color": color_of(plot, width), "description": told()},
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
            "axis": {**category_axis(plot.columns[plot.x]), "tickBand": "center"},
            "scale": {"paddingInner": 0.24, "paddingOuter": 0.12},
        },
        "y": {"field": "y", "type": "quantitative", "axis": amount_axis(plot), "scale": {"zero": True}},
        "color": color_of(plot, width),
        "description": told(),
    }
    if plot.stacked:
        # From zero on in the rows' order, where Vega would stack by name.
        series = list(series_names(plot).values())
        rows = [{**row, "o": series.index(row["c"])} for row in rows]
        place["order"] = {"field": "o", "type": "quantitative"}
    elif plot.color is not None:
        place["xOffset"] = {"field": "c", "type": "nominal", "sort": list(series_names(plot).values())}
    return {
        "data": {"values": rows},
        "height": 260,
        "mark": {"type": "bar"},
        "encoding": place,
    }
