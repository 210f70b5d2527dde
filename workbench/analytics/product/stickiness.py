"""Stickiness: in how many periods of a time each subject did a step.

After PostHog (https://posthog.com/docs/product-analytics/stickiness), with its option to count "so many or more".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import polars as pl

from workbench.analytics.product.activity import PERIOD, active, in_order, members
from workbench.analytics.product.breakdown import VALUE, Breakdown, ValueCell, value_keys, valued
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
        breakdown: Which value a subject is counted for, by its steps in these periods; None for all together.

    Raises:
        Invalid: An end before its start, or more than 5,000 periods.
    """

    columns: EventColumns
    step: Step
    since: datetime
    until: datetime
    cumulative: bool = False
    every: Every = DAYS
    breakdown: Breakdown | None = None

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
        if self.breakdown is not None:
            self.breakdown.check(schema, self.name)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Subjects by the exact number of their periods."""
        return self._valued(rows).group_by(*self._values, "periods").agg(pl.len().cast(pl.Int64).alias("subjects"))

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """Columns: periods (1 to as many as there are), subjects; for each value of `breakdown`, which comes first."""
        numbers = pl.LazyFrame({"periods": range(1, self.periods.count + 1)}, schema={"periods": pl.Int32})
        keys = [*self._values, "periods"]
        found = partials.group_by(keys).agg(pl.col("subjects").sum())
        if self.breakdown is not None:
            numbers = found.select(VALUE).unique().join(numbers, how="cross")
        table = numbers.join(found, on=keys, how="left", nulls_equal=True).sort(keys, nulls_last=True)
        table = table.select(*keys, pl.col("subjects").fill_null(0))
        if not self.cumulative:
            return table
        so_many_or_more = pl.col("subjects").cum_sum(reverse=True)
        return table.with_columns(
            so_many_or_more if self.breakdown is None else so_many_or_more.over(VALUE, order_by="periods")
        )

    def subjects(self, periods: int, value: ValueCell | None = None) -> StickinessSubjects:
        """The analysis that returns whom a row counts.

        Args:
            value: Only those of a value.

        Raises:
            Invalid: The result has no such row.
        """
        return StickinessSubjects(self, periods, value)

    @property
    def _values(self) -> list[str]:
        return value_keys(self.breakdown)

    def _valued(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return valued(self.breakdown, self._found(rows), rows, self.columns, self.step, self.until)

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
    value: ValueCell | None = None

    name = "subjects of stickiness"
    by_subject = True
    ordered = True

    def __post_init__(self) -> None:
        most = self.stickiness.periods.count
        if not 1 <= self.periods <= most:
            raise Invalid(f"the stickiness has rows for 1 to {most} periods, not {self.periods}")

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        exactly, more = pl.col("periods") == self.periods, pl.col("periods") >= self.periods
        found = self.stickiness._valued(rows).filter(more if self.stickiness.cumulative else exactly)
        if self.value is not None:
            found = found.filter(self.value.holds)
        return members(rows, found, self.stickiness.columns)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """By subject."""
        return partials.sort(self.stickiness.columns.subject)
