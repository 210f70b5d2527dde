"""Times and lengths of time as people give them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from workbench.compute import grains
from workbench.foundation.errors import Invalid

__all__ = [
    "SECONDS",
    "between_of",
    "days_between",
    "later",
    "length_of",
    "microseconds",
    "midnight",
    "moment_of",
    "of_period",
]

SECONDS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
"""Of each unit that is always as long. Months and years are not: see the metrics' spans."""

_WRITTEN = re.compile(rf"\s*(-?\d{{1,9}}(?:\.\d+)?)\s*({'|'.join(SECONDS)})s?\s*")
_TIMES = "write 2013-01-31 or 2013-01-31T06:00:00Z"
_LONGEST_SHOWN = 60


def moment_of(given: Any) -> datetime | date | None:
    """A day, or a time in UTC: itself, or a text in ISO 8601. None for none, and for the first or last day there is.

    Raises:
        Invalid: It is neither, or a time without a zone.
    """
    moment = given
    if isinstance(moment, str):
        try:
            moment = date.fromisoformat(moment) if len(moment) <= 10 else datetime.fromisoformat(moment)
        except ValueError as error:
            raise Invalid(f"{_shown(given)} is not a date or time", hint=_TIMES) from error
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise Invalid(f"the time {moment.isoformat()} has no time zone", hint="give it one, e.g. with tzinfo=UTC")
        return moment.astimezone(UTC)
    if moment in (None, date.min, date.max):
        return None
    if isinstance(moment, date):
        return moment
    raise Invalid(f"{_shown(given)} is not a date or time", hint=_TIMES)


def midnight(moment: datetime | date, time_zone: str) -> datetime:
    """The time in UTC at which a day begins in a zone; a time is itself."""
    if isinstance(moment, datetime):
        return moment
    return datetime(moment.year, moment.month, moment.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def between_of(between: tuple[Any, Any] | None, time_zone: str) -> tuple[datetime | None, datetime | None]:
    """The two ends of a time in UTC, end exclusive; None for an open one. A day begins at midnight of the zone.

    Raises:
        Invalid: Not two times, one without a zone, an end that is not after its start, or no such time zone.
    """
    grains.check("day", time_zone)
    if between is None:
        return None, None
    given = _two(between)
    start, end = (None if bound is None else midnight(bound, time_zone) for bound in given)
    if start is not None and end is not None and start >= end:
        raise _backwards(between)
    return start, end


def days_between(between: tuple[Any, Any]) -> tuple[datetime | date | None, datetime | date | None]:
    """The two ends of a time as they were given, for a column of days; None for an open one.

    Raises:
        Invalid: Not two times, or none of whose days is before the other's.
    """
    start, end = _two(between)
    both_times = isinstance(start, datetime) and isinstance(end, datetime)
    if start is None or end is None:
        return start, end
    if start >= end if both_times else _day(start) >= _day(end):
        raise _backwards(between)
    return start, end


def length_of(given: timedelta | str, what: str) -> timedelta:
    """A length of time: itself, or a text such as "30 minutes" or "7 days".

    Raises:
        Invalid: It is none; `what` says what it was for.
    """
    if isinstance(given, timedelta):
        return given
    found = _WRITTEN.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        raise Invalid(
            f"{what} has {_shown(given)}, which is no length of time",
            hint="write '30 minutes', '7 days' or a timedelta",
        )
    try:
        return timedelta(seconds=float(found[1]) * SECONDS[found[2]])
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


def _two(between: Any) -> tuple[datetime | date | None, datetime | date | None]:
    if not isinstance(between, tuple | list) or len(between) != 2:
        raise Invalid("between takes two times, from and before", hint="between=('2013-01-01', '2013-02-01')")
    return moment_of(between[0]), moment_of(between[1])


def _backwards(between: tuple[Any, Any]) -> Invalid:
    return Invalid(
        f"between has the end {between[1]}, which is not after its start {between[0]}",
        hint="the end is exclusive: for one day, end with the day after",
    )


def _day(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _shown(given: Any) -> str:
    if isinstance(given, date):
        return given.isoformat()
    text = f"'{given}'" if isinstance(given, str) else repr(given)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 4]} ..."
