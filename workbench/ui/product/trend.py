"""A line chart along time, or along numbers, drawn live: a curve per series."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from workbench.charts import Chart, names_apart
from workbench.ui.marks import Curve, Curves
from workbench.ui.ticks import day_ticks

__all__ = ["draw_trend"]

_MOST = 12


def draw_trend(form: Curves, chart: Chart) -> None:
    """
    Args:
        form: Over a scale of dates, or of numbers.
        chart: Of lines, whose x is such.
    """
    times = chart.frame[chart.x].unique().sort()
    if chart.columns[chart.x].kind == "number":
        places = times.cast(pl.Float64).to_numpy()
        whole = bool(np.all(places == np.round(places)))
        ticks, shown = places[:: -(-len(places) // _MOST)], "d" if whole else chart.columns[chart.x].axis_format
    else:
        places = times.cast(pl.Datetime("ms")).to_numpy().astype("datetime64[ms]")
        ticks, shown = day_ticks(times)
    column = chart.columns[chart.y]
    curves = []
    if chart.color is None:
        curves.append(Curve(column.label, _amounts(chart.frame, times, chart)))
    else:
        values = chart.frame[chart.color].unique(maintain_order=True).to_list()
        for value, name in zip(values, names_apart(chart.columns[chart.color], values), strict=True):
            own = chart.frame.filter(pl.col(chart.color).eq_missing(pl.lit(value)))
            curves.append(Curve(name, _amounts(own, times, chart)))
    form.draw(places, curves, format=column.axis_format, ticks=ticks, ticks_format=shown)


def _amounts(rows: pl.DataFrame, times: pl.Series, chart: Chart) -> np.ndarray[Any, Any]:
    joined = times.to_frame().join(rows, on=chart.x, how="left", maintain_order="left")
    return joined[chart.y].cast(pl.Float64).fill_null(np.nan).to_numpy()
