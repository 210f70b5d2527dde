"""What may be expected of rows in the light of other data: references between datasets, and questions in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from workbench.data.quality.around import Around
from workbench.data.quality.expected import SAMPLES, Expected, Finding, OfRows, Prepared
from workbench.foundation.errors import Invalid, unknown

__all__ = ["NoRows", "References"]


class References(OfRows):
    """Values are among those of another dataset's column, as the asker may see it."""

    expect: Literal["references"]
    column: str
    dataset: str
    key: str

    @property
    def statement(self) -> str:
        return f"{self.column} is a {self.key} of '{self.dataset}'"

    def fails(self, schema: Mapping[str, pl.DataType], around: Around) -> pl.Expr:
        other = around.rows_of(self.dataset)
        known = other.collect_schema()
        if self.key not in known:
            raise unknown(f"column of '{self.dataset}'", self.key, known, error=Invalid)
        here, there = schema[self.column], known[self.key]
        if here != there and not (here.is_integer() and there.is_integer()):
            raise Invalid(f"that cannot be told: {self.column} is {here}, and {self.key} is {there}")
        keys = other.select(pl.col(self.key).unique()).collect(engine="streaming").to_series().drop_nulls()
        return ~pl.col(self.column).is_in((keys.drop_nans() if there.is_float() else keys).implode())


class NoRows(Expected):
    """A SELECT over datasets gives no rows: each that it gives is one that does not fit."""

    expect: Literal["no_rows"]
    sql: Annotated[str, Field(min_length=1)]

    @property
    def statement(self) -> str:
        return f"no rows come of {' '.join(self.sql.split())}"

    def prepared(self, schema: Mapping[str, pl.DataType], around: Around, rows: pl.LazyFrame) -> Prepared:
        count, first = around.answered(self.sql, SAMPLES)

        def judge(_: Any, rows: int) -> Finding:
            return Finding(count, sample=tuple(first))

        return Prepared(judge)
