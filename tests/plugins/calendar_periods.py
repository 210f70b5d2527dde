"""Calendar periods by Python's own calendar: what the plans' periods are held against."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from workbench.analytics.product import Every

__all__ = ["EVERY", "following", "later", "period", "span"]

EVERY = st.builds(
    Every,
    grain=st.sampled_from(["day", "day", "week", "month"]),
    time_zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
    week_start=st.sampled_from([1, 6, 7]),
)


def period(at: datetime, every: Every) -> date | datetime:
    """The first day of a moment's period, or the start of its hour in UTC."""
    local = at.astimezone(ZoneInfo(every.time_zone))
    if every.grain == "hour":
        return at.replace(minute=0, second=0, microsecond=0)
    day = local.date()
    if every.grain == "week":
        return day - timedelta(days=(day.isoweekday() - every.week_start) % 7)
    return day.replace(day=1) if every.grain == "month" else day


def following(start: Any, every: Every) -> Any:
    match every.grain:
        case "hour":
            return start + timedelta(hours=1)
        case "day":
            return start + timedelta(days=1)
        case "week":
            return start + timedelta(days=7)
    return (start + timedelta(days=31)).replace(day=1)


def later(start: Any, offset: int, every: Every) -> Any:
    for _ in range(offset):
        start = following(start, every)
    return start


def span(since: datetime, until: datetime, every: Every) -> list[Any]:
    """All periods from the one of `since` to the one that `until` ends in."""
    found, last = [period(since, every)], period(until - timedelta(microseconds=1), every)
    while found[-1] < last:
        found.append(following(found[-1], every))
    return found
