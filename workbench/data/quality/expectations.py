"""What may be expected of rows. Where a value is missing, only `not_null` and `type` have something to say."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from workbench.compute import expressions

__all__ = ["Expectation", "HasType", "RowCount", "RowRule", "Unique"]

Bound = int | float | date | datetime  # in this order a text without a time of day is a date
Value = bool | int | float | str
Severity = Literal["error", "warn"]

TYPES = Literal["integer", "number", "text", "boolean", "date", "time"]


class _Expected(BaseModel):
    """What all expectations have.

    Attributes:
        severity: A gate lets through what only `warn` has to say about.
        mostly: The share of rows that have to fit, from 0 (exclusive) to 1.
        note: Why it is expected, for whoever meets a failure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Severity = "error"
    mostly: Annotated[float, Field(gt=0, le=1)] = 1.0
    note: str = ""

    @property
    def columns_needed(self) -> tuple[str, ...]:
        return ()

    @property
    def statement(self) -> str:
        """What is expected, as a clause."""
        raise NotImplementedError

    @property
    def said(self) -> str:
        mostly = "" if self.mostly == 1 else f" in at least {self.mostly:.6g} of the rows"
        return self.statement + mostly


class _OfColumn(_Expected):
    column: str

    @property
    def columns_needed(self) -> tuple[str, ...]:
        return (self.column,)


class NotNull(_OfColumn):
    """No value is missing."""

    expect: Literal["not_null"]

    @property
    def statement(self) -> str:
        return f"{self.column} is never null"

    def fails(self) -> pl.Expr:
        return pl.col(self.column).is_null()


class Between(_OfColumn):
    """Values lie in a range, both ends included."""

    expect: Literal["between"]
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
        if self.min is None and self.max is None:
            raise ValueError("needs a min, a max or both")
        return self

    @property
    def statement(self) -> str:
        if self.max is None:
            return f"{self.column} is at least {self.min}"
        if self.min is None:
            return f"{self.column} is at most {self.max}"
        return f"{self.column} is between {self.min} and {self.max}"

    def fails(self) -> pl.Expr:
        column = pl.col(self.column)
        below = column < self.min if self.min is not None else pl.lit(False)
        return below | (column > self.max if self.max is not None else pl.lit(False))


class InSet(_OfColumn):
    """Values are among those listed."""

    expect: Literal["in_set"]
    values: Annotated[tuple[Value, ...], Field(min_length=1)]

    @property
    def statement(self) -> str:
        shown = ", ".join(map(str, self.values[:6])) + (", ..." if len(self.values) > 6 else "")
        return f"{self.column} is one of {shown}"

    def fails(self) -> pl.Expr:
        column = pl.col(self.column)
        if all(isinstance(value, str) for value in self.values):
            return ~column.is_in(list(self.values))
        # Each by itself, as the column's type has it: a list of 1 and 5 is no list of floats.
        return ~pl.any_horizontal(column == value for value in self.values)


class Matches(_OfColumn):
    """Texts match a regular expression, anywhere in the text unless it has ^ and $."""

    expect: Literal["matches"]
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

    def fails(self) -> pl.Expr:
        return ~pl.col(self.column).str.contains(self.regex)


class Holds(_Expected):
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

    def fails(self) -> pl.Expr:
        return ~expressions.parse(self.sql, self.columns_needed, "the expectation")


class Unique(_Expected):
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

    def fails(self) -> pl.Expr:
        """Every row whose key another row has too."""
        whole = pl.all_horizontal(pl.col(name).is_not_null() for name in self.columns)
        return pl.struct(self.columns).is_duplicated() & whole


class RowCount(_Expected):
    """There are as many rows as they should be, both ends included."""

    expect: Literal["row_count"]
    min: Annotated[int, Field(ge=0)] | None = None
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("needs a min, a max or both")
        return self

    @property
    def statement(self) -> str:
        if self.max is None:
            return f"there are at least {self.min:,} rows"
        if self.min is None:
            return f"there are at most {self.max:,} rows"
        return f"there are between {self.min:,} and {self.max:,} rows"

    def fits(self, rows: int) -> bool:
        return (self.min is None or rows >= self.min) and (self.max is None or rows <= self.max)


class HasType(_OfColumn):
    """A column has a type of this kind; `number` takes whole numbers too."""

    expect: Literal["type"]
    type: TYPES

    @property
    def statement(self) -> str:
        return f"{self.column} is of type {self.type}"

    def fits(self, dtype: pl.DataType) -> bool:
        match self.type:
            case "integer":
                return dtype.is_integer()
            case "number":
                return dtype.is_numeric()
            case "text":
                return dtype == pl.String
            case "boolean":
                return dtype == pl.Boolean
            case "date":
                return dtype == pl.Date
            case "time":
                return isinstance(dtype, pl.Datetime)


RowRule = NotNull | Between | InSet | Matches | Holds | Unique
Expectation = Annotated[RowRule | RowCount | HasType, Field(discriminator="expect")]
