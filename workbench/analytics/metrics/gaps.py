"""Periods without rows, made visible: a chart that skips a day would say that nothing is missing."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

__all__ = ["EVERY", "with_gaps"]

EVERY = {"minute": "1m", "hour": "1h", "day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
# A year of minutes with a few rows in it would be half a million periods.
MOST_PERIODS = 5_000


def with_gaps(frame: pl.DataFrame, time: str, grain: str, series: Sequence[str]) -> pl.DataFrame:
    """The rows of a query with one more for each period between the first and the last that has none.

    Args:
        frame: One row per period and series.
        time: The column of the periods' starts.
        grain: Of the periods.
        series: The columns that tell series apart; each series gets every period.

    Returns:
        The rows by time, a missing time last, series in the order they came in; the added ones have null for whatever
        is no time and no series. Where that would be more than 5,000 rows, a gap has its first period only.
    """
    if frame[time].n_unique() < 2:
        return frame
    ranged = pl.datetime_range if isinstance(frame.schema[time], pl.Datetime) else pl.date_range
    periods = frame.select(ranged(pl.col(time).min(), pl.col(time).max(), EVERY[grain]).alias(time))
    grid = periods
    if series:
        grid = periods.join(frame.select(series).unique(maintain_order=True), how="cross")
    if grid.height == frame.height:
        return frame
    if grid.height > MOST_PERIODS:
        there = frame.select(time, *series).with_columns(pl.lit(True).alias(".there"))
        marked = grid.join(there, on=[time, *series], how="left", nulls_equal=True, maintain_order="left")
        begins = pl.col(".there").shift(1)
        begins = begins.over(series) if series else begins
        grid = marked.filter(pl.col(".there").fill_null(False) | begins.fill_null(False)).drop(".there")
    filled = grid.join(
        frame, on=[time, *series], how="full", coalesce=True, nulls_equal=True, maintain_order="left_right"
    )
    return filled.select(frame.columns).sort(time, nulls_last=True, maintain_order=True)
