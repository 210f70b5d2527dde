"""What is kept of a group of rows so that groups of different parts can be put together exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from workbench.analytics.metrics import sums

__all__ = ["Column", "State", "state_of"]

# Whole numbers of which a group of rows can add up to more than 64 bits.
_WIDE = (pl.Int64, pl.UInt64)

Adding = Literal["sum", "min", "max"]


@dataclass(frozen=True, eq=False)
class Column:
    """One kept number: `row` is what a row contributes, `how` is how contributions (and partials) are put together."""

    name: str
    row: pl.Expr
    how: Adding

    @property
    def put_together(self) -> pl.Expr:
        column = pl.col(self.name)
        return column.sum() if self.how == "sum" else column.min() if self.how == "min" else column.max()


@dataclass(frozen=True, eq=False)
class State:
    """The kept numbers of one measure, and its result made from them."""

    columns: tuple[Column, ...]
    result: pl.Expr


def state_of(name: str, aggregation: str, value: pl.Expr | None, dtype: pl.DataType | None) -> State:
    """The state of an aggregation that is put together by adding or comparing.

    Args:
        name: Prefix of the kept columns.
        aggregation: count, sum, mean, min or max.
        value: What is aggregated, null where a row does not count. None counts rows.
        dtype: The value's type.
    """
    counted = pl.lit(1, pl.Int64) if value is None or dtype is None else value.is_not_null().cast(pl.Int64)
    rows = Column(f"{name}.n", counted, "sum")
    if value is None or dtype is None or aggregation == "count":
        return State((rows,), pl.col(rows.name))
    if aggregation in ("min", "max"):
        extreme = Column(f"{name}.x", value, "min" if aggregation == "min" else "max")
        return State((extreme,), pl.col(extreme.name))
    some = pl.col(rows.name) > 0
    if dtype.is_float():
        kept = tuple(Column(f"{name}.{suffix}", row, "sum") for suffix, row in sums.columns(value.cast(pl.Float64)))
        total = sums.total(name)
        mean = total / pl.col(rows.name)
    elif dtype in _WIDE:
        kept = tuple(Column(f"{name}.{suffix}", row, "sum") for suffix, row in sums.whole_columns(value))
        total = sums.whole_total(name)
        mean = sums.whole_mean(name, pl.col(rows.name))
    else:
        wide = value if dtype.is_decimal() else value.cast(pl.Int64)
        kept = (Column(f"{name}.s", wide, "sum"),)
        total = pl.col(f"{name}.s")
        mean = total.cast(pl.Float64) / pl.col(rows.name)
    return State((rows, *kept), pl.when(some).then(mean if aggregation == "mean" else total))
