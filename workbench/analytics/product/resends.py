"""Duplicates: events that came more than once, of which the latest row counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Final

import numpy as np
import polars as pl

from workbench.analytics.product.activity import counting, members, of_group
from workbench.analytics.product.events import EventColumns
from workbench.compute import SUBJECT_HASH, Compiled, grains
from workbench.foundation.errors import Invalid, unknown

__all__ = ["AMOUNT", "RESENT", "DuplicateSubjects", "Duplicates"]

AMOUNT, RESENT = "amount", "resent_amount"
_COUNTS: Final = ("rows", "kept", "ids", "duplicates", "share", "subjects")
_CODE: Final = Compiled("workbench.analytics.product.repeats")
_NUMBERS: Final = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
_AGAIN, _COPIES, _VALUE, _REST = ".again", ".copies", ".value", ".rest"


@dataclass(frozen=True)
class Duplicates:
    """How many rows a later row of the same id replaces.

    Of a subject's rows with one id the latest is kept, as `unique(keep="last")` and dbt's `deduplicate` with
    `order_by: time desc` do; the rows before it are duplicates. Of copies at one time the one with the greatest values
    is kept: those of `by` in their order, then the amount, a missing one being the least. Files do not keep the order
    in which rows arrived, so it cannot decide.

    All rows of an id belong to the group of the one that is kept: its period, its values. A row without an id is no
    duplicate of any. Rows without a subject or a time are not counted, as everywhere. An id tells the events of one
    subject apart: two subjects with the same id have an event each.

    Attributes:
        id: The column whose value a resent event has again: text or whole number; None for that of `columns`.
        by: Columns by whose values the counts are told apart.
        amount: A column of numbers that is added up. Whole numbers add up within 64 bits; of floats the last digits of
            a sum depend on how the rows were cut into parts.
        grain: By the period of the rows that are kept; None for all together.
        start: Only ids whose kept row is at or after this time; None for all.
        end: Only ids whose kept row is before this time.
    """

    columns: EventColumns
    id: str | None = None
    by: tuple[str, ...] = ()
    amount: str | None = None
    grain: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    time_zone: str = "UTC"
    week_start: int = 1

    name = "duplicates"
    by_subject = True
    ordered = True

    @property
    def told_by(self) -> str:
        """The column of ids.

        Raises:
            Invalid: Neither these duplicates nor their columns say which it is.
        """
        found = self.id or self.columns.id
        if found is None:
            raise Invalid("duplicates need a column that tells events apart", hint="name it: id='event_id'")
        return found

    @property
    def keys(self) -> list[str]:
        """What the counts are told apart by."""
        return [*(["period"] if self.grain else []), *self.by]

    def check(self, schema: Mapping[str, pl.DataType], dataset: str) -> None:
        """
        Raises:
            Invalid: No id, an unknown column, one of a type that does not fit, or one of a name that the result has.
        """
        self.columns.check(schema, dataset)
        if self.told_by not in schema:
            raise unknown(f"column of ids in dataset '{dataset}' called", self.told_by, schema, error=Invalid)
        dtype = schema[self.told_by]
        if not (dtype.is_integer() or dtype == pl.String):
            raise Invalid(f"the id '{self.told_by}' is {dtype}; it has to be a text or a whole number")
        for name in self.by:
            if name not in schema:
                raise unknown("column to tell duplicates apart by called", name, schema, error=Invalid)
            if name in (*_COUNTS, AMOUNT, RESENT, *(["period"] if self.grain else [])):
                raise Invalid(
                    f"duplicates by '{name}' would have two columns of that name", hint="rename it in the dataset"
                )
        if self.amount is None:
            return
        if self.amount not in schema:
            raise unknown("column of amounts called", self.amount, schema, error=Invalid)
        dtype = schema[self.amount]
        if not (dtype.is_integer() or dtype.is_float()):
            raise Invalid(f"the amount '{self.amount}' is {dtype}; it has to be a number", hint="cast the column")

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Per group: rows, ids, duplicates, subjects with duplicates, and both amounts."""
        return self._counted(rows, None)

    def partial_of_runs(self, rows: pl.LazyFrame, *, chronological: bool, compiled: bool = False) -> pl.LazyFrame:
        """What `partial` gives; the rows' order does not matter to plans."""
        del chronological
        return self._counted(rows, _CODE() if compiled else None)

    def _counted(self, rows: pl.LazyFrame, code: ModuleType | None) -> pl.LazyFrame:
        marked = self._marked(rows, code)
        alone = pl.col(_AGAIN).not_()
        once = [
            alone.sum().cast(pl.Int64).alias("rows"),
            (alone & pl.col(self.told_by).is_not_null()).sum().cast(pl.Int64).alias("ids"),
            pl.lit(0, pl.Int64).alias("duplicates"),
            pl.lit(0, pl.Int64).alias("subjects"),
        ]
        several = [
            pl.col(_COPIES).sum().alias("rows"),
            pl.len().cast(pl.Int64).alias("ids"),
            (pl.col(_COPIES) - 1).sum().alias("duplicates"),
            pl.col(SUBJECT_HASH).filter(pl.col(_COPIES) > 1).n_unique().cast(pl.Int64).alias("subjects"),
        ]
        single = self._of_time(marked)
        if self.amount is not None:
            single = single.with_columns(pl.when(alone).then(_VALUE).alias(_VALUE))
            none = pl.lit(0).cast(self._amount_type(rows))
            once += [pl.col(_VALUE).sum().alias(AMOUNT), none.alias(RESENT)]
            several += [pl.col(_VALUE).sum().alias(AMOUNT), pl.col(_REST).sum().alias(RESENT)]
        # Leaving out the few rows of the others is slower than counting them as nothing.
        return pl.concat([self._grouped(single, once), self._grouped(self._kept(marked.filter(_AGAIN)), several)])

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """A row per group, sorted: rows, kept, ids, duplicates, share (of rows), subjects; with an amount also
        `amount`, that of the rows that are kept, and `resent_amount`, that of the duplicates."""
        amounts = [] if self.amount is None else [AMOUNT, RESENT]
        added = self._grouped(partials, [pl.col("rows", "ids", "duplicates", "subjects", *amounts).sum()])
        share = pl.when(pl.col("rows") > 0).then(pl.col("duplicates") / pl.col("rows")).alias("share")
        told = added.with_columns((pl.col("rows") - pl.col("duplicates")).alias("kept"), share)
        told = told.select(*self.keys, *_COUNTS, *amounts)
        return told.filter(pl.col("rows") > 0).sort(self.keys, nulls_last=True) if self.keys else told

    def subjects(self, **of: object) -> DuplicateSubjects:
        """The analysis that returns who has duplicates in a group.

        Args:
            of: `period` and columns of `by`; what is not said may be anything.

        Raises:
            Invalid: The result has no such column.
        """
        for name in of:
            if name not in self.keys:
                raise unknown("column that duplicates are told apart by called", name, self.keys, error=Invalid)
        return DuplicateSubjects(self, tuple(of.items()))

    def resent(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The row that is kept of each id that has duplicates, with `SUBJECT_HASH` and the columns of the groups."""
        return self._kept(self._marked(rows, None).filter(_AGAIN)).filter(pl.col(_COPIES) > 1)

    def _marked(self, rows: pl.LazyFrame, code: ModuleType | None) -> pl.LazyFrame:
        """The columns that are needed of rows that count; `_AGAIN` says which ids may have come before.

        Few ids come twice, and finding those is cheap: of sorted numbers equal ones stand side by side. So only their
        rows are looked at one by one. A text, or a number of 128 bits, stands for its hash here; whoever shares one is
        told apart later.

        Args:
            code: What `_CODE` gives, where rows lie in sorted runs.
        """
        id, columns = pl.col(self.told_by), self.columns
        schema = rows.collect_schema()
        chosen = dict.fromkeys((SUBJECT_HASH, columns.time, self.told_by, *self.by))
        amounts = []
        if self.amount is not None:
            amount = pl.col(self.amount).cast(self._amount_type(rows))
            amounts.append((amount.fill_nan(None) if schema[self.amount].is_float() else amount).alias(_VALUE))
        number = id if schema[self.told_by] in _NUMBERS else id.hash()
        again = (_twice(number) if code is None else _twice_in_runs(number, code)) & id.is_not_null()
        known = rows.filter(counting(columns))
        return known.select(*chosen, *amounts, again.fill_null(value=False).alias(_AGAIN))

    def _kept(self, marked: pl.LazyFrame) -> pl.LazyFrame:
        """The row that is kept of each id, with how many copies there are and what the others' amounts add up to."""
        key = [SUBJECT_HASH, self.told_by]
        amounts = [] if self.amount is None else [_VALUE]
        own = list(dict.fromkeys((self.columns.time, *self.by, *amounts)))
        sums = [pl.col(_VALUE).sum().alias(_REST)] if amounts else []
        kept = (
            marked.sort(list(dict.fromkeys((*key, *own))))
            .group_by(key)
            .agg(
                pl.len().cast(pl.Int64).alias(_COPIES), *sums, pl.col([name for name in own if name not in key]).last()
            )
        )
        if amounts:
            kept = kept.with_columns(pl.col(_REST) - pl.col(_VALUE).fill_null(0))
        return self._of_time(kept)

    def _of_time(self, kept: pl.LazyFrame) -> pl.LazyFrame:
        """The ids that count, with the period that each belongs to."""
        time = pl.col(self.columns.time)
        utc = pl.Datetime("us", "UTC")
        if self.start is not None:
            kept = kept.filter(time >= pl.lit(self.start, dtype=utc))
        if self.end is not None:
            kept = kept.filter(time < pl.lit(self.end, dtype=utc))
        if self.grain is None:
            return kept
        dtype = kept.collect_schema()[self.columns.time]
        period = grains.truncate(time, dtype, self.grain, time_zone=self.time_zone, week_start=self.week_start)
        return kept.with_columns(period.alias("period"))

    def _grouped(self, rows: pl.LazyFrame, sums: list[pl.Expr]) -> pl.LazyFrame:
        return rows.group_by(self.keys).agg(sums) if self.keys else rows.select(sums)

    def _amount_type(self, rows: pl.LazyFrame) -> pl.DataType:
        return pl.Float64() if rows.collect_schema()[str(self.amount)].is_float() else pl.Int64()


def _twice(number: pl.Expr) -> pl.Expr:
    """Which numbers are there several times; of missing ones it may say anything."""
    ascending = number.sort()
    return number.is_in(ascending.filter(ascending == ascending.shift(1)).implode())


def _twice_in_runs(number: pl.Expr, code: ModuleType) -> pl.Expr:
    """The same of rows that lie in runs sorted by `SUBJECT_HASH`, where a number may count for each subject anew."""

    def found(rows: pl.Series) -> pl.Series:
        numbers = rows.struct.field("number")
        signed = numbers.dtype.is_signed_integer()
        whole = numbers.cast(pl.Int64) if signed else numbers.cast(pl.UInt64).reinterpret(signed=True)
        subjects, ids = (column.rechunk().to_numpy() for column in (rows.struct.field("subject"), whole.fill_null(0)))
        marks = np.zeros(len(rows), np.bool_)
        if code.repeats(subjects, ids, marks):
            return pl.Series(marks)
        return pl.DataFrame(numbers).select(_twice(pl.col("number"))).to_series()

    both = pl.struct(pl.col(SUBJECT_HASH).alias("subject"), number.alias("number"))
    return both.map_batches(found, return_dtype=pl.Boolean)


@dataclass(frozen=True)
class DuplicateSubjects:
    """Who has duplicates in a group: `SUBJECT_HASH` and the subject, one row each."""

    duplicates: Duplicates
    of: tuple[tuple[str, object], ...]

    name = "subjects of duplicates"
    by_subject = True
    ordered = True

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        found = of_group(self.duplicates.resent(rows), self.of, grain=self.duplicates.grain)
        return members(rows, found, self.duplicates.columns)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """By subject."""
        return partials.sort(self.duplicates.columns.subject)
