"""Stickiness: in how many periods of a time each subject did a step.

After PostHog (https://posthog.com/docs/product-analytics/stickiness), with its option to count "so many or more".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import polars as pl

from workbench.analytics.product.activity import PERIOD, active, in_order, members
from workbench.analytics.product.events import EventColumns, Step
from workbench.analytics.product.periods import DAYS, Every, Periods
from workbench.compute import SUBJECT_HASH
from workbench.foundation.errors import Invalid

__all__ = ["Stickiness", "StickinessSubjects"]


@dataclass(frozen=True)
class Stickiness:
    """How many subjects did a step in one, two, three ... periods.

    Attributes:
        step: What they did.
        since: The first period has this time in it, and is looked at whole.
        until: Rows at or after it never count.
        cumulative: Count who did it in so many periods or more.
        every: How time is cut.

    Raises:
        Invalid: An end before its start, or more than 5,000 periods.
    """

    columns: EventColumns
    step: Step
    since: datetime
    until: datetime
    cumulative: bool = False
    every: Every = DAYS

    name = "stickiness"
    by_subject = True
    ordered = True

    def __post_init__(self) -> None:
        _ = self.periods

    @cached_property
    def periods(self) -> Periods:
        return Periods(self.since, self.until, self.every)

    def check(self, schema: pl.Schema, dataset: str) -> None:
        """
        Raises:
            Invalid: A column or condition does not fit the dataset.
        """
        self.columns.check(schema, dataset)
        self.step.rows(self.columns, schema)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Subjects by the exact number of their periods."""
        return self._found(rows).group_by("periods").agg(pl.len().cast(pl.Int64).alias("subjects"))

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """Columns: periods (1 to as many as there are), subjects."""
        numbers = pl.LazyFrame({"periods": range(1, self.periods.count + 1)}, schema={"periods": pl.Int32})
        found = partials.group_by("periods").agg(pl.col("subjects").sum())
        table = (
            numbers.join(found, on="periods", how="left").sort("periods").with_columns(pl.col("subjects").fill_null(0))
        )
        if not self.cumulative:
            return table
        below = pl.col("subjects").cum_sum() - pl.col("subjects")
        return table.with_columns(pl.col("subjects").sum() - below)

    def subjects(self, periods: int) -> StickinessSubjects:
        """The analysis that returns whom a row counts.

        Raises:
            Invalid: The result has no such row.
        """
        return StickinessSubjects(self, periods)

    def _found(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        first, end = self.periods.numbers
        pairs = active(rows, self.columns, {".did": self.step}, self.every, self.until)
        pairs = in_order(pairs.filter(pl.col(PERIOD).is_between(first, end, closed="left")))
        return pairs.group_by(SUBJECT_HASH).agg(pl.len().cast(pl.Int32).alias("periods"))


@dataclass(frozen=True)
class StickinessSubjects:
    """Whom one row counts: `SUBJECT_HASH` and the subject, one row each."""

    stickiness: Stickiness
    periods: int

    name = "subjects of stickiness"
    by_subject = True
    ordered = True

    def __post_init__(self) -> None:
        most = self.stickiness.periods.count
        if not 1 <= self.periods <= most:
            raise Invalid(f"the stickiness has rows for 1 to {most} periods, not {self.periods}")

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        exactly, more = pl.col("periods") == self.periods, pl.col("periods") >= self.periods
        found = self.stickiness._found(rows).filter(more if self.stickiness.cumulative else exactly)
        return members(rows, found, self.stickiness.columns)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """By subject."""
        return partials.sort(self.stickiness.columns.subject)
