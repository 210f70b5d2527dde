"""A view of a dataset: which of its rows, and one figure of them by at most two columns, or the rows as points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, get_args

import polars as pl

from workbench.compute import grains
from workbench.foundation.errors import Invalid, unknown

__all__ = ["AGGREGATIONS", "OPERATORS", "Aggregation", "Condition", "Group", "Kind", "Operator", "View", "kind_of"]

Kind = Literal["number", "moment", "flag", "text", "other"]
Operator = Literal["is", "is not", "at least", "at most", "contains", "is missing", "is there"]
Aggregation = Literal["count", "count_distinct", "sum", "mean", "median", "min", "max"]
Value = str | bool | int | float | Decimal | date | datetime

AGGREGATIONS: tuple[str, ...] = get_args(Aggregation)
OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    "text": ("is", "is not", "contains", "is missing", "is there"),
    "number": ("is", "is not", "at least", "at most", "is missing", "is there"),
    "moment": ("is", "at least", "at most", "is missing", "is there"),
    "flag": ("is", "is missing", "is there"),
    "other": ("is missing", "is there"),
}
"""What a column of a kind can be asked."""


@dataclass(frozen=True)
class Condition:
    """What a column has to be.

    Attributes:
        values: Of the column's type; several of `is` and `is not`, none of `is missing` and `is there`. A date given
            for a column of times is the whole day, in UTC.
    """

    column: str
    operator: Operator
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Group:
    """What rows are put together by.

    Attributes:
        grain: Of a column of dates or times: minute, hour, day, week, month, quarter or year, in UTC.
        band: Of a column of numbers: how wide the bands are that its values are put into, each named by its least.
    """

    column: str
    grain: grains.Grain | None = None
    band: float | None = None


@dataclass(frozen=True)
class View:
    """What is to be seen of a dataset.

    Attributes:
        where: All of them have to hold.
        aggregation: What is made of the rows of a group; None for the rows themselves, as points.
        of: The column it is made of; `count` may do without. Of points: the column up the side.
        by: At most two. Of points: the column along the bottom, then the one of the colours.
    """

    dataset: str
    where: tuple[Condition, ...] = ()
    aggregation: Aggregation | None = "count"
    of: str | None = None
    by: tuple[Group, ...] = ()

    @property
    def named(self) -> str:
        """The column of the figure; no group is called so."""
        if self.aggregation is None:
            return str(self.of)
        said = "rows" if self.of is None else f"{_SAID[self.aggregation]}_{self.of}"
        while said in {group.column for group in self.by}:
            said += "_"
        return said

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        """
        Raises:
            Invalid: A column is not there, or is not of a type that can be asked for this.
        """
        columns = [*(one.column for one in self.where), *(one.column for one in self.by)]
        columns += [self.of] if self.of is not None else []
        for column in columns:
            if column not in schema:
                raise unknown("column", column, schema, error=Invalid)
        for asked in self.where:
            kind = kind_of(schema[asked.column])
            if asked.operator not in OPERATORS[kind]:
                raise _unfit(f"'{asked.operator}' cannot be asked of", asked.column, schema, OPERATORS[kind])
        if len(self.by) > 2 or len({group.column for group in self.by}) < len(self.by):
            raise Invalid("rows are grouped by at most two columns, each once")
        for group in self.by:
            _check_group(group, schema)
        self._check_figure(schema)

    def _check_figure(self, schema: Mapping[str, pl.DataType]) -> None:
        kind = None if self.of is None else kind_of(schema[self.of])
        if self.aggregation is None:
            if not self.by or self.of is None or kind != "number":
                raise Invalid("points need a column of numbers up the side, and one along the bottom")
            if kind_of(schema[self.by[0].column]) not in ("number", "moment"):
                raise _unfit("points cannot lie along", self.by[0].column, schema, ("numbers", "dates", "times"))
            return
        if self.aggregation not in AGGREGATIONS:
            raise unknown("aggregation", self.aggregation, AGGREGATIONS, error=Invalid)
        if self.of is None and self.aggregation != "count":
            raise Invalid(f"a {self.aggregation} needs a column", hint="a count can do without")
        if self.of is not None and self.aggregation == "count_distinct" and kind == "other":
            raise _unfit("distinct values cannot be counted of", self.of, schema, ("texts", "numbers", "dates"))
        if self.of is not None and kind != "number" and self.aggregation not in ("count", "count_distinct"):
            raise _unfit(f"there is no {self.aggregation} of", self.of, schema, ("count", "count_distinct"))


_SAID = {
    "count": "count", "count_distinct": "distinct", "sum": "sum", "mean": "mean", "median": "median", "min": "least",
    "max": "greatest",
}  # fmt: skip


def kind_of(dtype: pl.DataType) -> Kind:
    """What a column can be asked for, by its type."""
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return "moment"
    if dtype == pl.Boolean:
        return "flag"
    return "text" if dtype == pl.String else "other"


def _check_group(group: Group, schema: Mapping[str, pl.DataType]) -> None:
    kind = kind_of(schema[group.column])
    if kind == "other":
        raise _unfit("rows cannot be grouped by", group.column, schema, ("texts", "numbers", "dates", "times"))
    if group.grain is not None:
        grains.check(group.grain)
        if kind != "moment":
            raise _unfit(f"there is no {group.grain} of", group.column, schema, ("dates", "times"))
        if schema[group.column] == pl.Date and group.grain in ("minute", "hour"):
            raise _unfit(f"there is no {group.grain} of", group.column, schema, ("times",))
    if group.band is not None:
        if kind != "number":
            raise _unfit("there are no bands of", group.column, schema, ("numbers",))
        if not 0 < group.band < float("inf"):
            raise Invalid(f"bands of '{group.column}' cannot be {group.band} wide", hint="a number above 0")


def _unfit(said: str, column: str, schema: Mapping[str, pl.DataType], instead: tuple[str, ...]) -> Invalid:
    return Invalid(f"{said} '{column}', which is {schema[column]}", hint=f"what can: {', '.join(instead)}")
