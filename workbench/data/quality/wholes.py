"""What may be expected of rows as a whole: how many there are, of which types, and how new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from workbench.data.quality.around import Around
from workbench.data.quality.expected import Finding, OfWhole, Prepared, in_order
from workbench.foundation.errors import Invalid

__all__ = ["HasType", "RowCount"]

TYPES = Literal["integer", "number", "text", "boolean", "date", "time"]


class RowCount(OfWhole):
    """There are as many rows as they should be, both ends included."""

    expect: Literal["row_count"]
    min: Annotated[int, Field(ge=0)] | None = None
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        in_order(self.min, self.max)
        return self

    @property
    def statement(self) -> str:
        if self.max is None:
            return f"there are at least {self.min:,} rows"
        if self.min is None:
            return f"there are at most {self.max:,} rows"
        return f"there are between {self.min:,} and {self.max:,} rows"

    def prepared(self, schema: Mapping[str, pl.DataType], around: Around) -> Prepared:
        def judge(_: object, rows: int) -> Finding:
            fits = (self.min is None or rows >= self.min) and (self.max is None or rows <= self.max)
            return Finding(problem="" if fits else f"there {'is' if rows == 1 else 'are'} {rows:,}")

        return Prepared(judge)


class HasType(OfWhole):
    """A column has a type of this kind; `number` takes whole numbers too."""

    expect: Literal["type"]
    column: str
    type: TYPES

    @property
    def statement(self) -> str:
        return f"{self.column} is of type {self.type}"

    def prepared(self, schema: Mapping[str, pl.DataType], around: Around) -> Prepared:
        dtype = schema[self.column]
        if not self._fits(dtype):
            raise Invalid(f"it is {dtype}")
        return Prepared(lambda _, rows: Finding())

    def _fits(self, dtype: pl.DataType) -> bool:
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
