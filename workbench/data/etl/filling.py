"""What becomes of missing values: rows dropped, values filled in, a column that says where they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import polars as pl

from workbench.compute import frames, listed
from workbench.data.etl.kinds import AnyFrame, alike, known
from workbench.foundation.errors import Conflict, Invalid, unknown

__all__ = ["drop_nulls", "fill_nulls"]

Fill = Literal["mean", "median", "mode", "forward", "backward", "interpolate"]
_PLACE = ".place"


def fill_nulls(
    frame: AnyFrame, *columns: str, how: Fill | None = None, by: str | Sequence[str] = (),
    order: str | Sequence[str] = (), flag: bool = False, **values: Any,
) -> AnyFrame:  # fmt: skip
    """Puts a value where one is missing: `fill_nulls(frame, seats=0)`, `fill_nulls(frame, "temp", how="mean")`.

    NaN counts as missing. What has nothing to be filled from stays missing.

    Args:
        columns: Which are filled by `how`.
        how: `mean` or `median` of the others; `mode`, the most frequent, of several the least; the value before
            (`forward`) or after (`backward`); `interpolate`, on the straight line between these two. Whole numbers
            become numbers by `mean`, `median` and `interpolate`.
        by: Columns; only rows with the same values there count.
        order: Columns that say which row is before, descending with a leading minus; by default the rows' own order.
        flag: For each column filled, one more, `seats_missing`, says where it was missing.
        values: Column -> what is put there.

    Raises:
        NotFound: No such column.
        Invalid: A value does not fit its column, or a column that is no number has no mean; no such way to fill.
        Conflict: A flag would have the name of a column.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    known([*columns, *values, *listed(by), *(term.removeprefix("-") for term in listed(order))], schema)
    if columns and how not in get_args(Fill):
        raise unknown("way to fill", how or "", get_args(Fill), error=Invalid, hint="a constant is given as seats=0")
    if how is not None and not columns:
        raise Invalid(f"filling by {how} needs columns", hint=f"fill_nulls(frame, 'temp', how='{how}')")
    filled = {name: _constant(name, schema[name], value) for name, value in values.items()}
    for name in columns:
        if how in ("mean", "median", "interpolate") and not schema[name].is_numeric():
            raise Invalid(f"'{name}' is {schema[name]}, which has no {how}", hint="mode, forward and backward fit any")
        assert how is not None
        made = _filled(_value(name, schema[name]), how)
        filled[name] = made.over(list(listed(by))) if by else made
    flags = [_value(name, schema[name]).is_null().alias(f"{name}_missing") for name in filled] if flag else []
    for name in filled if flag else ():
        if f"{name}_missing" in schema:
            raise Conflict(f"there is a column '{name}_missing' already")
    rows = rows.with_row_index(_PLACE)
    if order:
        terms = listed(order)
        rows = rows.sort(
            [term.removeprefix("-") for term in terms], descending=[term.startswith("-") for term in terms],
            nulls_last=True, maintain_order=True,
        )  # fmt: skip
    rows = rows.with_columns(*(made.alias(name) for name, made in filled.items()), *flags)
    return alike(frame, rows.sort(_PLACE).drop(_PLACE))


def drop_nulls(frame: AnyFrame, *columns: str) -> AnyFrame:
    """Leaves out rows in which one of the columns (by default: any column) is missing. NaN counts as missing.

    Raises:
        NotFound: No such column.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    known(columns, schema)
    return alike(frame, rows.filter(_value(name, schema[name]).is_not_null() for name in columns or schema))


def _value(name: str, dtype: pl.DataType) -> pl.Expr:
    return pl.col(name).fill_nan(None) if dtype.is_float() else pl.col(name)


def _constant(name: str, dtype: pl.DataType, value: Any) -> pl.Expr:
    try:
        filler = pl.Series([value]).cast(dtype, strict=True)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise Invalid(f"{value!r} does not fit the column '{name}', which is {dtype}") from error
    return _value(name, dtype).fill_null(pl.lit(filler.item(), dtype=dtype))


def _filled(value: pl.Expr, how: Fill) -> pl.Expr:
    match how:
        case "mean":
            return value.cast(pl.Float64).fill_null(value.mean())
        case "median":
            return value.cast(pl.Float64).fill_null(value.median())
        case "mode":
            return value.fill_null(value.drop_nulls().mode().min())
        case "forward":
            return value.forward_fill()
        case "backward":
            return value.backward_fill()
        case "interpolate":
            return value.cast(pl.Float64).interpolate()
