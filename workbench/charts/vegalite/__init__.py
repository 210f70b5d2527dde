"""A plot as a Vega-Lite specification: one file per kind of drawing, on the same axes, colours and type.

Colours are CSS variables, so one drawing serves light and dark. Fields get neutral names (x, y, c), because Vega reads
dots and brackets in a field's name as a path.
"""

from __future__ import annotations

from workbench.charts.plot import Plot
from workbench.charts.style import FONT
from workbench.charts.vegalite.bars import MOST_BARS, bars
from workbench.charts.vegalite.encoding import Spec
from workbench.charts.vegalite.heat import heat_bands, heat_shades, heatmap
from workbench.charts.vegalite.lines import lines, points

__all__ = ["MOST_BARS", "heat_bands", "heat_shades", "specification"]


def specification(plot: Plot, width: int) -> Spec:
    """The whole specification of one drawing.

    Args:
        plot: What to draw.
        width: Of the drawing with its axes, in CSS pixels.
    """
    narrow = width < 480
    body_of = {"bar": bars, "line": lines, "point": points, "heatmap": heatmap}[plot.kind]
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
