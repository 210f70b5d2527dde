"""What is kept of a group of rows so that groups of different parts can be put together exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from workbench.analytics.metrics import sums

__all__ = ["Column", "State", "distinct_state", "state_of"]

# Whole numbers of which a group of rows can add up to more than 64 bits.
_WIDE = (pl.Int64, pl.UInt64)

Adding = Literal["sum", "min", "max", "first", "last"]


@dataclass(frozen=True, eq=False)
class Column:
    """One kept number: `row` is what a row contributes, `how` is how contributions (and partials) are put together.

    What is first or last is so by the columns `by`; missing ones come after all others, whichever is asked for.
    Of a `distinct` column a row contributes a value: there are as many as differ, and partials have none in common.
    """

    name: str
    row: pl.Expr
    how: Adding
    by: tuple[str, ...] = ()
    distinct: bool = False

    @property
    def gathered(self) -> pl.Expr:
        """Of the rows of a group, one partial."""
        column = pl.col(self.name)
        if self.distinct:
            return column.drop_nulls().n_unique().cast(pl.Int64)
        return self.put_together

    @property
    def put_together(self) -> pl.Expr:
        column = pl.col(self.name)
        if self.by:
            last = [self.how == "last"] * len(self.by)
            return column.sort_by(self.by, descending=last, nulls_last=True).first()
        return column.sum() if self.how == "sum" else column.min() if self.how == "min" else column.max()


@dataclass(frozen=True, eq=False)
class State:
    """The kept numbers of one measure, and its result made from them."""

    columns: tuple[Column, ...]
    result: pl.Expr


def distinct_state(name: str, value: pl.Expr) -> State:
    """How many distinct values there are, where no two partials have one in common.

    Args:
        name: Prefix of the kept column.
        value: Null where a row does not count.
    """
    number = Column(f"{name}.n", value, "sum", distinct=True)
    return State((number,), pl.col(number.name))


def state_of(
    name: str,
    aggregation: str,
    value: pl.Expr | None,
    dtype: pl.DataType | None,
    deciding: Sequence[pl.Expr] = (),
) -> State:
    """The state of an aggregation that is put together by adding or comparing.

    Args:
        name: Prefix of the kept columns.
        aggregation: count, sum, mean, min, max, first or last.
        value: What is aggregated, null where a row does not count. None counts rows.
        dtype: The value's type.
        deciding: Of first and last: which row that is, the time foremost; the value decides where all are equal.
    """
    if value is not None and aggregation in ("first", "last"):
        how: Adding = "last" if aggregation == "last" else "first"
        counts = value.is_not_null() & deciding[0].is_not_null()
        rows = (*deciding, value)
        names = tuple(f"{name}.o{place}" for place in range(len(rows)))
        return State(
            tuple(Column(n, pl.when(counts).then(row), how, names) for n, row in zip(names, rows, strict=True)),
            pl.col(names[-1]),
        )
    counted = pl.lit(1, pl.Int64) if value is None or dtype is None else value.is_not_null().cast(pl.Int64)
    number = Column(f"{name}.n", counted, "sum")
    if value is None or dtype is None or aggregation == "count":
        return State((number,), pl.col(number.name))
    if aggregation in ("min", "max"):
        extreme = Column(f"{name}.x", value, "min" if aggregation == "min" else "max")
        return State((extreme,), pl.col(extreme.name))
    some = pl.col(number.name) > 0
    if dtype.is_float():
        kept = tuple(Column(f"{name}.{suffix}", row, "sum") for suffix, row in sums.columns(value.cast(pl.Float64)))
        total = sums.total(name)
        mean = total / pl.col(number.name)
    elif dtype in _WIDE:
        kept = tuple(Column(f"{name}.{suffix}", row, "sum") for suffix, row in sums.whole_columns(value))
        total = sums.whole_total(name)
        mean = sums.whole_mean(name, pl.col(number.name))
    else:
        wide = value if dtype.is_decimal() else value.cast(pl.Int64)
        kept = (Column(f"{name}.s", wide, "sum"),)
        total = pl.col(f"{name}.s")
        mean = total.cast(pl.Float64) / pl.col(number.name)
    return State((number, *kept), pl.when(some).then(mean if aggregation == "mean" else total))
