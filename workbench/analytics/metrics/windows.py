"""From the two ends of a query's time range to a window over a column."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from workbench.analytics.metrics.measure import Window
from workbench.foundation.errors import Invalid

__all__ = ["window"]

_TIMES = "write 2013-01-31 or 2013-01-31T06:00:00Z"


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
    if not isinstance(between, tuple | list) or len(between) != 2:
        raise Invalid("between takes two times, from and before", hint="between=('2013-01-01', '2013-02-01')")
    start, end = (_moment(bound) for bound in between)
    if isinstance(dtype, pl.Datetime):
        start, end = _midnight(start, zone), _midnight(end, zone)
    if start is not None and end is not None and not _before(start, end):
        raise Invalid(
            f"between has the end {_shown(between[1])}, which is not after its start {_shown(between[0])}",
            hint="the end is exclusive: for one day, end with the day after",
        )
    return Window(column, start, end)


def _before(start: datetime | date, end: datetime | date) -> bool:
    if isinstance(start, datetime) and isinstance(end, datetime):
        return start < end
    return (start.date() if isinstance(start, datetime) else start) < (end.date() if isinstance(end, datetime) else end)


def _shown(bound: Any) -> str:
    return bound.isoformat() if isinstance(bound, date) else str(bound)


def _moment(bound: Any) -> datetime | date | None:
    if isinstance(bound, str):
        try:
            bound = date.fromisoformat(bound) if len(bound) <= 10 else datetime.fromisoformat(bound)
        except ValueError as error:
            raise Invalid(f"'{bound}' is not a date or time", hint=_TIMES) from error
    if isinstance(bound, datetime):
        if bound.tzinfo is None:
            raise Invalid(f"the time {bound.isoformat()} has no time zone", hint="give it one, e.g. with tzinfo=UTC")
        return bound.astimezone(UTC)
    if bound in (None, date.min, date.max):
        return None
    if isinstance(bound, date):
        return bound
    raise Invalid(f"{bound!r} is not a date or time", hint=_TIMES)


def _midnight(bound: datetime | date | None, zone: str) -> datetime | None:
    if bound is None or isinstance(bound, datetime):
        return bound
    return datetime(bound.year, bound.month, bound.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
