"""How far each subject comes along a row of steps: the rows at which it first reaches each of them.

One pass over rows that are sorted by subject and time. Numbers of rows grow with subject and time alike, so that a
running "latest row at which step k was reached" is one forward fill, and belongs to the present subject if it is not
before that subject's first row. Of all ways to have come to a step, the one over the latest row of the step before is
the best: it began last and it waited least, so it fits into every window that any other one fits into. (The state of
PostHog's funnel, its `entered_timestamp`, is the same.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from workbench.compute import SUBJECT_HASH

__all__ = ["AT", "BEGAN", "ENTRY_VALUE", "MASK", "STEP", "WAITED", "any_order", "bit", "in_order", "latest"]

AT, MASK = ".at", ".mask"
STEP, BEGAN, WAITED, ENTRY_VALUE = ".step", ".began", ".waited", ".entry_value"
_ROW, _FIRST = ".row", ".first"


def in_order(
    rows: pl.LazyFrame,
    steps: int,
    *,
    entry: int,
    window: int,
    step_windows: Sequence[int | None],
    exclusions: Mapping[int, int],
    strict: bool,
    first_only: bool,
    value: str | None = None,
) -> pl.LazyFrame:
    """The rows at which a subject first reaches a step, each step after the one before.

    Args:
        rows: Sorted by `SUBJECT_HASH`, then time. `AT`: microseconds since 1970. `MASK`: bit k is set where the row is
            of step k; further bits as the next arguments say.
        entry: The bit that is set where a subject may enter with the row.
        window: Microseconds from the entry to any step.
        step_windows: Microseconds from one step to the next, or None; one entry less than steps.
        exclusions: The bit of each, and the steps that it spoils when it stands before them: bit k for "between k - 1
            and k".
        strict: A step's row has to come right after that of the step before.
        first_only: A subject enters once, with its first entry.
        value: A column of which the entry's value is wanted, in `ENTRY_VALUE`.

    Returns:
        Of these rows, with their columns: `STEP` (from 0), `BEGAN` (when the way to the step began) and `WAITED`
        (microseconds since the step before; null for step 0). Sorted as they were given, which is also by `STEP` for
        each subject.
    """
    at, subject, enters = pl.col(AT), pl.col(SUBJECT_HASH), bit(entry)
    found = rows.with_columns(latest(enters, subject).alias(".entered"))
    if first_only:
        enters = enters & (pl.col(".entered").shift(1) != subject).fill_null(value=True)
    found = found.with_columns(enters.alias("ok 0"))
    found = found.with_columns(latest(pl.col("ok 0"), at).alias("began 0"))
    # What lies before an entry or beyond its window is on nobody's way: the rest is done on far fewer rows.
    found = _numbered(
        found.filter((pl.col(".entered") == subject) & (at - pl.col("began 0") <= window)),
        pl.col("ok 0") if first_only else None,  # what is left of a subject then begins with its entry
    )
    entry_row = pl.col(_FIRST) if first_only else latest(pl.col("ok 0"), pl.col(_ROW))
    found = found.with_columns(entry_row.alias("reached 0"), entry_row.alias("row 0"), pl.col("began 0").alias("at 0"))
    found = found.with_columns((pl.col("ok 0") & ~_own(pl.col("reached 0").shift(1))).alias("new 0"))
    for step in range(1, steps):
        before, began, row, last = (pl.col(f"{name} {step - 1}").shift(1) for name in ("reached", "began", "row", "at"))
        fits = [bit(step), _own(before), at - began <= window]
        if strict:
            fits.append(before == pl.col(_ROW) - 1)
        limit = step_windows[step - 1]
        if limit is not None:
            fits.append(at - last <= limit)
        for place, spoiled in exclusions.items():
            if spoiled >> step & 1:
                fits.append((latest(bit(place), pl.col(_ROW)).shift(1) <= before).fill_null(value=True))
        ok = pl.col(f"ok {step}")
        found = found.with_columns(pl.all_horizontal(fits).fill_null(value=False).alias(f"ok {step}"))
        found = found.with_columns(
            latest(ok, pl.col(_ROW)).alias(f"reached {step}"),
            (pl.col("began 0") if first_only else latest(ok, began)).alias(f"began {step}"),
            (pl.col("row 0") if first_only else latest(ok, row)).alias(f"row {step}"),
            latest(ok, at).alias(f"at {step}"),
            (at - last).alias(f"waited {step}"),
        )
        found = found.with_columns((ok & ~_own(pl.col(f"reached {step}").shift(1))).alias(f"new {step}"))
    none = pl.lit(None, pl.Int64)
    reached = [pl.col(f"new {step}") for step in range(steps)]
    if value is not None:
        row = _chosen(reached, [pl.col(f"row {step}") for step in range(steps)])
        found = found.with_columns(pl.col(value).gather(row).alias(ENTRY_VALUE))
    return found.filter(pl.any_horizontal(reached)).select(
        *rows.collect_schema().names(),
        *([] if value is None else [ENTRY_VALUE]),
        _chosen(reached, [pl.lit(step, pl.UInt8) for step in range(steps)]).alias(STEP),
        _chosen(reached, [pl.col(f"began {step}") for step in range(steps)]).alias(BEGAN),
        _chosen(reached, [none, *(pl.col(f"waited {step}") for step in range(1, steps))]).alias(WAITED),
    )


def any_order(
    rows: pl.LazyFrame, same: Sequence[int | None], *, window: int, until: int | None, value: str | None = None
) -> pl.LazyFrame:
    """The rows at which a subject has first done so many of the steps, in any order, within one window.

    Args:
        rows: As for `in_order`; nobody enters by a step of their own.
        same: For each step, the step before it that is the same one, if any: of two such steps each needs a row.
        window: Microseconds from the first of the steps to the last.
        until: The first has to be before this time; microseconds since 1970.
        value: A column of which the first row's value is wanted, in `ENTRY_VALUE`.

    Returns:
        As `in_order`; a row with which two more steps are done stands there twice. `WAITED` is the time since the
        latest of the steps done before.
    """
    at, steps = pl.col(AT), len(same)
    found = _numbered(rows)
    for step, twin in enumerate(same):
        if twin is None:
            found = found.with_columns(
                latest(bit(step), pl.col(_ROW)).alias(f"row {step}"), latest(bit(step), at).alias(f"at {step}")
            )
        else:
            found = found.with_columns(
                latest(bit(step), pl.col(f"row {twin}").shift(1)).alias(f"row {step}"),
                latest(bit(step), pl.col(f"at {twin}").shift(1)).alias(f"at {step}"),
            )
    inside = [
        (_own(pl.col(f"row {step}")) & (at - pl.col(f"at {step}") <= window)).fill_null(value=False)
        for step in range(steps)
    ]
    found = found.with_columns(
        pl.sum_horizontal(done.cast(pl.Int64) for done in inside).alias(".done"),
        _least([pl.when(done).then(pl.col(f"row {step}")) for step, done in enumerate(inside)]).alias(".began_row"),
        _least([pl.when(done).then(pl.col(f"at {step}")) for step, done in enumerate(inside)]).alias(BEGAN),
    )
    if until is not None:
        found = found.with_columns(pl.when(pl.col(BEGAN) < until).then(pl.col(".done")).otherwise(0).alias(".done"))
    # A running maximum of one subject: numbers of rows are larger than those of any subject before.
    most = (pl.col(_FIRST) * (steps + 1) + pl.col(".done")).cum_max() - pl.col(_FIRST) * (steps + 1)
    found = found.with_columns(most.alias(".most"))
    before = pl.when(pl.col(_FIRST) == pl.col(_FIRST).shift(1)).then(pl.col(".most").shift(1)).otherwise(0)
    found = found.with_columns(before.fill_null(0).alias(".before"), at.shift(1).alias(".previous"))
    kept = rows.collect_schema().names()
    if value is not None:
        found = found.with_columns(pl.col(value).gather(".began_row").alias(ENTRY_VALUE))
        kept.append(ENTRY_VALUE)
    newly = [
        found.filter((pl.col(".done") > step) & (pl.col(".before") <= step)).select(
            *kept,
            pl.lit(step, pl.UInt8).alias(STEP),
            BEGAN,
            (at - pl.col(".previous") if step else pl.lit(None, pl.Int64)).alias(WAITED),
        )
        for step in range(steps)
    ]
    return pl.concat(newly).sort(SUBJECT_HASH, STEP)


def _numbered(rows: pl.LazyFrame, first: pl.Expr | None = None) -> pl.LazyFrame:
    """With the number of each row, and that of its subject's first row; `first`: which that is, where it is known."""
    number = pl.int_range(pl.len(), dtype=pl.Int64)
    if first is None:
        first = (pl.col(SUBJECT_HASH) != pl.col(SUBJECT_HASH).shift(1)).fill_null(value=True)
    return rows.with_columns(number.alias(_ROW)).with_columns(latest(first, pl.col(_ROW)).alias(_FIRST))


def bit(place: int) -> pl.Expr:
    """Whether a row's mask says so."""
    return (pl.col(MASK) & (1 << place)) != 0


def latest(where: pl.Expr, value: pl.Expr) -> pl.Expr:
    """The value at the last row, up to this one, where something holds; of whatever subject."""
    return pl.when(where).then(value).forward_fill()


def _own(row: pl.Expr) -> pl.Expr:
    """Whether the number of a row is one of this row's subject; false for null."""
    return (row >= pl.col(_FIRST)).fill_null(value=False)


def _chosen(where: Sequence[pl.Expr], values: Sequence[pl.Expr]) -> pl.Expr:
    return pl.coalesce(pl.when(holds).then(value) for holds, value in zip(where, values, strict=True))


def _least(values: Sequence[pl.Expr]) -> pl.Expr:
    return pl.min_horizontal(values)
