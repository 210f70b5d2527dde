"""When a metric's figures are to be refreshed, as text: `every 1 h`, or five fields of cron."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

__all__ = ["check_schedule", "due"]

_EVERY = re.compile(r"every ([1-9][0-9]{0,3}) ?(min|minutes?|h|hours?|d|days?)")
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES = {
    "month": {name: at for at, name in enumerate(_MONTHS, 1)},
    "day of week": {name: at for at, name in enumerate(_DAYS)},
}
_PIECE = re.compile(r"(?:(\*)|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:/([1-9][0-9]{0,3}))?")


def check_schedule(text: str) -> str:
    """The text, if it is a schedule: `every N min|h|d`, or cron's minute, hour, day of month, month, day of week.

    Raises:
        ValueError: It is none; says which field is wrong.
    """
    if _EVERY.fullmatch(text):
        return text
    fields = text.lower().split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"has the schedule '{text}'; write 'every 1 h', or the five fields of cron: 0 6 * * mon-fri")
    for field, (name, least, most) in zip(fields, _FIELDS, strict=True):
        for piece in field.split(","):
            found = _PIECE.fullmatch(piece)
            bounds = [_number(part, name) for part in found.group(2, 3) if part] if found else [None]
            if any(bound is None or not least <= bound <= most for bound in bounds) or bounds != sorted(bounds):  # type: ignore[type-var]
                raise ValueError(f"has the schedule '{text}', whose {name} '{piece}' is none: {least} to {most}")
    return text


def due(text: str, since: datetime, now: datetime) -> bool:
    """Whether a schedule's time came after `since` and is not after `now`. Cron's fields are of the clock in UTC.

    As cron does, a day is one if either of its fields says so, where neither is `*`.
    """
    if found := _EVERY.fullmatch(text):
        unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2][0]]
        return now - since >= timedelta(**{unit: int(found[1])})
    minutes, hours, days, months, weekdays = (set(values) for values in _values(text))
    fields = text.split()
    since, now = since.astimezone(UTC), now.astimezone(UTC)
    day = since.date()
    while day <= now.date():
        in_month, in_week = day.day in days, day.isoweekday() % 7 in {one % 7 for one in weekdays}
        either = in_month or in_week if "*" not in (fields[2], fields[4]) else in_month and in_week
        if day.month in months and either:
            times = (datetime.combine(day, time(hour, minute), UTC) for hour in hours for minute in minutes)
            if any(since < at <= now for at in times):
                return True
        day += timedelta(days=1)
    return False


def _values(text: str) -> Iterator[Iterator[int]]:
    """What each field of a cron schedule allows."""
    for field, (name, least, most) in zip(text.lower().split(), _FIELDS, strict=True):
        yield (value for piece in field.split(",") for value in _of_piece(piece, name, least, most))


def _of_piece(piece: str, name: str, least: int, most: int) -> range:
    found = _PIECE.fullmatch(piece)
    assert found is not None  # the schedule was checked
    first = least if found[1] else _number(found[2], name)
    last = most if found[1] or (found[4] and not found[3]) else _number(found[3] or found[2], name)
    assert first is not None
    assert last is not None
    return range(first, last + 1, int(found[4] or 1))


def _number(text: str, field: str) -> int | None:
    return int(text) if text.isdigit() else _NAMES.get(field, {}).get(text)
