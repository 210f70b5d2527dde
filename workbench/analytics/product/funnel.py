"""Funnels: how many subjects take one step after the other, and how long they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

import polars as pl

from workbench.analytics.product import chains, first_chains
from workbench.analytics.product.breakdown import value_of
from workbench.analytics.product.durations import bin_of
from workbench.analytics.product.events import EventColumns, Step
from workbench.analytics.product.walking import CODE, Walk
from workbench.compute import SUBJECT_HASH, grains, moments
from workbench.foundation.errors import Invalid, unknown

__all__ = ["Attribution", "Exclusion", "Funnel", "FunnelCell", "Order"]

Order = Literal["ordered", "strict", "any"]
Attribution = Literal["first", "last"] | int

MOST_STEPS = 30
LONGEST = 366 * 10 * 86_400 * 1_000_000
_VALUE, _PERIOD = "breakdown", "period"
_OWN = ".value"
_MASKS = ((8, pl.UInt8()), (16, pl.UInt16()), (32, pl.UInt32()), (64, pl.UInt64()))
_NONE = "\x00none"  # no text that comes from a file: a missing value that a fill does not pass over


@dataclass(frozen=True)
class Exclusion:
    """Events that end a subject's attempt when they come between two steps.

    Attributes:
        after: The step, from 1, that they come after.
        before: A later one that they come before; None for the one that follows `after`.
    """

    step: Step
    after: int = 1
    before: int | None = None


@dataclass(frozen=True)
class FunnelCell:
    """Which subjects: those that came to a step, or those that came to it and no further.

    Attributes:
        others_than: Where it has values, the subjects whose value is none of these, in place of `breakdown`.
    """

    step: int
    dropped: bool = False
    breakdown: str | None = None
    any_breakdown: bool = True
    period: object = None
    others_than: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Funnel:
    """How far subjects come along steps; see `docs/product.md` for what each option means, with examples.

    Attributes:
        window: Microseconds within which all steps have to follow the first of them.
        step_windows: Microseconds within which each step has to follow the one before; as many as steps, less one.
        order: `ordered`: each step some time after the one before. `strict`: with no other event of the subject in
            between. `any`: whichever comes first.
        entry: `any`: a subject may begin with every event of the first step, and counts as far as it ever comes.
            `first`: it begins with its first one, once.
        start: Subjects enter at or after this time; None for any.
        end: Subjects enter before this time; the steps after may still come later.
        breakdown: SQL expression over one row's columns, or a column; None for none.
        attribution: Which event's value counts for a subject: that of the first step, that of the last step it came to,
            or that of a step by its number, from 1, for whoever came that far.
        grain: Entries by period; None for all together.
        times: Whether partials keep what medians of durations need.
    """

    columns: EventColumns
    steps: tuple[Step, ...]
    window: int
    step_windows: tuple[int | None, ...] = ()
    order: Order = "ordered"
    entry: Literal["any", "first"] = "any"
    exclusions: tuple[Exclusion, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    breakdown: str | None = None
    attribution: Attribution = "first"
    grain: str | None = None
    time_zone: str = "UTC"
    week_start: int = 1
    times: bool = False
    cell: FunnelCell | None = None

    by_subject = True
    ordered = True

    @property
    def name(self) -> str:
        return "funnel"

    def check(self, schema: Mapping[str, pl.DataType], dataset: str) -> None:
        """
        Raises:
            Invalid: Fewer than two steps or more than 30, a window of zero, negative or enormous length, options that
                do not go together, an unknown column, an expression that is none.
        """
        self.columns.check(schema, dataset)
        count = len(self.steps)
        if not 2 <= count <= MOST_STEPS:
            raise Invalid(f"a funnel has 2 to {MOST_STEPS} steps, not {count}")
        for window in (self.window, *(one for one in self.step_windows if one is not None)):
            if not 0 < window <= LONGEST:
                raise Invalid(
                    f"a funnel's window is longer than nothing and at most ten years, not {window / 1e6:,.0f} seconds"
                )
        if self.step_windows and len(self.step_windows) != count - 1:
            raise Invalid(f"{count} steps have {count - 1} windows between them, not {len(self.step_windows)}")
        if self.order not in get_args(Order):
            raise unknown("order of steps", str(self.order), get_args(Order), error=Invalid)
        if self.entry not in ("any", "first"):
            raise unknown("entry", str(self.entry), ("any", "first"), error=Invalid)
        if self.order == "any" and (self.step_windows or self.exclusions or self.entry == "first"):
            raise Invalid("steps in any order have no windows, exclusions or first entry between them")
        if not isinstance(self.attribution, int) and self.attribution not in ("first", "last"):
            raise unknown("attribution", str(self.attribution), ("first", "last"), error=Invalid)
        if isinstance(self.attribution, int) and not 1 <= self.attribution <= count:
            raise Invalid(f"there is no step {self.attribution} to take the breakdown from; there are {count}")
        for exclusion in self.exclusions:
            before = exclusion.before or exclusion.after + 1
            if not 1 <= exclusion.after < before <= count:
                raise Invalid(f"no event can come after step {exclusion.after} and before step {before} of {count}")
        for step in (*self.steps, *(exclusion.step for exclusion in self.exclusions)):
            step.rows(self.columns, schema)
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise Invalid("the end is not after the start, so nobody could enter")
        if self.grain is not None:
            grains.truncate(
                pl.col(self.columns.time), schema[self.columns.time], self.grain, time_zone=self.time_zone,
                week_start=self.week_start,
            )  # fmt: skip
        if self.breakdown is not None:
            value_of(self.breakdown, schema, self.name)

    def members(self, cell: FunnelCell) -> Funnel:
        """The analysis that gives the subjects of a cell: `SUBJECT_HASH` and the column of the subject."""
        return replace(self, cell=cell)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Per value of the breakdown, period and step: subjects, and sums of how long they took, in microseconds."""
        matching = self._matching(rows, self.columns.order)
        return self._partial(self._reached(matching.sort(SUBJECT_HASH, *self.columns.order, maintain_order=True)))

    def partial_of_runs(self, rows: pl.LazyFrame, *, chronological: bool, compiled: bool = False) -> pl.LazyFrame:
        """What `partial` gives, sorting less, or nothing: rows of one run come in order already."""
        order = () if chronological else tuple(self.columns.order)
        matching = self._matching(rows, order)
        if compiled and self.order != "any" and (code := CODE()) is not None:
            return self._partial(self._in_order(matching, Walk(code, order, chronological).in_order))
        if self.entry == "first" and self.order == "ordered":
            others = (1 << len(self._steps)) - 1 - 1
            matching = first_chains.without_later_entries(matching, entry=self._entry, others=others)
        return self._partial(self._reached(matching.sort(SUBJECT_HASH, *order, maintain_order=True)))

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """The same columns, with each group once; sorted by them. Of a cell: its subjects, sorted by the hash."""
        if self.cell is not None:
            return partials.sort(SUBJECT_HASH)
        keys = [name for name in partials.collect_schema().names() if name not in ("subjects", "took", "waited")]
        sums = partials.group_by(keys).agg(pl.col("subjects", "took", "waited").sum())
        return sums.sort(keys, nulls_last=True)

    def _matching(self, rows: pl.LazyFrame, order: Sequence[str]) -> pl.LazyFrame:
        """The rows of any step, with what the chains need of them and no more.

        Args:
            order: The columns that they are to be put in order by.
        """
        columns, at, schema = self.columns, pl.col(self.columns.time), rows.collect_schema()
        bits = [step.rows(columns, schema) for step in self._steps]
        known = pl.col(SUBJECT_HASH).is_not_null() & at.is_not_null()
        if self.start is not None:
            known = known & (at >= self.start)
        if self.end is not None:
            known = known & (at < moments.later(self.end, timedelta(microseconds=self.window)))
            bits.append(bits[0] & (at < self.end))
        if self.order != "strict":
            names = {step.event for step in self._steps}
            known = known & (pl.any_horizontal(bits) if None in names else pl.col(columns.event).is_in(sorted(names)))
        kind = next(kind for size, kind in _MASKS if len(bits) <= size)
        value = [] if self.breakdown is None else [value_of(self.breakdown, schema, self.name).alias(_OWN)]
        subject = [] if self.cell is None else [pl.col(columns.subject)]
        return rows.filter(known).select(
            SUBJECT_HASH,
            *dict.fromkeys(order),
            at.cast(pl.Datetime("us", "UTC")).cast(pl.Int64).alias(chains.AT),
            pl.sum_horizontal(bit.cast(kind) * pl.lit(1 << place, kind) for place, bit in enumerate(bits)).alias(
                chains.MASK
            ),
            *value,
            *subject,
        )

    @property
    def _steps(self) -> list[Step]:
        """The steps, and what stands between them: a bit of the mask for each, in this order."""
        return [*self.steps, *(exclusion.step for exclusion in self.exclusions)]

    @property
    def _limited(self) -> bool:
        """Whether more than a window from the first entry says which rows reach a step."""
        return self.entry != "first" or self.order == "strict" or bool(self.step_windows or self.exclusions)

    @property
    def _entry(self) -> int:
        """The bit that is set where a subject may enter."""
        return 0 if self.end is None else len(self._steps)

    def _partial(self, found: pl.LazyFrame) -> pl.LazyFrame:
        subjects = self._subjects(found)
        if self.cell is not None:
            return self._members(subjects, self.cell)
        keys = [*([_VALUE] if self.breakdown else []), *([_PERIOD] if self.grain else []), "step"]
        took = pl.col(chains.AT) - pl.col(chains.BEGAN)
        if self.times:
            subjects = subjects.with_columns(bin_of(took).alias("took_bin"), bin_of(pl.col(chains.WAITED)).alias("bin"))
            keys += ["took_bin", "bin"]
        return subjects.group_by(keys).agg(
            pl.len().cast(pl.Int64).alias("subjects"),
            took.sum().alias("took"),
            pl.col(chains.WAITED).sum().alias("waited"),
        )

    def _reached(self, matching: pl.LazyFrame) -> pl.LazyFrame:
        """The rows at which subjects first reached a step; of rows that are in order."""
        if self.order == "any":
            until = None if self.end is None else _microseconds(self.end)
            return chains.any_order(
                matching, _twins(self.steps), window=self.window, until=until, value=self._entry_value
            )
        if self._limited:
            return self._in_order(matching, chains.in_order)
        return first_chains.in_order(
            matching, len(self.steps), entry=self._entry, window=self.window, value=self._entry_value
        )

    def _in_order(self, matching: pl.LazyFrame, find: Callable[..., pl.LazyFrame]) -> pl.LazyFrame:
        """The same by one that takes what `chains.in_order` takes."""
        count = len(self.steps)
        return find(
            matching,
            count,
            entry=self._entry,
            window=self.window,
            step_windows=self.step_windows or (None,) * (count - 1),
            exclusions={count + n: _spoiled(exclusion) for n, exclusion in enumerate(self.exclusions)},
            strict=self.order == "strict",
            first_only=self.entry == "first",
            value=self._entry_value,
        )

    @property
    def _entry_value(self) -> str | None:
        """The column whose value at the entry is a subject's."""
        return _OWN if self.breakdown is not None and self.attribution == "first" else None

    def _subjects(self, found: pl.LazyFrame) -> pl.LazyFrame:
        """A row per subject and step that it came to, with the subject's value and period."""
        # The last row of a subject is of the furthest step; what is said of the subject is what that attempt says.
        furthest = (pl.col(SUBJECT_HASH) != pl.col(SUBJECT_HASH).shift(-1)).fill_null(value=True)
        made = [(pl.col(chains.STEP).cast(pl.Int64) + 1).alias("step")]
        if self.grain is not None:
            began = pl.col(chains.BEGAN)
            if self.entry != "first":
                began = pl.when(furthest).then(began).backward_fill()
            moment = began.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
            made.append(
                grains.truncate(
                    moment, pl.Datetime("us", "UTC"), self.grain, time_zone=self.time_zone, week_start=self.week_start
                ).alias(_PERIOD)
            )
        if self.breakdown is not None:
            found = self._attributed(found, furthest)
        return found.with_columns(made)

    def _attributed(self, found: pl.LazyFrame, furthest: pl.Expr) -> pl.LazyFrame:
        """The same rows, each with the one value of its subject."""
        if self.attribution == "first" and self.entry == "first":
            return found.rename({chains.ENTRY_VALUE: _VALUE})
        if not isinstance(self.attribution, int):
            value = pl.col(chains.ENTRY_VALUE if self.attribution == "first" else _OWN).fill_null(_NONE)
            of_subject = pl.when(furthest).then(value).backward_fill()
            return found.with_columns(pl.when(of_subject != _NONE).then(of_subject).alias(_VALUE))
        there = found.filter(pl.col(chains.STEP) == self.attribution - 1)
        values = there.select(SUBJECT_HASH, pl.col(_OWN).alias(_VALUE))
        return found.join(values, on=SUBJECT_HASH, how="left", maintain_order="left")

    def _members(self, subjects: pl.LazyFrame, cell: FunnelCell) -> pl.LazyFrame:
        last = (pl.col(SUBJECT_HASH) != pl.col(SUBJECT_HASH).shift(-1)).fill_null(value=True)
        chosen = pl.col("step") == cell.step
        if cell.dropped:
            chosen = chosen & last
        if cell.others_than:
            named = pl.col(_VALUE).is_in([one for one in cell.others_than if one is not None])
            chosen = chosen & named.fill_null(value=None in cell.others_than).not_()
        elif not cell.any_breakdown:
            chosen = chosen & pl.col(_VALUE).eq_missing(pl.lit(cell.breakdown))
        if cell.period is not None:
            chosen = chosen & moments.of_period(pl.col(_PERIOD), cell.period)
        return subjects.filter(chosen).select(SUBJECT_HASH, self.columns.subject)


def _twins(steps: Sequence[Step]) -> list[int | None]:
    """For each step, the last one before it that means the same rows."""
    return [
        next((n for n in reversed(range(at)) if (steps[n].event, steps[n].where) == (step.event, step.where)), None)
        for at, step in enumerate(steps)
    ]


def _spoiled(exclusion: Exclusion) -> int:
    before = exclusion.before or exclusion.after + 1
    return sum(1 << step for step in range(exclusion.after, before))


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
