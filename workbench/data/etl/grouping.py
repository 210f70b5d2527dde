"""Transforms that choose rows and columns, and that make one row of many."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import polars as pl

from workbench.compute import expressions, frames, listed
from workbench.data.etl.kinds import AnyFrame, Condition, alike, known
from workbench.foundation.errors import Invalid, unknown

__all__ = ["group", "select", "where"]

_CALL = re.compile(r"\s*(\w+)\s*\(\s*(.*?)\s*\)\s*")

_FIGURES: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "count": lambda value: value.count(),
    "distinct": lambda value: value.drop_nulls().n_unique(),
    "sum": lambda value: value.sum(),
    "mean": lambda value: value.mean(),
    "median": lambda value: value.median(),
    "std": lambda value: value.std(),
    "min": lambda value: value.min(),
    "max": lambda value: value.max(),
}
_NUMBERS = ("sum", "mean", "median", "std")


def group(frame: AnyFrame, by: str | Sequence[str], **columns: str) -> AnyFrame:
    """One row for each group: `group(frame, "carrier", flights="count()", delay="mean(dep_delay)")`.

    Args:
        by: Columns whose values make the groups; missing ones make one, too. The groups are in their order.
        columns: New column -> `count()`, all rows, or a figure of a column's values that are not missing: count,
            distinct, sum, mean, median, std, min, max.

    Raises:
        NotFound: No such column.
        Invalid: No such figure, or one of numbers of what is none.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    keys = list(listed(by))
    if not keys:
        raise Invalid("grouping needs a column to group by")
    known(keys, schema)
    made = []
    for name, text in columns.items():
        if name in keys:
            raise Invalid(f"'{name}' is a column to group by, and cannot be a figure, too")
        call = _CALL.fullmatch(text)
        if call is None:
            raise Invalid(f"the figure of '{name}' is '{text}', and should be like mean(delay) or count()")
        figure, column = call.groups()
        if figure not in _FIGURES:
            raise unknown("figure", figure, _FIGURES, error=Invalid)
        if not column:
            if figure != "count":
                raise Invalid(f"the figure of '{name}' needs a column: {figure}(delay)")
            made.append(pl.len().cast(pl.Int64).alias(name))
            continue
        known([column], schema)
        dtype = schema[column]
        if figure in _NUMBERS and not dtype.is_numeric():
            raise Invalid(f"'{column}' is {dtype}, which has no {figure}", hint="cast(...) makes a number of it")
        value = _FIGURES[figure](pl.col(column).fill_nan(None) if dtype.is_float() else pl.col(column))
        made.append((value.cast(pl.Int64) if figure in ("count", "distinct") else value).alias(name))
    return alike(frame, rows.group_by(keys).agg(made).sort(keys, nulls_last=True))


def where(frame: AnyFrame, condition: Condition) -> AnyFrame:
    """The rows that meet a condition in SQL: `where(frame, "dep_delay > 15 AND origin = 'JFK'")`.

    Raises:
        Invalid: It is no condition on one row, or names a column that is not there.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    return alike(frame, rows.filter(expressions.parse_filter(condition, schema, "the condition")))


def select(frame: AnyFrame, *columns: str) -> AnyFrame:
    """Only these columns, in this order.

    Raises:
        NotFound: No such column.
        Invalid: None is named.
    """
    if not columns:
        raise Invalid("a frame needs at least one column")
    rows = frames.to_lazy(frame)
    known(columns, rows.collect_schema())
    return alike(frame, rows.select(list(dict.fromkeys(columns))))
