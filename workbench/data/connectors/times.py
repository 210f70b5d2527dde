"""Text that says a time, as files and APIs write it; and times that no calendar has."""

from __future__ import annotations

import re
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as compute

__all__ = ["as_dates", "as_times", "beyond_calendar"]

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, in days from 1970
_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_DAY = 86_400
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


def beyond_calendar(column: pa.Array) -> int | None:
    """The place of the first date or time of a column that is in no year from 1 to 9999, if there is one."""
    kind = column.type
    if pa.types.is_date32(kind):
        units, counted = 1, column.cast(pa.int32())
    elif pa.types.is_date64(kind):
        units, counted = _DAY * 1_000, column.cast(pa.int64())
    elif pa.types.is_timestamp(kind) and kind.unit != "ns":  # nanoseconds do not reach that far
        units, counted = _DAY * _UNITS[kind.unit], column.cast(pa.int64())
    else:
        return None
    least, greatest = _FIRST_DAY * units, (_LAST_DAY + 1) * units - 1
    found = compute.min_max(counted).as_py()
    if found["min"] is None or (least <= found["min"] and found["max"] <= greatest):
        return None
    beyond = compute.or_(compute.less(counted, least), compute.greater(counted, greatest))
    return int(compute.index(beyond, value=True).as_py())


def _all(column: Column, pattern: str) -> bool:
    """Whether there is a value, and all are of the pattern."""
    if column.null_count == len(column):
        return False
    if re.fullmatch(pattern, column.drop_null()[0].as_py()) is None:
        return False
    return bool(compute.all(compute.match_substring_regex(column, f"^{pattern}$")).as_py())
