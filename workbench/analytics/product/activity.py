"""In which periods subjects did a step, and who the subjects are that a result counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce

import polars as pl

from workbench.analytics.product.events import EventColumns, Step
from workbench.analytics.product.periods import Every
from workbench.compute import SUBJECT_HASH, moments

__all__ = ["PERIOD", "active", "counting", "in_order", "members", "of_group"]

PERIOD = ".period"


def counting(columns: EventColumns, until: datetime | None = None) -> pl.Expr:
    """Rows that count at all: of somebody, at some time, before `until`."""
    some = pl.col(SUBJECT_HASH).is_not_null() & pl.col(columns.time).is_not_null()
    return some if until is None else some & (pl.col(columns.time) < pl.lit(until, dtype=pl.Datetime("us", "UTC")))


def active(
    rows: pl.LazyFrame, columns: EventColumns, steps: Mapping[str, Step], every: Every, until: datetime
) -> pl.LazyFrame:
    """The subjects and the periods in which they did one of the steps before `until`; some pairs come several times.

    A row that says what the row before it says is left out. In runs sorted by subject and time these are most of the
    repeats, at a fraction of what a hash table would take; in any other order it does no harm.

    Args:
        steps: Name of a column of the result -> the step that it says true or false of.

    Returns:
        `SUBJECT_HASH` (Int64), `PERIOD` (Int32), and the named columns, which are never null.
    """
    schema = rows.collect_schema()
    done = {name: step.rows(columns, schema) for name, step in steps.items()}
    any_of_them = reduce(pl.Expr.or_, done.values())
    pairs = rows.filter(counting(columns, until) & any_of_them).select(
        SUBJECT_HASH,
        every.number(columns.time, schema).alias(PERIOD),
        *(expression.alias(name) for name, expression in done.items()),
    )
    return _without_repeats(pairs, [SUBJECT_HASH, PERIOD, *(steps if len(steps) > 1 else ())])


def in_order(pairs: pl.LazyFrame) -> pl.LazyFrame:
    """Each subject and period of `active` once, by subject and period. For analyses that are `ordered`.

    A sort that keeps the order of equals sees runs that are sorted already, and costs a fifth of a hash table.
    """
    pairs = pairs.select(SUBJECT_HASH, PERIOD).sort(SUBJECT_HASH, PERIOD, maintain_order=True)
    return _without_repeats(pairs, [SUBJECT_HASH, PERIOD])


def _without_repeats(rows: pl.LazyFrame, said: Sequence[str]) -> pl.LazyFrame:
    return rows.filter(reduce(pl.Expr.or_, [pl.col(name).ne_missing(pl.col(name).shift(1)) for name in said]))


def of_group(found: pl.LazyFrame, of: Iterable[tuple[str, object]], *, grain: str | None) -> pl.LazyFrame:
    """The rows of one group of a result.

    Args:
        of: Column -> what it has to be; missing is a value.
        grain: That of the column `period`, if there is one that is a result's own.
    """
    for name, value in of:
        own = name == "period" and grain is not None
        found = found.filter(moments.of_period(pl.col(name), value) if own else pl.col(name).eq_missing(pl.lit(value)))
    return found


def members(rows: pl.LazyFrame, hashes: pl.LazyFrame, columns: EventColumns) -> pl.LazyFrame:
    """Who has these hashes: `SUBJECT_HASH` and the column of subjects, one row each.

    Args:
        rows: All rows of these subjects are among them.
        hashes: With the column `SUBJECT_HASH`; may name one several times.
    """
    theirs = rows.select(SUBJECT_HASH, columns.subject).join(hashes.select(SUBJECT_HASH), on=SUBJECT_HASH, how="semi")
    return theirs.group_by(SUBJECT_HASH).agg(pl.col(columns.subject).min())
