"""A measure over a window that ends with each period: whatever its aggregation, from states of single periods.

The rows of each period are put together once. What is kept of a period is then given to every period whose window it
is in, and put together again: states are made to be put together, so that a distinct count over 7 days counts whoever
came on two of them once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.spans import Span
from workbench.analytics.metrics.windows import literal
from workbench.compute import grains

__all__ = ["Cumulated"]

_FROM, _TO, _PERIOD = ".from", ".to", ".period"  # names with a dot are no dimension's and no metric's
_STEP = {"minute": "1m", "hour": "1h", "day": "1d"}
# How far a period can be from the last one of the same longer period, at most.
_LONGEST = {"minute": 0, "hour": 1, "day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


@dataclass(frozen=True)
class Cumulated:
    """Measures of which the first key is a time cut to a minute, an hour or a day, each over a window of periods.

    A period has a row, for each combination of the other keys, where its window holds rows of that combination.

    Attributes:
        measures: What is computed of the rows of a window.
        span: How far back a window reaches: of the periods after the period's start less the span. None: all of them.
        to_date: The longer period at whose start a window starts; instead of a span.
        first: The first period that is wanted; by default the first that has rows.
        last: The last period; by default the last that has rows.
    """

    measures: Measures
    span: Span | None = None
    to_date: str | None = None
    first: date | datetime | None = None
    last: date | datetime | None = None

    by_subject = False
    ordered = False

    @property
    def name(self) -> str:
        return "cumulated measures"

    @property
    def _time(self) -> str:
        return self.measures.keys[0].name

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """What `Measures` keeps of each period."""
        return self.measures.partial(rows.filter(pl.col(self.measures.keys[0].column).is_not_null()))

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """The measures by period and the other keys, sorted by them."""
        dtype = partials.collect_schema()[self._time]
        time = pl.col(self._time)
        measures, last = self.measures, time.max() if self.last is None else literal(self.last, dtype)
        # Of all rows or up to date, spread values would be as many as all of them on each of the days.
        if self.span is None and measures.only_distinct:
            stretch = None if self.to_date is None else self._cut(time, dtype)
            measures, partials = measures.of_new_values(partials, stretch)
        first = time if self.first is None else pl.max_horizontal(time, literal(self.first, dtype))
        reached = self._reached(time)
        to = last if reached is None else pl.min_horizontal(reached.cast(dtype), last)
        ranges = pl.date_ranges if dtype == pl.Date else pl.datetime_ranges
        step = _STEP[str(self.measures.keys[0].grain)]
        spread = (
            partials.with_columns(first.alias(_FROM), to.alias(_TO))
            .filter(pl.col(_FROM) <= pl.col(_TO))
            .with_columns(ranges(pl.col(_FROM), pl.col(_TO), step).alias(_PERIOD))
            .explode(_PERIOD, empty_as_null=False)
        )
        within = self._within(time, pl.col(_PERIOD), dtype)
        spread = spread if within is None else spread.filter(within)
        return measures.merge(spread.with_columns(pl.col(_PERIOD).alias(self._time)).drop(_FROM, _TO, _PERIOD))

    def _cut(self, time: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        key = self.measures.keys[0]
        return grains.truncate(time, dtype, str(self.to_date), time_zone=key.time_zone, week_start=key.week_start)

    def _reached(self, time: pl.Expr) -> pl.Expr | None:
        """A period at or after the last one whose window a period is in."""
        if self.to_date is not None:
            return time + timedelta(days=_LONGEST[self.to_date], hours=2 if self.to_date in ("hour", "day") else 0)
        if self.span is None:
            return None
        return time + timedelta(minutes=self.span.minutes, days=31 * self.span.months)

    def _within(self, time: pl.Expr, period: pl.Expr, dtype: pl.DataType) -> pl.Expr | None:
        """Whether a period's window holds another one."""
        if self.to_date is not None:
            return self._cut(period, dtype) <= self._cut(time, dtype)
        if self.span is None:
            return None
        if self.span.months:
            return self.span.shifted(period, back=True) < time
        return period - timedelta(minutes=self.span.minutes) < time
