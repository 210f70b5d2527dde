"""From the two ends of a query's time range to a window over a column, and to the periods that it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from workbench.analytics.metrics.measure import Window
from workbench.analytics.metrics.spans import Span
from workbench.compute import grains, moments
from workbench.foundation.errors import Invalid, unknown

__all__ = ["earlier", "first_and_last", "literal", "period_of", "previous", "reaching", "window"]

COMPARISONS = ("previous period", "previous year")


def window(column: str, between: tuple[Any, Any], zone: str, dtype: pl.DataType | None) -> Window:
    """The window that a query's `between` means on a time column.

    Args:
        column: The time column.
        between: (start, end), end exclusive; None leaves a side open.
        zone: Whose midnight a date means.
        dtype: The column's type, or None where there is no such column.

    Raises:
        Invalid: Not two times, or the end is not after the start, so that nothing could lie between.
    """
    if isinstance(dtype, pl.Datetime):
        return Window(column, *moments.between_of(between, zone))
    return Window(column, *moments.days_between(between))


def earlier(window: Window, spans: Sequence[Span], zone: str) -> Window:
    """The window, so much earlier by the clocks of a zone."""
    start, end = window.start, window.end
    for span in spans:
        start = None if start is None else span.before_in(start, zone)
        end = None if end is None else span.before_in(end, zone)
    return replace(window, start=start, end=end)


def reaching(window: Window, span: timedelta | None, *, back: bool) -> Window:
    """The window, longer by so much at its start or its end; without a limit there where it is None."""
    if back:
        return replace(window, start=None if span is None or window.start is None else window.start - span)
    return replace(window, end=None if span is None or window.end is None else window.end + span)


def first_and_last(
    window: Window | None, grain: str, zone: str, week_start: int
) -> tuple[date | datetime | None, date | datetime | None]:
    """The starts of the first and the last period that a window has something of; None for an open side."""
    if window is None:
        return None, None
    first, end = window.start, window.end
    before = None if end is None else end - (timedelta(microseconds=1) if isinstance(end, datetime) else timedelta(1))
    return (
        None if first is None else period_of(first, grain, zone, week_start),
        None if before is None else period_of(before, grain, zone, week_start),
    )


def period_of(time: date | datetime, grain: str, zone: str, week_start: int) -> date | datetime:
    """The start of the period that a time falls in: a date, or a time in UTC, where no hour is there twice."""
    dtype = pl.Datetime("us", "UTC") if isinstance(time, datetime) else pl.Date()
    column = pl.Series("time", [time], dtype=dtype)
    truncated = grains.truncate(pl.col("time"), dtype, grain, time_zone=zone, week_start=week_start)
    started = column.to_frame().select(truncated).to_series()
    if grain in ("minute", "hour"):
        started = started.dt.convert_time_zone("UTC")
    found: date | datetime = started.item()
    return found


def literal(period: date | datetime, dtype: pl.DataType) -> pl.Expr:
    """A period of `period_of`, to be compared with a column of periods of that type."""
    if isinstance(period, datetime) and isinstance(dtype, pl.Datetime):
        return pl.lit(period, dtype=pl.Datetime("us", "UTC")).dt.convert_time_zone(dtype.time_zone or "UTC")
    return pl.lit(period, dtype=dtype)


def previous(between: tuple[Any, Any] | None, compare: str, zone: str) -> tuple[date | datetime, date | datetime]:
    """The time range that a query's `compare` means.

    "previous period" is as long as the range and ends where that starts: as many months where both its ends are first
    days of months, else as many days or as much time. "previous year" is the same range a year before.

    Raises:
        Invalid: No such comparison, or the range is open.
    """
    if compare not in COMPARISONS:
        raise unknown("comparison", compare, COMPARISONS, error=Invalid, hint='compare="previous period"')
    if (
        not isinstance(between, tuple | list)
        or len(between) != 2
        or any(moments.moment_of(bound) is None for bound in between)
    ):
        raise Invalid(
            f"compare='{compare}' needs a time range with two ends", hint="between=('2013-02-01', '2013-03-01')"
        )
    given = [moments.moment_of(bound) for bound in between]
    start, end = (_of_zone(bound, zone) for bound in given)
    before = _range_before(start, end, compare)
    if any(isinstance(bound, datetime) for bound in given):
        return before
    return before[0].date(), before[1].date()


def _range_before(start: datetime, end: datetime, compare: str) -> tuple[datetime, datetime]:
    if compare == "previous year":
        year = Span.of("1 year")
        first, past = year.before(start), year.before(end)
        return first, max(past, first + timedelta(1))  # 28 February has no 29 February a year before
    months = (end.year - start.year) * 12 + end.month - start.month
    midnights = all(time.time() == datetime.min.time() for time in (start, end))
    if months > 0 and midnights and start.day == end.day == 1:
        return Span.of(f"{months} months").before(start), start
    if midnights:
        return start - (end.date() - start.date()), start
    return (start.astimezone(UTC) - (end.astimezone(UTC) - start.astimezone(UTC))).astimezone(start.tzinfo), start


def _of_zone(bound: datetime | date | None, zone: str) -> datetime:
    if isinstance(bound, datetime):
        return bound.astimezone(ZoneInfo(zone))
    assert bound is not None
    return datetime(bound.year, bound.month, bound.day, tzinfo=ZoneInfo(zone))
