"""Text that says a time, as files and APIs write it."""

from __future__ import annotations

import re
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as compute

__all__ = ["as_dates", "as_times"]

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME_WITHOUT_ZONE = _DATE + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_TIME = _TIME_WITHOUT_ZONE + r"(Z|[-+][0-9]{2}(:?[0-9]{2})?)?"

Column = TypeVar("Column", pa.Array, pa.ChunkedArray)


def as_times(column: Column) -> Column | None:
    """A column of text as times in microseconds, where every value is one; in UTC, if they say their zone."""
    if not _all(column, _TIME):
        return None
    without = compute.match_substring_regex(column, f"^{_TIME_WITHOUT_ZONE}$")
    zone = None if compute.all(without).as_py() else "UTC"
    try:
        return column.cast(pa.timestamp("us", zone))
    except pa.ArrowInvalid:  # some with a zone and some without, or no day of the calendar
        return None


def as_dates(column: Column) -> Column | None:
    """A column of text as dates, where every value is one."""
    if not _all(column, _DATE):
        return None
    try:
        return column.cast(pa.date32())
    except pa.ArrowInvalid:  # no day of the calendar
        return None


def _all(column: Column, pattern: str) -> bool:
    """Whether there is a value, and all are of the pattern."""
    if column.null_count == len(column):
        return False
    if re.fullmatch(pattern, column.drop_null()[0].as_py()) is None:
        return False
    return bool(compute.all(compute.match_substring_regex(column, f"^{pattern}$")).as_py())
