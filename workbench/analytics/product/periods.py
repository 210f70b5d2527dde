"""Calendar periods as whole numbers: subtracting two says how many periods lie between, across clock changes too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

import polars as pl

from workbench.compute import grains
from workbench.foundation.errors import Invalid, unknown

__all__ = ["DAYS", "MOST_PERIODS", "Every", "Grain", "Periods"]

Grain = Literal["hour", "day", "week", "month"]

MOST_PERIODS: Final = 5_000
"""In one result: thirteen years of days. More cannot be drawn, and would be a mistake."""

_HOUR = 3_600_000_000
_THURSDAY = 4  # 1 January 1970


@dataclass(frozen=True)
class Every:
    """How time is cut.

    Attributes:
        grain: hour, day, week or month.
        time_zone: Whose midnight starts a day; an IANA name.
        week_start: 1 (Monday) to 7 (Sunday).
    """

    grain: Grain = "day"
    time_zone: str = "UTC"
    week_start: int = 1

    def __post_init__(self) -> None:
        if self.grain not in get_args(Grain):
            raise unknown("period", str(self.grain), get_args(Grain), error=Invalid)
        grains.truncate(
            pl.lit(0), pl.Datetime("us", "UTC"), "day", time_zone=self.time_zone, week_start=self.week_start
        )

    @property
    def keeps_order(self) -> bool:
        """Whether a later time never has a smaller number: where clocks go back over midnight, a day comes twice."""
        return self.time_zone == "UTC" or self.grain == "hour"

    def number(self, time: str, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """Of the period that a time falls in; consecutive periods have consecutive numbers. Int32, null for null."""
        return self._number(pl.col(time), schema[time])

    def number_of(self, moment: datetime | date) -> int:
        """Of the period that a moment, or a day, falls in.

        Raises:
            Invalid: A time without a zone, or a day where periods are hours.
        """
        if isinstance(moment, datetime):
            if moment.tzinfo is None:
                raise Invalid(f"the time {moment.isoformat()} has no time zone", hint="give it one, e.g. tzinfo=UTC")
            dtype: pl.DataType = pl.Datetime("us", "UTC")
        else:
            dtype = pl.Date()
        found: int = pl.select(self._number(pl.lit(moment, dtype=dtype), dtype)).item()
        return found

    def start(self, number: str) -> pl.Expr:
        """The period's first day as a Date; of an hour, its start as a Datetime in the time zone."""
        column = pl.col(number)
        if self.grain == "hour":
            # Where clocks are half an hour off, an hour starts inside the hour of UTC that has its number.
            last = (column.cast(pl.Int64) * _HOUR + _HOUR - 1).cast(pl.Datetime("us", "UTC"))
            return grains.truncate(last, pl.Datetime("us", "UTC"), "hour", time_zone=self.time_zone)
        if self.grain == "month":
            return pl.date(column // 12, column % 12 + 1, 1)
        days = column if self.grain == "day" else column * 7 + self._first_week
        return days.cast(pl.Int32).cast(pl.Date)

    @property
    def _first_week(self) -> int:
        return (self.week_start - _THURSDAY) % 7

    def _number(self, time: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        if self.grain == "hour":
            hour = grains.truncate(time, dtype, "hour", time_zone=self.time_zone)
            return (hour.dt.epoch("us") // _HOUR).cast(pl.Int32)
        day = grains.truncate(time, dtype, "day", time_zone=self.time_zone)
        if self.grain == "month":
            return day.dt.year().cast(pl.Int32) * 12 + day.dt.month().cast(pl.Int32) - 1
        number = day.cast(pl.Int32)
        return number if self.grain == "day" else (number - self._first_week) // 7


DAYS: Final = Every()
"""Of UTC."""


@dataclass(frozen=True)
class Periods:
    """The periods of a result: from the one that `since` falls in to the one that `until` ends in.

    Attributes:
        since: The first period has this time in it.
        until: The end of what is known: the end of the data, or now. Rows at or after it are never counted.
        every: How time is cut.
    """

    since: datetime
    until: datetime
    every: Every = DAYS

    def __post_init__(self) -> None:
        self.every.number_of(self.since), self.every.number_of(self.until)  # refuses times without a zone
        if self.since >= self.until:
            raise Invalid(f"the end {self.until.isoformat()} is not after the start {self.since.isoformat()}")
        if self.count > MOST_PERIODS:
            raise Invalid(
                f"from {self.since.isoformat()} to {self.until.isoformat()} there are {self.count:,} periods of a"
                f" {self.every.grain}; a result has at most {MOST_PERIODS:,}",
                hint="take a longer period, or a shorter time",
            )

    @property
    def numbers(self) -> tuple[int, int]:
        """The first period's number, and that after the last."""
        last = self.every.number_of(self.until - timedelta(microseconds=1))
        return self.every.number_of(self.since), last + 1

    @property
    def over(self) -> int:
        """Periods with a number below this are over at `until`; the others may still get rows."""
        return self.every.number_of(self.until)

    @property
    def count(self) -> int:
        first, end = self.numbers
        return end - first
