"""Cutting time to a grain, in spellings that every engine of the workbench can run.

A GPU engine translates `dt.truncate` for 1m, 1h and 1d only; longer grains are built from dates: a week is a day minus
its weekday, a month is `month_start`, quarters and years step back by 28 days per month from a month's first day,
which always lands inside the month that is meant.
"""

from __future__ import annotations

from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from workbench.foundation.errors import Invalid, unknown

__all__ = ["GRAINS", "Grain", "check", "truncate"]

Grain = Literal["minute", "hour", "day", "week", "month", "quarter", "year"]
GRAINS: tuple[str, ...] = get_args(Grain)


def check(grain: str, time_zone: str = "UTC") -> None:
    """Raises:
    Invalid: No such grain, or no such time zone.
    """
    if grain not in GRAINS:
        raise unknown("grain", grain, GRAINS, error=Invalid)
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid(f"no time zone '{time_zone}'", hint="use an IANA name such as America/New_York") from error


def truncate(
    column: pl.Expr, dtype: pl.DataType, grain: str, *, time_zone: str = "UTC", week_start: int = 1
) -> pl.Expr:
    """The start of the period that a time falls in.

    Args:
        column: A Date, or an aware Datetime.
        dtype: The column's type.
        grain: One of `GRAINS`.
        time_zone: Whose midnight starts a day; a Date has none and is taken as it is.
        week_start: 1 (Monday) to 7 (Sunday).

    Returns:
        A Date for day and longer; a Datetime in `time_zone` for minute and hour.

    Raises:
        Invalid: Not a grain, not a time, a naive time, or an hour of a Date.
    """
    check(grain, time_zone)
    if not 1 <= week_start <= 7:
        raise Invalid(f"a week starts on a day from 1 (Monday) to 7 (Sunday), not {week_start}")
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            raise Invalid("the time column has no time zone", hint="load it with one; times are kept in UTC")
        local = column if dtype.time_zone == time_zone else column.dt.convert_time_zone(time_zone)
        if grain in ("minute", "hour"):
            return local.dt.truncate("1m" if grain == "minute" else "1h")
        day = local.dt.replace_time_zone(None).cast(pl.Date)
    elif dtype == pl.Date:
        if grain in ("minute", "hour"):
            raise Invalid(f"a date has no {grain}", hint="use day or longer, or a time column")
        day = column
    else:
        raise Invalid(f"a column of type {dtype} is not a time, so it has no {grain}")
    if grain == "day":
        return day
    if grain == "week":
        return _minus_days(day, (day.dt.weekday().cast(pl.Int32) + (7 - week_start)) % 7)
    month = day.dt.month_start()
    if grain == "month":
        return month
    months = month.dt.month().cast(pl.Int32) - 1
    return _minus_days(month, (months % 3 if grain == "quarter" else months) * 28).dt.month_start()


def _minus_days(day: pl.Expr, days: pl.Expr) -> pl.Expr:
    return (day.cast(pl.Int32) - days).cast(pl.Date)
