"""An answer beside that of an earlier time range: what each figure was, and by how much it changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

from workbench.analytics.metrics.gaps import EVERY
from workbench.analytics.metrics.windows import literal

__all__ = ["BEFORE", "CHANGE", "compared"]

BEFORE, CHANGE = "_before", "_change"
_PLACE = ".place"
_TIME = "time"
Period = date | datetime


def compared(
    now: pl.DataFrame,
    before: pl.DataFrame,
    by: Sequence[str],
    metrics: Sequence[str],
    grain: str | None,
    periods: Sequence[tuple[Period, Period]],
) -> pl.DataFrame:
    """The figures with those of the earlier range, and their changes.

    Args:
        now: The columns `time` where there is a grain, `by`, the metrics.
        before: The same of the earlier range.
        periods: The first and the last period of the range, and of the earlier one.

    Returns:
        After each metric M the columns `M_before` and `M_change`: the difference as a share of what it was, whose sign
        does not count; null where that was nothing or 0, or the metric is no number. The first period stands beside the
        earlier range's first, and so on; what the earlier range has more is left out, and groups that only it has are
        there without a figure of their own.
    """
    keys = [*([_PLACE] if grain else []), *by]
    old = before.rename({name: f"{name}{BEFORE}" for name in metrics})
    if grain:
        (first, last), (first_before, _) = periods
        dtype = now.schema[_TIME]
        now = now.with_columns(_place(grain, first, dtype).alias(_PLACE))
        old = old.with_columns(_place(grain, first_before, dtype).alias(_PLACE)).drop(_TIME)
    both = now.join(old, on=keys, how="full", coalesce=True, nulls_equal=True) if keys else now.hstack(old)
    if grain:
        grid = _grid(first, last, grain, dtype).with_columns(_place(grain, first, dtype).alias(_PLACE))
        both = both.drop(_TIME).join(grid, on=_PLACE, how="inner").drop(_PLACE)
    columns: list[pl.Expr] = []
    for name in metrics:
        columns += [pl.col(name), pl.col(f"{name}{BEFORE}"), _change(name, now.schema[name])]
    return both.select(*([_TIME] if grain else []), *by, *columns)


def _change(name: str, dtype: pl.DataType) -> pl.Expr:
    if not dtype.is_numeric():
        return pl.lit(None, pl.Float64).alias(f"{name}{CHANGE}")
    now, was = pl.col(name).cast(pl.Float64), pl.col(f"{name}{BEFORE}").cast(pl.Float64)
    return pl.when(was != 0).then((now - was) / was.abs()).alias(f"{name}{CHANGE}")


def _grid(first: Period, last: Period, grain: str, dtype: pl.DataType) -> pl.DataFrame:
    if dtype == pl.Date:
        return pl.DataFrame({_TIME: pl.date_range(first, last, EVERY[grain], eager=True)})
    column = pl.Series("bounds", [first, last], dtype=pl.Datetime("us", "UTC"))
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    bounds = column.dt.convert_time_zone(zone or "UTC").to_frame()
    return bounds.select(
        pl.datetime_range(pl.col("bounds").first(), pl.col("bounds").last(), EVERY[grain]).alias(_TIME)
    )


def _place(grain: str, first: Period, dtype: pl.DataType) -> pl.Expr:
    """How many periods a period is after the first one."""
    time = pl.col(_TIME)
    if grain in ("minute", "hour"):
        since = time - literal(first, dtype)
        return since.dt.total_minutes() if grain == "minute" else since.dt.total_hours()
    if grain in ("day", "week"):
        return (time - pl.lit(first)).dt.total_days() // (7 if grain == "week" else 1)
    months = (time.dt.year().cast(pl.Int64) - first.year) * 12 + time.dt.month().cast(pl.Int64) - first.month
    return months // {"month": 1, "quarter": 3, "year": 12}[grain]
