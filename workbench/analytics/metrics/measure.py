"""One number to compute, what it is computed by, and which rows count: as data, and as expressions over a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce

import polars as pl

from workbench.compute import expressions, grains
from workbench.foundation.errors import Invalid, unknown

__all__ = [
    "WHERE",
    "Key",
    "Measure",
    "Window",
    "bounds_of",
    "key_of",
    "named_types",
    "type_of",
    "value_of",
    "with_condition",
]

WHERE = "the where of the query"


@dataclass(frozen=True)
class Key:
    """What rows are grouped by: a column, an expression, or a time cut to a grain.

    Attributes:
        name: The column of the result.
        sql: An expression over one row's columns; None for the column `column`.
        column: Where it comes from, unless `sql` says.
        grain: Set for a time column.
    """

    name: str
    column: str = ""
    sql: str | None = None
    grain: str | None = None
    time_zone: str = "UTC"
    week_start: int = 1


@dataclass(frozen=True)
class Measure:
    """One number to compute per group; `name` is the column of the result.

    Attributes:
        time: Of `first` and `last`: the column that says which row that is; rows without a time never count.
        tie: Of `first` and `last`: the column that decides among rows of one time; equal ones, the value decides.
        approximate: Of distinct counts and quantiles: made from a sketch, which is smaller than the values are.
    """

    name: str
    aggregation: str
    column: str | None = None
    filter: str | None = None
    percentile: float | None = None
    time: str | None = None
    tie: str | None = None
    approximate: bool = False

    @property
    def quantile(self) -> float | None:
        if self.aggregation == "median":
            return 0.5
        return None if self.percentile is None else self.percentile / 100

    @property
    def needs_values(self) -> bool:
        return self.aggregation in ("median", "percentile", "count_distinct")

    @property
    def by_order(self) -> bool:
        return self.aggregation in ("first", "last")

    @property
    def deciding(self) -> tuple[str, ...]:
        """The columns that say which row is first or last, the value itself besides."""
        return tuple(name for name in (self.time, self.tie) if name is not None) if self.by_order else ()


@dataclass(frozen=True)
class Window:
    """A half-open range of a time column: at or after `start`, before `end`; None leaves a side open."""

    column: str
    start: date | datetime | None
    end: date | datetime | None


def value_of(measure: Measure, columns: dict[str, pl.DataType], *, of: str | None = None) -> pl.Expr:
    """What a row gives to a measure; null where it does not count.

    Args:
        of: The column that the values are taken of, where it is not the measure's.
    """
    column = of or measure.column
    if column is None:
        value = pl.lit(1, pl.Int64)
    else:
        value = pl.col(column)
        dtype = _dtype(column, columns)
        if dtype.is_float():
            # NaN does not count, and -0.0 is 0.0: which of two equal zeros comes first may not show.
            value = pl.when(value == 0).then(pl.lit(0.0, dtype)).otherwise(value.fill_nan(None))
        if measure.quantile is not None and not dtype.is_integer():  # which are counted quicker as they are
            value = value.cast(pl.Float64)
    if measure.filter is None:
        return value
    condition = expressions.parse(measure.filter, columns, f"the filter of metric '{measure.name}'")
    return pl.when(condition).then(value)


def _dtype(column: str, columns: dict[str, pl.DataType]) -> pl.DataType:
    if column not in columns:
        raise unknown("column", column, columns, error=Invalid)
    return columns[column]


def type_of(measure: Measure, schema: dict[str, pl.DataType]) -> pl.DataType | None:
    if measure.column is not None:
        return _dtype(measure.column, schema)
    return pl.Int64() if measure.filter is not None else None


def key_of(key: Key, schema: dict[str, pl.DataType]) -> pl.Expr:
    if key.grain is not None:
        return grains.truncate(
            pl.col(key.column),
            _dtype(key.column, schema),
            key.grain,
            time_zone=key.time_zone,
            week_start=key.week_start,
        )
    if key.sql is not None:
        return expressions.parse(key.sql, schema, f"dimension '{key.name}'")
    return pl.col(key.column)


def bounds_of(window: Window, schema: dict[str, pl.DataType]) -> pl.Expr:
    dtype = schema.get(window.column)
    if dtype is None:
        raise unknown("time column", window.column, schema, error=Invalid)
    sides = []
    for bound, side in ((window.start, pl.Expr.ge), (window.end, pl.Expr.lt)):
        if bound is None:
            continue
        if isinstance(bound, datetime) and dtype == pl.Date:
            raise Invalid(f"'{window.column}' is a date, so it cannot be bounded by the time {bound.isoformat()}")
        sides.append(side(pl.col(window.column), pl.lit(bound, dtype=dtype)))
    return reduce(pl.Expr.and_, sides, pl.lit(True))


def with_condition(
    rows: pl.LazyFrame, where: str, named: Sequence[Key], schema: dict[str, pl.DataType], column: str
) -> pl.LazyFrame:
    """The rows and whether a condition holds for each, in `column`.

    Args:
        where: SQL condition over the rows' columns and the keys.
        named: Expressions that it may call by name.
    """
    condition = expressions.parse(where, named_types(named, schema), WHERE)
    by_name = {key.name: key_of(key, schema) for key in named if key.name not in schema}
    used = [name for name in expressions.columns_of(condition) if name in by_name]
    if not used:
        return rows.with_columns(condition.alias(column))
    return (
        rows.with_columns(by_name[name].alias(name) for name in used).with_columns(condition.alias(column)).drop(used)
    )


def named_types(named: Sequence[Key], schema: dict[str, pl.DataType]) -> dict[str, pl.DataType]:
    """The types of what a condition may name: columns, and keys of other names."""
    types = {
        key.name: expressions.type_of(key_of(key, schema), schema, f"dimension '{key.name}'")
        for key in named
        if key.name not in schema
    }
    return {**types, **schema}
