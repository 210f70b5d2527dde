"""Lifecycle: who is new in a period, who returns from the one before, who from longer ago, and who stayed away.

After PostHog (https://posthog.com/docs/product-analytics/lifecycle), where a subject is

- new in the period of its first step;
- returning where it did the step in the period before as well;
- resurrecting where it did it earlier, and not in the period before;
- dormant in the first period without the step, and in no later one.

PostHog takes a person for new when their profile was created; here, when they first did the step, as far as is looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Literal, get_args

import polars as pl

from workbench.analytics.product.activity import PERIOD, active, in_order, members
from workbench.analytics.product.breakdown import VALUE, Breakdown, ValueCell, value_keys, valued
from workbench.analytics.product.events import EventColumns, Step
from workbench.analytics.product.periods import DAYS, Every, Periods
from workbench.compute import SUBJECT_HASH
from workbench.foundation.errors import Invalid, unknown

__all__ = ["Lifecycle", "LifecycleState", "LifecycleSubjects"]

LifecycleState = Literal["new", "returning", "resurrecting", "dormant"]
_STATES: tuple[str, ...] = get_args(LifecycleState)


@dataclass(frozen=True)
class Lifecycle:
    """How many subjects are new, returning, resurrecting and dormant, period by period.

    Attributes:
        step: What a subject does in a period to be active in it.
        since: The first period of the result has this time in it.
        until: The end of what is known: the end of the data, or now. Rows at or after it never count.
        history: Where looking back ends: who did the step before this is new again. None looks at all rows.
        every: How time is cut.
        breakdown: Which value a subject is counted for, by the steps it ever did; None for all together.

    Raises:
        Invalid: An end before its start, a history that starts after the result, or more than 5,000 periods.
    """

    columns: EventColumns
    step: Step
    since: datetime
    until: datetime
    history: datetime | None = None
    every: Every = DAYS
    breakdown: Breakdown | None = None

    name = "lifecycle"
    by_subject = True
    ordered = True

    def __post_init__(self) -> None:
        first, _ = self.periods.numbers
        if self.history is not None and self.every.number_of(self.history) > first:
            raise Invalid(
                f"the history starts at {self.history.isoformat()}, after the result does at {self.since.isoformat()}"
            )

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
        """Subjects by period and state."""
        return (
            self._valued(rows).group_by(*self._values, PERIOD, "state").agg(pl.len().cast(pl.Int64).alias("subjects"))
        )

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """Columns: period (its start), state, subjects, complete (the period is over at `until`).

        Every period has all four states, in the order of `LifecycleState`. Who has not come yet in a period that is
        not over is dormant in it for now. Where it is broken down, `breakdown` comes first.
        """
        first, end = self.periods.numbers
        periods = pl.LazyFrame({PERIOD: range(first, end)}, schema={PERIOD: pl.Int32})
        states = pl.LazyFrame(
            {"state": _STATES, ".place": range(len(_STATES))}, schema={"state": pl.String, ".place": pl.Int8}
        )
        keys = [*self._values, PERIOD, "state"]
        found = partials.group_by(keys).agg(pl.col("subjects").sum())
        grid = periods.join(states, how="cross")
        if self.breakdown is not None:
            grid = found.select(VALUE).unique().join(grid, how="cross")
        return (
            grid.join(found, on=keys, how="left", nulls_equal=True)
            .sort(*self._values, PERIOD, ".place", nulls_last=True)
            .select(
                *self._values,
                self.every.start(PERIOD).alias("period"),
                "state",
                pl.col("subjects").fill_null(0),
                (pl.col(PERIOD) < self.periods.over).alias("complete"),
            )
        )

    def subjects(
        self, period: datetime | date, state: LifecycleState, value: ValueCell | None = None
    ) -> LifecycleSubjects:
        """The analysis that returns whom a row counts.

        Args:
            value: Only those of a value.

        Raises:
            Invalid: The result has no such row.
        """
        return LifecycleSubjects(self, period, state, value)

    @property
    def _values(self) -> list[str]:
        return value_keys(self.breakdown)

    def _valued(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return valued(self.breakdown, self._found(rows), rows, self.columns, self.step, self.until)

    def _found(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Each subject's periods with its state in them."""
        first, end = self.periods.numbers
        pairs = active(rows, self.columns, {".did": self.step}, self.every, self.until)
        if self.history is not None:
            pairs = pairs.filter(pl.col(PERIOD) >= self.every.number_of(self.history))
        pairs = in_order(pairs)
        before = pl.when(pl.col(SUBJECT_HASH) == pl.col(SUBJECT_HASH).shift(1)).then(pl.col(PERIOD).shift(1))
        after = pl.when(pl.col(SUBJECT_HASH) == pl.col(SUBJECT_HASH).shift(-1)).then(pl.col(PERIOD).shift(-1))
        pairs = pairs.with_columns(before.alias(".before"), after.alias(".after"))
        state = (
            pl.when(pl.col(".before").is_null())
            .then(pl.lit("new"))
            .when(pl.col(".before") == pl.col(PERIOD) - 1)
            .then(pl.lit("returning"))
            .otherwise(pl.lit("resurrecting"))
        )
        came = pairs.select(SUBJECT_HASH, PERIOD, state.alias("state"))
        stays_away = pl.col(".after").ne_missing(pl.col(PERIOD) + 1)
        left = pairs.filter(stays_away).select(
            SUBJECT_HASH, pl.col(PERIOD) + 1, pl.lit("dormant", dtype=pl.String).alias("state")
        )
        return pl.concat([came, left]).filter(pl.col(PERIOD).is_between(first, end, closed="left"))


@dataclass(frozen=True)
class LifecycleSubjects:
    """Whom one row counts: `SUBJECT_HASH` and the subject, one row each."""

    lifecycle: Lifecycle
    period: datetime | date
    state: LifecycleState
    value: ValueCell | None = None

    name = "subjects of a lifecycle"
    by_subject = True
    ordered = True

    def __post_init__(self) -> None:
        first, end = self.lifecycle.periods.numbers
        if not first <= self._number < end:
            raise Invalid(f"the lifecycle has no period {self.period.isoformat()}")
        if self.state not in _STATES:
            raise unknown("state of a lifecycle", str(self.state), _STATES, error=Invalid)

    @cached_property
    def _number(self) -> int:
        return self.lifecycle.every.number_of(self.period)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        this = (pl.col(PERIOD) == self._number) & (pl.col("state") == self.state)
        if self.value is not None:
            this = this & self.value.holds
        return members(rows, self.lifecycle._valued(rows).filter(this), self.lifecycle.columns)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """By subject."""
        return partials.sort(self.lifecycle.columns.subject)
