"""Whether rows come when they should, day by day: those of an old day that come late make no other day look fresh."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import Field, field_validator

from workbench.compute import grains
from workbench.data.quality.around import Around
from workbench.data.quality.expected import Finding, OfWhole, Prepared
from workbench.foundation.errors import Invalid

__all__ = ["Arrived", "Day", "Freshness", "days_of"]

DAYS = 14


class Arrived(OfWhole):
    """Each day's rows are there by a time of the day.

    Before that time it is the day before whose rows have to be there.
    """

    expect: Literal["arrived"]
    column: str
    by: str
    time_zone: str = "UTC"
    behind: Annotated[int, Field(ge=0, le=366)] = 0
    rows: Annotated[int, Field(ge=1)] = 1

    @field_validator("by", mode="before")
    @classmethod
    def _a_time_of_day(cls, by: object) -> object:
        if isinstance(by, int) and 0 <= by < 24 * 60 and not isinstance(by, bool):
            by = f"{by // 60:02}:{by % 60:02}"  # YAML 1.1 reads 08:30 without quotes as minutes
        if not isinstance(by, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", by):
            raise ValueError(f"has no time of day in 'by': {by}; write '08:00'")
        return by

    @field_validator("time_zone")
    @classmethod
    def _a_zone(cls, time_zone: str) -> str:
        try:
            grains.check("day", time_zone)
        except Invalid as error:
            raise ValueError(f"has {error}") from error
        return time_zone

    @property
    def statement(self) -> str:
        day = "the day" if not self.behind else "the day before" if self.behind == 1 else f"{self.behind} days before"
        least = "" if self.rows == 1 else f" ({self.rows:,} at least)"
        return f"{self.column} has rows of {day} by {self.by} {self.time_zone}{least}"

    def due(self, now: datetime) -> tuple[date, datetime]:
        """The newest day whose rows have to be there, and since when, in UTC."""
        zone = ZoneInfo(self.time_zone)
        at = clock.fromisoformat(self.by)
        today = now.astimezone(zone).date()
        since = datetime.combine(today, at, zone).astimezone(UTC)
        if since > now:
            today -= timedelta(days=1)
            since = datetime.combine(today, at, zone).astimezone(UTC)
        return today - timedelta(days=self.behind), since

    def prepared(self, schema: Mapping[str, pl.DataType], around: Around, rows: pl.LazyFrame) -> Prepared:
        day = grains.truncate(pl.col(self.column), schema[self.column], "day", time_zone=self.time_zone)
        due, since = self.due(around.now)

        def judge(values: Sequence[Any], rows: int) -> Finding:
            count, newest = values
            if count >= self.rows:
                return Finding()
            late = timedelta(seconds=round((around.now - since).total_seconds()))
            last = (
                "there is none up to then" if newest is None else f"the newest day up to then is {newest.isoformat()}"
            )
            return Finding(problem=f"{due.isoformat()} has {count:,}, {late} after the time; {last}")

        return Prepared(judge, ((day == due).sum().cast(pl.Int64), day.filter(day <= due).max()))


@dataclass(frozen=True)
class Day:
    """The rows of one day.

    Attributes:
        rows: As many as whoever asks may see.
        kept: Whether they are there in time for now; None where they are not due yet.
    """

    day: date
    rows: int
    kept: bool | None


@dataclass(frozen=True)
class Freshness:
    """Whether a dataset is as fresh as was promised.

    Attributes:
        promise: As a clause.
        kept: Whether it is kept now.
        sentence: What was promised and what was found.
        days: The latest days, newest first.
        checked: When, in UTC.
    """

    dataset: str
    version: int
    promise: str
    kept: bool
    sentence: str
    days: tuple[Day, ...]
    checked: datetime

    def __repr__(self) -> str:
        word = "kept" if self.kept else "BROKEN"
        lines = [
            f"  {one.day}  {one.rows:>12,}{'' if one.kept is None or one.kept else '  missing'}" for one in self.days
        ]
        return "\n".join([f"{self.dataset}: {word}: {self.sentence}", *lines])


def days_of(
    rows: pl.LazyFrame, column: str, time_zone: str, last: date, due: date | None, least: int
) -> tuple[Day, ...]:
    """The rows of the latest days, newest first.

    Args:
        last: The newest day to tell of.
        due: The newest one whose rows have to be there; None where no day is due.
        least: How many rows a day has to have.
    """
    dtype = rows.collect_schema()[column]
    day = grains.truncate(pl.col(column), dtype, "day", time_zone=time_zone).alias("day")
    first = last - timedelta(days=DAYS - 1)
    counted = rows.select(day).filter(pl.col("day").is_between(first, last)).group_by("day").len()
    found = dict(counted.collect(engine="streaming").rows())
    days = [last - timedelta(days=before) for before in range(DAYS)]
    return tuple(
        Day(one, found.get(one, 0), None if due is None or one > due else found.get(one, 0) >= least) for one in days
    )
