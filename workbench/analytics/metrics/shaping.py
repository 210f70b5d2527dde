"""From computed columns to the rows of an answer: joined, calculated, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import polars as pl

from workbench.analytics.metrics.ingredients import Dimension
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.planning import Formula
from workbench.compute import expressions
from workbench.foundation.errors import Invalid, unknown

__all__ = ["at_coarser_grain", "calculated", "formula_of", "joined", "ordered"]


def joined(left: pl.DataFrame, right: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Columns of the same keys beside each other; a key that one side lacks has null there."""
    if not keys:
        return left.hstack(right)
    return left.join(right, on=list(keys), how="full", coalesce=True, nulls_equal=True)


def calculated(frame: pl.DataFrame, formulas: Sequence[Formula]) -> pl.DataFrame:
    """The frame with the columns of formulas, which may name each other's.

    Raises:
        Invalid: An expression mixes types that do not go together, or cannot be computed.
    """
    for formula in formulas:
        made = frame.select(_input(frame.schema[column], column).alias(name) for name, column in formula.inputs.items())
        try:
            column = made.select(formula_of(formula.metric, made.schema).alias(formula.column))
        except pl.exceptions.PolarsError as error:
            reason = str(error).strip().splitlines()[0]
            raise Invalid(f"{formula.metric.spoken_expr} cannot be computed: {reason}") from error
        frame = frame.hstack(column)
    return frame


def formula_of(metric: Metric, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """What a ratio, a conversion rate or a derived metric is of its inputs.

    Raises:
        Invalid: The expression mixes types that do not go together; names the types.
    """
    if metric.type != "derived":
        above, below = (pl.col(name).cast(pl.Float64) for name in ("above", "below"))
        return pl.when(below != 0).then(above / below)
    expression = expressions.parse(str(metric.expr), schema, metric.spoken_expr)
    try:
        dtype = expressions.type_of(expression, schema, f"{metric.spoken_expr}, {metric.expr},")
    except Invalid as error:
        types = ", ".join(f"{name} is {dtype}" for name, dtype in schema.items())
        raise Invalid(str(error), hint=f"of its inputs {types}") from error
    if not dtype.is_numeric():
        return expression
    expression = expression.cast(pl.Float64)
    return pl.when(expression.is_finite()).then(expression)


def _input(dtype: pl.DataType, column: str) -> pl.Expr:
    """Numbers are computed with as floats: how whole numbers and decimals divide differs between versions of Polars."""
    return pl.col(column).cast(pl.Float64) if dtype.is_numeric() else pl.col(column)


def at_coarser_grain(
    frame: pl.DataFrame,
    period: pl.Expr | None,
    time: str,
    by: Sequence[str],
    column: str,
    how: str,
    last: date | datetime | None,
) -> pl.DataFrame:
    """One of a period's values, or their mean, for each longer period.

    Args:
        period: The start of the longer period; None where there is none, and the last period's value is wanted.
        how: first, last or average.
        last: The last period; by default the last that is there.
    """
    if period is None:
        ends = pl.col(time).max() if last is None else pl.lit(last)
        final = frame.filter(pl.col(time) == ends).drop(time)
        return final if by or final.height else final.clear(1)
    values = pl.col(column)
    aggregated = {"first": values.first(), "last": values.last(), "average": values.mean()}[how]
    groups = frame.sort(time).with_columns(period.alias(time)).group_by([time, *by], maintain_order=True)
    return groups.agg(aggregated)


def ordered(
    frame: pl.DataFrame, order: Sequence[str], keys: Sequence[str], dimensions: Mapping[str, Dimension]
) -> pl.DataFrame:
    """The rows by the columns of `order` (descending with a leading minus), then by the keys; nulls last.

    Raises:
        Invalid: No such column; the message has the nearest one.
    """
    names = [term.removeprefix("-") for term in order]
    for name in names:
        if name not in frame.columns:
            raise unknown("column to order by called", name, frame.columns, error=Invalid)
    rest = [key for key in keys if key not in names]
    if not names and not rest:
        return frame
    terms = [(term.removeprefix("-"), term.startswith("-")) for term in order] + [(name, False) for name in rest]
    by: list[pl.Expr] = []
    descending: list[bool] = []
    for name, down in terms:
        places = {value: place for place, value in enumerate(dimensions[name].order)} if name in dimensions else {}
        if places and frame.schema[name] == pl.String:
            place = pl.col(name).replace_strict(places, default=len(places), return_dtype=pl.Int32)
            by.append(pl.when(pl.col(name).is_not_null()).then(place))
            descending.append(down)
        by.append(pl.col(name))
        descending.append(down)
    return frame.sort(by, descending=descending, nulls_last=True, maintain_order=True)
