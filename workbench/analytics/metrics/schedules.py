"""When a metric's figures are to be refreshed, as text: `every 1 h`, or five fields of cron. Others act on it."""

from __future__ import annotations

import re

__all__ = ["check_schedule"]

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


def _number(text: str, field: str) -> int | None:
    return int(text) if text.isdigit() else _NAMES.get(field, {}).get(text)
