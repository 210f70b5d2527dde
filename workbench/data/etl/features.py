"""Transforms that derive columns for analyses and models: parts of dates, ratios, earlier rows, bins, indicators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal
from zoneinfo import available_timezones

import polars as pl

from workbench.compute import frames, listed
from workbench.data.etl.kinds import AnyFrame, alike, known, number_column
from workbench.foundation.errors import Conflict, Invalid, unknown

__all__ = ["bins", "date_parts", "lag", "log", "one_hot", "ratio"]

MOST_INDICATORS = 100
_PLACE = ".place"

_PARTS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "year": lambda at: at.dt.year(),
    "quarter": lambda at: at.dt.quarter(),
    "month": lambda at: at.dt.month(),
    "week": lambda at: at.dt.week(),
    "day": lambda at: at.dt.day(),
    "weekday": lambda at: at.dt.weekday(),
    "day_of_year": lambda at: at.dt.ordinal_day(),
    "is_weekend": lambda at: at.dt.weekday() >= 6,
    "hour": lambda at: at.dt.hour(),
    "minute": lambda at: at.dt.minute(),
}
_BASES = {"e": None, 2: 2.0, 10: 10.0}


def date_parts(
    frame: AnyFrame, column: str, *, parts: str | Sequence[str] = ("year", "month", "day"), time_zone: str = "UTC"
) -> AnyFrame:
    """Adds parts of a date or time: `date_parts(frame, "at", parts=["hour"])` makes `at_hour`.

    Args:
        parts: year, quarter, month, week (of ISO), day, weekday (1 is Monday), day_of_year, is_weekend; hour and minute
            of times.
        time_zone: In which times are looked at.

    Raises:
        NotFound: No such column.
        Invalid: No date or time, no such part or zone.
        Conflict: There is such a column already.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    known([column], schema)
    dtype = schema[column]
    if dtype != pl.Date and not isinstance(dtype, pl.Datetime):
        raise Invalid(f"'{column}' is {dtype}, which has no parts of a date", hint="cast(...) makes a date of text")
    if time_zone not in (zones := available_timezones()):
        raise unknown("time zone", time_zone, zones, error=Invalid)
    value = pl.col(column)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        value = value.dt.convert_time_zone(time_zone)
    made = []
    for part in listed(parts):
        if part not in _PARTS:
            raise unknown("part of a date", part, _PARTS, error=Invalid)
        if dtype == pl.Date and part in ("hour", "minute"):
            raise Invalid(f"'{column}' has dates, which have no {part}")
        _new(f"{column}_{part}", schema)
        found = _PARTS[part](value)
        made.append((found if part == "is_weekend" else found.cast(pl.Int64)).alias(f"{column}_{part}"))
    return alike(frame, rows.with_columns(made))


def ratio(frame: AnyFrame, *, into: str, of: str, to: str) -> AnyFrame:
    """One column divided by another: `ratio(frame, into="speed", of="distance", to="hours")`; null where that is 0.

    Raises:
        NotFound: No such column.
        Invalid: One is no number.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    above = number_column(of, schema, "a ratio").cast(pl.Float64)
    below = number_column(to, schema, "a ratio").cast(pl.Float64)
    return alike(frame, rows.with_columns(pl.when(below != 0).then(above / below).alias(into)))


def lag(
    frame: AnyFrame, column: str, *, order: str | Sequence[str], into: str | None = None,
    by: str | Sequence[str] = (), rows: int = 1,
) -> AnyFrame:  # fmt: skip
    """The value of an earlier row: `lag(frame, "total", order="day", by="shop")` makes `total_lag_1`.

    Args:
        order: Columns that say which row is before, descending with a leading minus. Equal ones count as they came.
        by: Columns; only rows with the same values there count.
        rows: How many before; negative: after.

    Raises:
        NotFound: No such column.
        Invalid: It is 0 rows.
        Conflict: There is such a column already.
    """
    if rows == 0:
        raise Invalid("a value of 0 rows before is the value itself")
    lazy = frames.to_lazy(frame)
    schema = lazy.collect_schema()
    terms = listed(order)
    known([column, *listed(by), *(term.removeprefix("-") for term in terms)], schema)
    name = into or (f"{column}_lag_{rows}" if rows > 0 else f"{column}_lead_{-rows}")
    _new(name, schema)
    shifted = pl.col(column).shift(rows)
    made = (
        lazy.with_row_index(_PLACE)
        .sort(
            [term.removeprefix("-") for term in terms],
            descending=[term.startswith("-") for term in terms],
            nulls_last=True,
            maintain_order=True,
        )
        .with_columns((shifted.over(list(listed(by))) if by else shifted).alias(name))
        .sort(_PLACE)
        .drop(_PLACE)
    )
    return alike(frame, made)


def bins(
    frame: AnyFrame, column: str, *, into: str, count: int, how: Literal["width", "quantile"] = "width"
) -> AnyFrame:
    """Sorts numbers into bins 1 to `count`: `bins(frame, "delay", into="decile", count=10, how="quantile")`.

    Args:
        how: `width`: of the same width from the least value to the greatest; `quantile`: of about as many rows, equal
            values together.

    Returns:
        Null where the number is missing or infinite. `band` is for edges that one names.

    Raises:
        NotFound: No such column.
        Invalid: It is no number, or there are less than 1 bins.
    """
    if count < 1:
        raise Invalid(f"{count} bins hold nothing")
    if how not in ("width", "quantile"):
        raise unknown("kind of bins", how, ["width", "quantile"], error=Invalid)
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    value = number_column(column, schema, "a bin").cast(pl.Float64)
    value = pl.when(value.is_finite()).then(value)
    if how == "quantile":
        place = (value.rank("min") - 1).cast(pl.Int64) * count // value.count().cast(pl.Int64)
    else:
        width = value.max() - value.min()
        share = pl.when(width > 0).then((value - value.min()) / width).otherwise(0.0)
        place = (share * count).floor().cast(pl.Int64)
    made = pl.when(value.is_not_null()).then(pl.min_horizontal(place, pl.lit(count - 1)) + 1)
    return alike(frame, rows.with_columns(made.cast(pl.Int64).alias(into)))


def one_hot(frame: AnyFrame, column: str, *, values: Sequence[Any] | None = None, keep: bool = False) -> AnyFrame:
    """A column of 0 and 1 for each value: `one_hot(frame, "origin")` makes `origin_EWR`, `origin_JFK`, ...

    Args:
        values: Which; by default all that there are, in order, at most 100. Name them where frames have to agree.
        keep: Whether the column itself stays.

    Raises:
        NotFound: No such column.
        Invalid: There are too many values, or none is named.
        Conflict: There is such a column already.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    known([column], schema)
    if values is None:
        found = rows.select(pl.col(column).drop_nulls().unique()).collect(engine="in-memory").to_series().sort()
        if found.len() > MOST_INDICATORS:
            raise Invalid(
                f"'{column}' has {found.len():,} values, and at most {MOST_INDICATORS} columns are made of them",
                hint="name those that matter: values=[...]",
            )
        values = found.to_list()
    made = []
    for value in dict.fromkeys(values):
        _new(f"{column}_{value}", schema)
        try:
            same = pl.col(column).eq_missing(pl.lit(pl.Series([value]).cast(schema[column]).item(), schema[column]))
        except (pl.exceptions.PolarsError, TypeError) as error:
            raise Invalid(f"{value!r} does not fit the column '{column}', which is {schema[column]}") from error
        made.append(same.cast(pl.Int8).alias(f"{column}_{value}"))
    rows = rows.with_columns(made)
    return alike(frame, rows if keep else rows.drop(column))


def log(
    frame: AnyFrame, column: str, *, into: str | None = None, base: Literal["e", 2, 10] = "e", plus: float = 0
) -> AnyFrame:
    """The logarithm of a column: `log(frame, "price")` makes `price_log`; null where there is none.

    Args:
        plus: Added before: 1 for counts that may be 0.

    Raises:
        NotFound: No such column.
        Invalid: It is no number, or no such base.
    """
    rows = frames.to_lazy(frame)
    value = number_column(column, rows.collect_schema(), "a logarithm").cast(pl.Float64) + plus
    if base not in _BASES:
        raise unknown("base", str(base), map(str, _BASES), error=Invalid)
    number = _BASES[base]
    made = value.log() if number is None else value.log(number)
    return alike(frame, rows.with_columns(pl.when(value > 0).then(made).alias(into or f"{column}_log")))


def _new(name: str, schema: pl.Schema) -> None:
    if name in schema:
        raise Conflict(f"there is a column '{name}' already", hint="rename(...) gives it another name")
