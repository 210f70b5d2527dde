"""What may be expected of single rows. Where a value is missing, only `not_null` has something to say.

Missing is null, and NaN in a column of floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import Field, field_validator, model_validator

from workbench.compute import expressions
from workbench.data.quality.around import Around
from workbench.data.quality.expected import OfRows, Prepared, between, in_order
from workbench.data.quality.repeating import countable, repeated

__all__ = ["Between", "Holds", "InSet", "Length", "Matches", "NotNull", "Unique"]

Bound = int | float | date | datetime  # in this order a text without a time of day is a date
Value = bool | int | float | str
Schema = Mapping[str, pl.DataType]


class NotNull(OfRows):
    """No value is missing."""

    expect: Literal["not_null"]
    column: str

    @property
    def statement(self) -> str:
        return f"{self.column} is never null"

    def fails(self, schema: Schema, around: Around) -> pl.Expr:
        return pl.col(self.column).is_null()


class Between(OfRows):
    """Values lie in a range, both ends included."""

    expect: Literal["between"]
    column: str
    min: Bound | None = None
    max: Bound | None = None

    @field_validator("min", "max")
    @classmethod
    def _aware(cls, bound: Bound | None) -> Bound | None:
        if isinstance(bound, datetime) and bound.tzinfo is None:
            raise ValueError(f"needs a time zone for {bound.isoformat()}, e.g. {bound.isoformat()}Z")
        return bound

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        in_order(self.min, self.max)
        return self

    @property
    def statement(self) -> str:
        return f"{self.column} is {between(self.min, self.max)}"

    def fails(self, schema: Schema, around: Around) -> pl.Expr:
        return _outside(pl.col(self.column), self.min, self.max)


class InSet(OfRows):
    """Values are among those listed."""

    expect: Literal["in_set"]
    column: str
    values: Annotated[tuple[Value, ...], Field(min_length=1)]

    @property
    def statement(self) -> str:
        shown = ", ".join(map(str, self.values[:6])) + (", ..." if len(self.values) > 6 else "")
        return f"{self.column} is one of {shown}"

    def fails(self, schema: Schema, around: Around) -> pl.Expr:
        column = pl.col(self.column)
        if all(isinstance(value, str) for value in self.values):
            return ~column.is_in(list(self.values))
        # Each by itself, as the column's type has it: a list of 1 and 5 is no list of floats.
        return ~pl.any_horizontal(column == value for value in self.values)


class Matches(OfRows):
    """Texts match a regular expression, anywhere in the text unless it has ^ and $."""

    expect: Literal["matches"]
    column: str
    regex: str

    @field_validator("regex")
    @classmethod
    def _compiles(cls, regex: str) -> str:
        try:
            pl.select(pl.lit("").str.contains(regex))
        except pl.exceptions.ComputeError as error:
            raise ValueError(f"has a regex that cannot be used: {' '.join(str(error).split())}") from error
        return regex

    @property
    def statement(self) -> str:
        return f"{self.column} matches {self.regex}"

    def fails(self, schema: Schema, around: Around) -> pl.Expr:
        return ~pl.col(self.column).str.contains(self.regex)


class Length(OfRows):
    """Texts have so many characters, both ends included."""

    expect: Literal["length"]
    column: str
    min: Annotated[int, Field(ge=0)] | None = None
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        in_order(self.min, self.max)
        return self

    @property
    def statement(self) -> str:
        return f"{self.column} has {between(self.min, self.max, ',')} characters"

    def fails(self, schema: Schema, around: Around) -> pl.Expr:
        return _outside(pl.col(self.column).str.len_chars(), self.min, self.max)


class Holds(OfRows):
    """A SQL condition over one row's columns is not false; where it is unknown (null) it is not broken."""

    expect: Literal["holds"]
    sql: str

    @property
    def columns_needed(self) -> tuple[str, ...]:
        return tuple(expressions.columns_of(pl.sql_expr(self.sql)))

    @field_validator("sql")
    @classmethod
    def _parses(cls, sql: str) -> str:
        try:
            pl.sql_expr(sql)
        except pl.exceptions.PolarsError as error:
            raise ValueError(f"has a condition that is not SQL: {' '.join(str(error).split())}") from error
        return sql

    @property
    def statement(self) -> str:
        return self.sql

    def fails(self, schema: Schema, around: Around) -> pl.Expr:
        return ~expressions.parse_filter(self.sql, schema, "the expectation")


class Unique(OfRows):
    """No two rows have the same values in these columns; rows with a missing one are not compared."""

    expect: Literal["unique"]
    columns: Annotated[tuple[str, ...], Field(min_length=1)]

    @field_validator("columns", mode="before")
    @classmethod
    def _listed(cls, columns: object) -> object:
        return (columns,) if isinstance(columns, str) else columns

    @property
    def columns_needed(self) -> tuple[str, ...]:
        return self.columns

    @property
    def statement(self) -> str:
        return f"{', '.join(self.columns)} {'are' if len(self.columns) > 1 else 'is'} unique"

    def fails(self, schema: Schema, around: Around) -> pl.Expr:
        """Every row whose key another row has too."""
        whole = pl.all_horizontal(pl.col(name).is_not_null() for name in self.columns)
        return pl.struct(self.columns).is_duplicated() & whole

    def prepared(self, schema: Schema, around: Around, rows: pl.LazyFrame) -> Prepared:
        """Which rows they are is looked for only where there are some: it takes ten times as long as to count them."""
        found = super().prepared(schema, around, rows)
        dtype = schema[self.columns[0]]
        if len(self.columns) > 1 or not countable(dtype):
            return found
        count = pl.col(self.columns[0]).map_batches(
            lambda values: pl.Series([repeated(values)], dtype=pl.Int64), return_dtype=pl.Int64, returns_scalar=True
        )
        return replace(found, measures=(count,))


def _outside(value: pl.Expr, least: Bound | None, most: Bound | None) -> pl.Expr:
    below = value < least if least is not None else pl.lit(False)
    return below | (value > most if most is not None else pl.lit(False))
