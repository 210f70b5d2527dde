"""Lengths of time as people write them ("7 days", "1 month"), and calendar arithmetic with them.

A month after 31 January is the last day of February. A day back is the same time by the clock, a day before; in the
window of a cumulative metric over hours or minutes, and of a conversion, a day is 24 hours.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import AfterValidator

from workbench.compute import moments
from workbench.foundation.errors import Invalid

__all__ = ["Span", "SpanText"]

Time = TypeVar("Time", date, datetime)

_MINUTES = {unit: size // 60 for unit, size in moments.SECONDS.items() if unit != "second"}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_WRITTEN = re.compile(rf"\s*([0-9]{{1,6}})\s*({'|'.join([*_MINUTES, *_MONTHS])})s?\s*")
_GRAIN_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_WRITTEN = re.compile(rf"\s*([0-9]{{1,6}})\s*({'|'.join([*_MINUTES, *_MONTHS])})s?\s*")
_LONGEST = 100 * 366 * 1_440  # minutes: a century


@dataclass(frozen=True)
class Span:
    """A length of time: whole months, or whole minutes.

    Attributes:
        text: As it was written.
    """

    months: int
    minutes: int
    text: str

    @classmethod
    def of(cls, text: str) -> Span:
        """
        Raises:
            Invalid: It is no length of time, not positive, or over a century.
        """
        found = _WRITTEN.fullmatch(text)
        count = int(found[1]) if found else 0
        unit = found[2] if found else ""
        made = cls(count * _MONTHS.get(unit, 0), count * _MINUTES.get(unit, 0), text.strip())
        if count == 0:
            raise Invalid(f"'{text}' is no length of time", hint="write 30 minutes, 7 days, 1 month or 1 year")
        if made.minutes + made.months * 31 * 1_440 > _LONGEST:
            raise Invalid(f"'{text}' is longer than a century")
        return made

    @property
    def days(self) -> int | None:
        """Whole days, where it is that."""
        return None if self.months or self.minutes % 1_440 else self.minutes // 1_440

    def fits(self, grain: str) -> bool:
        """Whether a period that is moved by it is a period again."""
        if grain in _GRAIN_MONTHS:
            return self.months > 0 and self.months % _GRAIN_MONTHS[grain] == 0
        if grain == "week":
            return self.days is not None and self.days % 7 == 0
        return grain == "minute" or bool(self.months) or self.minutes % (60 if grain == "hour" else 1_440) == 0

    def before(self, time: Time) -> Time:
        """The same time of the calendar, so much earlier; of an aware time, by the clock of its zone."""
        day: date = time
        if not self.months:
            if isinstance(time, datetime) and self.days is None:
                return (time.astimezone(UTC) - timedelta(minutes=self.minutes)).astimezone(time.tzinfo)
            return time - timedelta(minutes=self.minutes)
        year, month = divmod(day.year * 12 + day.month - 1 - self.months, 12)
        return time.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))

    def before_in(self, time: date | datetime, zone: str) -> date | datetime:
        """Like `before`, for a time in UTC that is meant by the clocks of a zone."""
        if isinstance(time, datetime):
            return self.before(time.astimezone(ZoneInfo(zone))).astimezone(UTC)
        return self.before(time)

    def shifted(self, time: pl.Expr, *, back: bool) -> pl.Expr:
        """A column of dates, or of times without a zone, moved by it."""
        sign = "-" if back else ""
        length = f"{self.minutes}m" if self.days is None else f"{self.days}d"
        return time.dt.offset_by(f"{sign}{self.months}mo" if self.months else f"{sign}{length}")

    def __str__(self) -> str:
        return self.text


def _checked(text: str) -> str:
    try:
        Span.of(text)
    except Invalid as error:
        raise ValueError(f"has a span that cannot be read: {error}; {error.hint}") from error
    return text


SpanText = Annotated[str, AfterValidator(_checked)]
