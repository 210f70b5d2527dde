"""Months of the calendar in UTC: what a rollup's rows are kept and made anew by."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from workbench.analytics.metrics.measure import Window
from workbench.data.lake import Changes

__all__ = ["Touched", "month_of", "touched", "windows", "within"]

_MOST = 2_400  # two centuries of months: a file whose times lie further apart than that says nothing


@dataclass(frozen=True)
class Touched:
    """Which months have rows that may be others than they were.

    Attributes:
        missing: So may rows without a time.
        anything: Any row may.
    """

    months: frozenset[date] = frozenset()
    missing: bool = False
    anything: bool = False

    def __bool__(self) -> bool:
        return bool(self.months) or self.missing or self.anything


def month_of(time: date | datetime) -> date:
    """The first day of the month that a time is in; of a datetime, in UTC."""
    day = time.astimezone(UTC).date() if isinstance(time, datetime) else time
    return day.replace(day=1)


def touched(changes: Changes) -> Touched:
    """The months that changes are in."""
    found: set[date] = set()
    for low, high in changes.ranges:
        month, last = month_of(low), month_of(high)
        if _number(last) - _number(month) > _MOST:
            return Touched(anything=True)
        while month <= last:
            found.add(month)
            month = _next(month)
    return Touched(frozenset(found), changes.missing, changes.anything)


def within(month: date, window: Window | None) -> bool:
    """Whether a window may have something of a month."""
    if window is None:
        return True
    after = window.start is None or _bound(_next(month), like=window.start) > window.start
    return after and (window.end is None or _bound(month, like=window.end) < window.end)


def windows(months: Collection[date], column: str, dtype: pl.DataType) -> Iterator[Window]:
    """Time ranges that have these months and no others, neighbours in one."""
    ordered = sorted(months)
    for at, month in enumerate(ordered):
        if at == 0 or _next(ordered[at - 1]) != month:
            start = month
        if at + 1 == len(ordered) or _next(month) != ordered[at + 1]:
            like = start if dtype == pl.Date else datetime.min.replace(tzinfo=UTC)
            yield Window(column, _bound(start, like=like), _bound(_next(month), like=like))


def _bound(day: date, *, like: date | datetime) -> Any:
    """The beginning of a day, as what is compared with it."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if isinstance(like, datetime) else day


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _number(month: date) -> int:
    return month.year * 12 + month.month
