"""What may be expected of rows as a whole: how many there are, of which types, and how new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, field_validator, model_validator

from workbench.compute import moments
from workbench.data.quality.around import Around
from workbench.data.quality.expected import Finding, OfWhole, Prepared, between, in_order
from workbench.foundation.errors import Invalid

__all__ = ["Fresh", "HasType", "RowCount"]

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
        one = (self.min if self.max is None else self.max) == 1
        return f"there {'is' if one else 'are'} {between(self.min, self.max, ',')} row{'' if one else 's'}"

    def prepared(self, schema: Mapping[str, pl.DataType], around: Around, rows: pl.LazyFrame) -> Prepared:
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

    def prepared(self, schema: Mapping[str, pl.DataType], around: Around, rows: pl.LazyFrame) -> Prepared:
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


class Fresh(OfWhole):
    """The newest time of a column, else the last change of the dataset's rows, is not longer ago than this.

    Times that are still to come are left out: a clock that is wrong would make rows fresh for ever. A date is its
    midnight in UTC.
    """

    expect: Literal["fresh"]
    within: str
    column: str | None = None

    @field_validator("within")
    @classmethod
    def _a_length(cls, within: str) -> str:
        try:
            moments.length_of(within, "within")
        except Invalid as error:
            raise ValueError(f"has no length of time in 'within': {within}; write 30 minutes or 2 days") from error
        return within

    @property
    def statement(self) -> str:
        newest = "the dataset's last change" if self.column is None else f"the newest {self.column}"
        return f"{newest} is at most {self.within} ago"

    def prepared(self, schema: Mapping[str, pl.DataType], around: Around, rows: pl.LazyFrame) -> Prepared:
        if self.column is None:
            changed = around.changed()
            return Prepared(lambda _, rows: self._judged(changed, None, around.now))
        dtype = schema[self.column]
        if isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
            raise Invalid(f"{self.column} has no time zone")
        if not (isinstance(dtype, pl.Datetime) or dtype == pl.Date):
            raise Invalid(f"{self.column} is {dtype}, which is no time")
        time = (
            pl.col(self.column).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
            if dtype == pl.Date
            else (pl.col(self.column).dt.convert_time_zone("UTC"))
        )

        def judge(values: Sequence[Any], rows: int) -> Finding:
            return self._judged(values[0], values[1], around.now)

        return Prepared(judge, (time.filter(time <= around.now).max(), time.max()))

    def _judged(self, newest: datetime | None, latest: datetime | None, now: datetime) -> Finding:
        ahead = f" (one is ahead of now: {_at(latest)})" if latest is not None and latest > now else ""
        if newest is None:
            return Finding(problem=f"there is no time in it up to now{ahead}")
        if now - newest <= moments.length_of(self.within, "within"):
            return Finding()
        return Finding(problem=f"that is {_ago(now - newest)} ago, {_at(newest)}{ahead}")


def _at(time: datetime) -> str:
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ', timespec='seconds')} UTC"


def _ago(length: timedelta) -> str:
    seconds = length.total_seconds()
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1_000 * size else f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.3g} seconds"
