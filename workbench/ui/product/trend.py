"""A line chart along time, drawn live: a curve per series."""

from __future__ import annotations

import numpy as np
import polars as pl

from workbench.charts import Chart, names_apart
from workbench.ui.marks import Curve, Curves
from workbench.ui.ticks import day_ticks

__all__ = ["draw_trend"]


def draw_trend(form: Curves, chart: Chart) -> None:
    """
    Args:
        form: Over a scale of dates.
        chart: Of lines, whose x is a time.
    """
    times = chart.frame[chart.x].unique().sort()
    places = times.cast(pl.Datetime("ms")).to_numpy().astype("datetime64[ms]")
    column = chart.columns[chart.y]
    curves = []
    if chart.color is None:
        curves.append(Curve(column.label, _amounts(chart.frame, times, chart)))
    else:
        values = chart.frame[chart.color].unique(maintain_order=True).to_list()
        for value, name in zip(values, names_apart(chart.columns[chart.color], values), strict=True):
            own = chart.frame.filter(pl.col(chart.color).eq_missing(pl.lit(value)))
            curves.append(Curve(name, _amounts(own, times, chart)))
    days, shown = day_ticks(times)
    form.draw(places, curves, format=column.axis_format, ticks=days, ticks_format=shown)


def _amounts(rows: pl.DataFrame, times: pl.Series, chart: Chart) -> np.ndarray:
    joined = times.to_frame().join(rows, on=chart.x, how="left", maintain_order="left")
    return joined[chart.y].cast(pl.Float64).fill_null(np.nan).to_numpy()
