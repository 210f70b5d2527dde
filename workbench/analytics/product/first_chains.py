"""How far each subject comes along a row of steps that it enters once, with its first entry.

What `chains.in_order` answers for any limits is found with less here, where a window from the entry is the only one:
the earliest row of each step after that of the step before is then the best, so after each step only the rows behind
it are left to look at. Most subjects have few.
"""

from __future__ import annotations

import polars as pl

from workbench.analytics.product.chains import AT, BEGAN, ENTRY_VALUE, MASK, STEP, WAITED, bit, latest
from workbench.compute import SUBJECT_HASH

__all__ = ["in_order", "without_later_entries"]

_BEHIND, _LAST = ".behind", ".last"


def in_order(rows: pl.LazyFrame, steps: int, *, entry: int, window: int, value: str | None = None) -> pl.LazyFrame:
    """The rows at which a subject first reaches a step, each step after the one before.

    Args and result are those of `chains.in_order` with `first_only`.
    """
    at, subject, step = pl.col(AT), pl.col(SUBJECT_HASH), pl.col(STEP)
    behind, reached = pl.col(_BEHIND) == subject, step.is_not_null()
    columns = rows.collect_schema().names()
    found = rows.with_columns(latest(bit(entry), subject).alias(_BEHIND))
    first = bit(entry) & pl.col(_BEHIND).shift(1).ne_missing(subject)
    found = found.with_columns(pl.when(first).then(pl.lit(0, pl.UInt8)).alias(STEP))
    found = found.with_columns(latest(reached, at).alias(BEGAN))
    found = found.with_columns(pl.col(BEGAN).alias(_LAST), pl.lit(None, pl.Int64).alias(WAITED))
    left = (1 << steps) - 2
    found = found.filter(behind & (at - pl.col(BEGAN) <= window) & (reached | (pl.col(MASK) & left != 0)))
    for number in range(1, steps):
        left &= ~(1 << number)
        here = bit(number) & step.is_null()
        found = found.with_columns(latest(here, subject).alias(_BEHIND))
        new = here & pl.col(_BEHIND).shift(1).ne_missing(subject)
        found = found.with_columns(
            pl.when(new).then(pl.lit(number, pl.UInt8)).otherwise(step).alias(STEP),
            pl.when(new).then(at - pl.col(_LAST)).otherwise(WAITED).alias(WAITED),
            latest(here, at).shift(1).alias(_LAST),  # of those before the row, which may be the step again
        )
        found = found.filter(reached | (behind & (pl.col(MASK) & left != 0)))
    made = [step, pl.col(BEGAN), pl.col(WAITED)]
    if value is not None:
        entered = latest(step == 0, pl.int_range(pl.len(), dtype=pl.UInt32))
        made.append(pl.col(value).gather(entered).alias(ENTRY_VALUE))
    return found.select(*columns, *made)


def without_later_entries(rows: pl.LazyFrame, *, entry: int, others: int) -> pl.LazyFrame:
    """The rows without most of those that nothing but a later entry would make matter, so that fewer are sorted.

    Any order of the rows is right; the more of a subject's stand beside each other, the more are left out.

    Args:
        entry: The bit of entries.
        others: All bits but that and those that only say the same.
    """
    mask, before = pl.col(MASK), pl.col(AT).shift(1) < pl.col(AT)
    same = pl.col(SUBJECT_HASH).shift(1) == pl.col(SUBJECT_HASH)
    later = same & before & bit(entry).shift(1) & bit(entry) & (mask & others == 0)
    return rows.filter(later.fill_null(value=False).not_())
