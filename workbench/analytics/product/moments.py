"""Times and lengths of time as people give them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from workbench.compute import grains
from workbench.foundation.errors import Invalid

__all__ = ["between_of", "later", "length_of", "microseconds", "of_period"]

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_WRITTEN = re.compile(r"\s*(-?\d{1,9}(?:\.\d+)?)\s*(second|minute|hour|day|week)s?\s*")
_TIMES = "write 2013-01-31 or 2013-01-31T06:00:00Z"


def length_of(given: timedelta | str, what: str) -> timedelta:
    """A length of time: itself, or a text such as "30 minutes" or "7 days".

    Raises:
        Invalid: It is none; `what` says what it was for.
    """
    if isinstance(given, timedelta):
        return given
    found = _WRITTEN.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        raise Invalid(f"{what} is no length of time: {given!r}", hint="write '30 minutes', '7 days' or a timedelta")
    try:
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    except OverflowError as error:
        raise Invalid(f"{what} is longer than any calendar: {given}") from error


def microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def later(moment: datetime, length: timedelta) -> datetime:
    """So much later, or the last moment of the calendar."""
    try:
        return moment + length
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def of_period(column: pl.Expr, start: object) -> pl.Expr:
    """Whether a period is the one that begins at a time, whichever zone either is written in; a date is a date."""
    if isinstance(start, datetime) and start.tzinfo is not None:
        return column.dt.convert_time_zone("UTC") == pl.lit(start.astimezone(UTC), dtype=pl.Datetime("us", "UTC"))
    return column == pl.lit(start)


def between_of(between: tuple[Any, Any] | None, time_zone: str) -> tuple[datetime | None, datetime | None]:
    """The two ends of a time, None for an open one. A day begins at midnight of the zone.

    Raises:
        Invalid: Not two times, one without a zone, or no such time zone.
    """
    grains.check("day", time_zone)
    if between is None:
        return None, None
    if not isinstance(between, tuple | list) or len(between) != 2:
        raise Invalid("between takes two times, from and before", hint="between=('2013-01-01', '2013-02-01')")
    start, end = (_moment(bound, time_zone) for bound in between)
    if start is not None and end is not None and start >= end:
        raise Invalid(f"between ends at {between[1]}, which is not after its start {between[0]}")
    return start, end


def _moment(bound: Any, time_zone: str) -> datetime | None:
    if bound is None:
        return None
    if isinstance(bound, str):
        try:
            bound = date.fromisoformat(bound) if len(bound) <= 10 else datetime.fromisoformat(bound)
        except ValueError as error:
            raise Invalid(f"'{bound}' is not a date or time", hint=_TIMES) from error
    if isinstance(bound, datetime):
        if bound.tzinfo is None:
            raise Invalid(f"the time {bound.isoformat()} has no time zone", hint="give it one, e.g. with tzinfo=UTC")
        return bound.astimezone(UTC)
    if isinstance(bound, date):
        return datetime(bound.year, bound.month, bound.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
    raise Invalid(f"{bound!r} is not a date or time", hint=_TIMES)
