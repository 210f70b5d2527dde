"""Retention: of those who began in a period, how many came back in the periods after it.

The rules are PostHog's (https://posthog.com/docs/product-analytics/retention and its `retention_query_runner.py`),
said option by option in docs/product.md: periods are those of the calendar, not a subject's own 24 hours; whoever began
is counted at offset 0; a return counts from the next period on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Final, Literal, get_args

import polars as pl

from workbench.analytics.product.activity import PERIOD, active, members
from workbench.analytics.product.breakdown import VALUE, Breakdown, ValueCell, value_keys, valued
from workbench.analytics.product.chains import AT, MASK
from workbench.analytics.product.events import EventColumns, Step
from workbench.analytics.product.periods import DAYS, Every, Periods
from workbench.analytics.product.walking import CODE, Walk
from workbench.compute import SUBJECT_HASH
from workbench.foundation.errors import Invalid, unknown

__all__ = ["Counting", "Kind", "Retention", "RetentionSubjects", "weighted_mean"]

Kind = Literal["first time", "recurring"]
Counting = Literal["on", "on or after"]

MOST_OFFSETS: Final = 400

_COHORT, _BLOCK, _BEGAN, _CAME, _BEGINNER = ".cohort", ".block", ".began", ".came", ".beginner"
# What a stable sort has to sort rows by for each subject's to be together, in the order of periods.
_ANYHOW, _IN_TIME = (SUBJECT_HASH, PERIOD), (SUBJECT_HASH,)


@dataclass(frozen=True)
class Retention:
    """How many of a cohort came back, by cohort and by periods since.

    Attributes:
        start: What puts a subject into the cohort of its period.
        back: What counts as coming back.
        since: The first cohort's period has this time in it.
        until: The end of what is known: the end of the data, or now. Rows at or after it never count.
        length: How many periods of a cohort are looked at, its own included: 2 to 400.
        kind: "first time": a subject is in the cohort of its very first start, which may lie before `since`;
            "recurring": in the cohort of every period in which it did the start.
        counting: "on": whoever came back in the period; "on or after": in it or a later one of the `length` periods.
        every: How time is cut.
        breakdown: Which value a subject is counted for, by its starts; None for all together.

    Raises:
        Invalid: An unknown kind or way of counting, a length out of bounds, an end before its start, too many periods.
    """

    columns: EventColumns
    start: Step
    back: Step
    since: datetime
    until: datetime
    length: int = 12
    kind: Kind = "first time"
    counting: Counting = "on"
    every: Every = DAYS
    breakdown: Breakdown | None = None

    name = "retention"
    by_subject = True

    @property
    def ordered(self) -> bool:
        """The first start of each subject is found by the order of its rows."""
        return self.kind == "first time"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise unknown("kind of retention", str(self.kind), get_args(Kind), error=Invalid)
        if self.counting not in get_args(Counting):
            raise unknown("counting of retention", str(self.counting), get_args(Counting), error=Invalid)
        if not 2 <= self.length <= MOST_OFFSETS:
            raise Invalid(f"retention looks at 2 to {MOST_OFFSETS} periods of a cohort, not {self.length}")
        _ = self.periods

    @cached_property
    def periods(self) -> Periods:
        """Those of the cohorts."""
        return Periods(self.since, self.until, self.every)

    def check(self, schema: pl.Schema, dataset: str) -> None:
        """
        Raises:
            Invalid: A column or condition does not fit the dataset.
        """
        self.columns.check(schema, dataset)
        for step in (self.start, self.back):
            step.rows(self.columns, schema)
        if self.breakdown is not None:
            self.breakdown.check(schema, self.name)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Subjects by cohort and offset; if `on or after`, each one at the last offset only."""
        return self._counted(rows, _ANYHOW)

    def partial_of_runs(self, rows: pl.LazyFrame, *, chronological: bool, compiled: bool = False) -> pl.LazyFrame:
        """What `partial` gives, sorting by less where a subject's rows come in the order of their periods."""
        if compiled and self.kind == "first time" and self.breakdown is None and (code := CODE()) is not None:
            return self._walked(rows, Walk(code, ()))
        return self._counted(rows, _IN_TIME if chronological and self.every.keeps_order else _ANYHOW)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """Columns: cohort (the period's start), offset, size, subjects, complete (the period is over at `until`).

        Every cohort is there with every offset whose period has begun by `until`, by cohort and offset. Where it is
        broken down, `breakdown` comes first, and all of that stands there for each value.
        """
        first, end = self.periods.numbers
        cohorts = pl.LazyFrame({_COHORT: range(first, end)}, schema={_COHORT: pl.Int32})
        offsets = pl.LazyFrame({"offset": range(self.length)}, schema={"offset": pl.Int32})
        found = partials.group_by(*self._values, _COHORT, "offset").agg(pl.col("subjects").sum())
        grid = cohorts.join(offsets, how="cross")
        if self.breakdown is not None:
            grid = found.select(VALUE).unique().join(grid, how="cross")
        grid = grid.join(found, on=[*self._values, _COHORT, "offset"], how="left", nulls_equal=True)
        grid = grid.with_columns(pl.col("subjects").fill_null(0))
        if self.counting == "on or after":
            later = pl.col("subjects").cum_sum(reverse=True).over(*self._values, _COHORT, order_by="offset")
            grid = grid.with_columns(later.alias("subjects"))
        size = pl.when(pl.col("offset") == 0).then("subjects").sum().over(*self._values, _COHORT).alias("size")
        grid = grid.with_columns(size)
        period = pl.col(_COHORT) + pl.col("offset")
        return (
            grid.filter(period < end)
            .sort(*self._values, _COHORT, "offset", nulls_last=True)
            .select(
                *self._values,
                self.every.start(_COHORT).alias("cohort"),
                "offset",
                "size",
                "subjects",
                (period < self.periods.over).alias("complete"),
            )
        )

    def subjects(self, cohort: datetime | date, offset: int, value: ValueCell | None = None) -> RetentionSubjects:
        """The analysis that returns whom a cell counts.

        Args:
            value: Only those of a value.

        Raises:
            Invalid: The result has no such cell.
        """
        return RetentionSubjects(self, cohort, offset, value)

    @property
    def _values(self) -> list[str]:
        return value_keys(self.breakdown)

    @property
    def _steps(self) -> dict[str, Step]:
        return {_BEGAN: self.start, _CAME: self.back}

    def _counted(self, rows: pl.LazyFrame, order: Sequence[str]) -> pl.LazyFrame:
        keys = [*self._values, _COHORT, "offset"]
        return self._valued(rows, order).group_by(keys).agg(pl.len().cast(pl.Int64).alias("subjects"))

    def _walked(self, rows: pl.LazyFrame, walk: Walk) -> pl.LazyFrame:
        """What `_counted` gives."""
        pairs = active(rows, self.columns, self._steps, self.every, self.until)
        marks = pl.col(_BEGAN).cast(pl.UInt8) + 2 * pl.col(_CAME).cast(pl.UInt8)
        needed = pairs.select(SUBJECT_HASH, pl.col(PERIOD).cast(pl.Int64).alias(AT), marks.alias(MASK))
        called = (_COHORT, "offset", "subjects")
        last_only = self.counting == "on or after"
        return walk.returns(needed, range(*self.periods.numbers), self.length, called, last_only=last_only)

    def _valued(self, rows: pl.LazyFrame, order: Sequence[str]) -> pl.LazyFrame:
        return valued(self.breakdown, self._found(rows, order), rows, self.columns, self.start, self.until)

    def _found(self, rows: pl.LazyFrame, order: Sequence[str]) -> pl.LazyFrame:
        """Subjects with cohort and offset, each once; if `on or after`, at the last offset only."""
        pairs = active(rows, self.columns, self._steps, self.every, self.until)
        found = self._of_first(pairs, order) if self.kind == "first time" else self._of_each(pairs)
        first, end = self.periods.numbers
        found = found.filter(pl.col(_COHORT).is_between(first, end, closed="left"))
        found = found.select(SUBJECT_HASH, _COHORT, (pl.col(PERIOD) - pl.col(_COHORT)).alias("offset"), _BEGAN, _CAME)
        at_start = (pl.col("offset") == 0) & pl.col(_BEGAN)
        returned = pl.col("offset").is_between(1, self.length - 1) & pl.col(_CAME)
        found = found.filter(at_start | returned).select(SUBJECT_HASH, _COHORT, "offset")
        if self.kind == "first time":  # by subject and offset: what is said again follows itself
            told = [SUBJECT_HASH, "offset"] if self.counting == "on" else [SUBJECT_HASH]
            return found.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(-1)) for name in told))
        if self.counting == "on":
            return found.unique()
        return found.group_by(SUBJECT_HASH, _COHORT).agg(pl.col("offset").max())

    def _of_first(self, pairs: pl.LazyFrame, order: Sequence[str]) -> pl.LazyFrame:
        """The pairs from each subject's first start on, with its only cohort, sorted by subject and period.

        Sorting runs that are sorted already costs less than a hash table of the subjects.
        """
        subject, began = pl.col(SUBJECT_HASH), pl.col(_BEGAN)
        found = pairs.sort(order, maintain_order=True)
        found = found.with_columns(pl.when(began).then(subject).forward_fill().alias(_BEGINNER))
        first = began & pl.col(_BEGINNER).shift(1).ne_missing(subject)
        return found.with_columns(pl.when(first).then(PERIOD).forward_fill().alias(_COHORT)).filter(
            pl.col(_BEGINNER) == subject
        )

    def _of_each(self, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """Each pair with every cohort of its subject that it may belong to.

        Only those are paired that may be near enough, so that nobody's past grows with its square.
        """
        pairs = pairs.group_by(SUBJECT_HASH, PERIOD).agg(pl.col(_BEGAN, _CAME).any())
        block = pl.col(PERIOD) // self.length
        cohorts = pairs.filter(_BEGAN).select(SUBJECT_HASH, pl.col(PERIOD).alias(_COHORT), block.alias(_BLOCK))
        near = pl.concat([pairs.with_columns((block - n).alias(_BLOCK)) for n in (0, 1)])
        return near.join(cohorts, on=[SUBJECT_HASH, _BLOCK], how="inner")


@dataclass(frozen=True)
class RetentionSubjects:
    """Whom one cell of a retention table counts: `SUBJECT_HASH` and the subject, one row each."""

    retention: Retention
    cohort: datetime | date
    offset: int
    value: ValueCell | None = None

    name = "subjects of retention"
    by_subject = True

    @property
    def ordered(self) -> bool:
        return self.retention.ordered

    def __post_init__(self) -> None:
        first, end = self.retention.periods.numbers
        if not first <= self._number < end:
            raise Invalid(f"the retention table has no cohort {self.cohort.isoformat()}")
        if not 0 <= self.offset < self.retention.length:
            raise Invalid(f"the retention table has the offsets 0 to {self.retention.length - 1}, not {self.offset}")

    @cached_property
    def _number(self) -> int:
        return self.retention.every.number_of(self.cohort)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        found = self.retention._valued(rows, _ANYHOW).filter(pl.col(_COHORT) == self._number)
        if self.value is not None:
            found = found.filter(self.value.holds)
        this = pl.col("offset") == self.offset
        later = pl.col("offset") >= self.offset
        found = found.filter(this if self.retention.counting == "on" else later)
        return members(rows, found, self.retention.columns)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """By subject."""
        return partials.sort(self.retention.columns.subject)


def weighted_mean(table: pl.DataFrame) -> pl.DataFrame:
    """The mean share of subjects that came back, over cohorts, weighted by their sizes; incomplete cells are left out.

    Args:
        table: A result of `Retention`.

    Returns:
        One row per offset that has a complete cell: offset, cohorts (how many, empty ones not counted), size,
        subjects, share (0 to 1; null where all cohorts are empty).
    """
    complete = table.lazy().filter(pl.col("complete")).group_by("offset")
    summed = complete.agg(
        (pl.col("size") > 0).sum().cast(pl.Int64).alias("cohorts"), pl.col("size").sum(), pl.col("subjects").sum()
    )
    share = pl.when(pl.col("size") > 0).then(pl.col("subjects") / pl.col("size")).alias("share")
    return summed.with_columns(share).sort("offset").collect(engine="in-memory")
