"""Some of a dataset's rows: those that meet a condition, in an order; a page of them, or all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from workbench.compute import expressions
from workbench.foundation.errors import Invalid, unknown

__all__ = ["RowPage", "computing", "page", "selected"]


@dataclass(frozen=True)
class RowPage:
    """Rows, and of how many they are a part.

    Attributes:
        total: How many rows meet the condition, shown or not.
    """

    frame: pl.DataFrame
    total: int


def page(
    rows: pl.LazyFrame,
    *,
    columns: Sequence[str] = (),
    where: str | None = None,
    order: Sequence[str] = (),
    offset: int = 0,
    limit: int = 100,
) -> RowPage:
    """A part of what `selected` gives, and how many rows that has.

    Raises:
        Invalid: No such column, or the condition is none or cannot be computed.
    """
    met = _meeting(rows, where)
    shown = _arranged(met, columns, order).slice(offset, limit)
    with computing(where):
        frame, count = pl.collect_all([shown, met.select(pl.len())], engine="streaming")
    return RowPage(frame, int(count.item()))


def selected(
    rows: pl.LazyFrame, *, columns: Sequence[str] = (), where: str | None = None, order: Sequence[str] = ()
) -> pl.LazyFrame:
    """Those of `rows`, which are as their reader may see them, that meet a condition.

    Args:
        columns: Which columns, in this order; all when none are given.
        where: SQL condition over one row's columns.
        order: Columns to sort by, descending with a leading minus; nulls come last, and equal rows stay as they were.

    Raises:
        Invalid: No such column, or the condition is none.
    """
    return _arranged(_meeting(rows, where), columns, order)


def _meeting(rows: pl.LazyFrame, where: str | None) -> pl.LazyFrame:
    if where is None:
        return rows
    schema = rows.collect_schema()
    keep = expressions.parse_filter(where, schema, "where")
    # The optimizer would join the condition with the policy's and compute it on hidden rows too, whose values then
    # stood in the error of a cast that fails.
    return rows.map_batches(_unchanged, predicate_pushdown=False, streamable=True, schema=schema).filter(keep)


def _arranged(rows: pl.LazyFrame, columns: Sequence[str], order: Sequence[str]) -> pl.LazyFrame:
    schema = rows.collect_schema()
    descending = [term.startswith("-") and term not in schema for term in order]
    by = [term[1:] if down else term for term, down in zip(order, descending, strict=True)]
    for name in (*columns, *by):
        if name not in schema:
            raise unknown("column", name, schema, error=Invalid)
    if twice := next((name for name in columns if list(columns).count(name) > 1), None):
        raise Invalid(f"the column '{twice}' is asked for twice")
    if by:
        rows = rows.sort(by, descending=descending, nulls_last=True, maintain_order=True)
    return rows.select(columns or pl.all())


@contextmanager
def computing(where: str | None) -> Iterator[None]:
    """What was selected by a condition is computed in the block: that it cannot be is the condition's fault."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        if where is None:
            raise
        raise Invalid(
            f"where cannot be computed: {str(error).strip().splitlines()[0]}", hint="TRY_CAST gives null instead"
        ) from error


def _unchanged(frame: pl.DataFrame) -> pl.DataFrame:
    return frame
