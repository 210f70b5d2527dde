"""Rows as JSON that loses nothing on the way to a program whose numbers are all floats."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import polars as pl
from pydantic import Field

from workbench_server.endpoint import MAX_SAFE_INTEGER, Answer

__all__ = ["Column", "Kind", "columns_of", "rows_of", "written"]

Kind = Literal["integer", "number", "decimal", "text", "boolean", "date", "time", "bytes", "list", "struct"]


class Column(Answer):
    """A column, and how its values are written.

    integer: a JSON number; as text beyond 2^53 - 1. number: a JSON number, or "NaN", "Infinity", "-Infinity". decimal:
    text. date: "2013-01-31". time: "2013-01-31T05:15:00.000000Z", always UTC. bytes: Base64. Missing is null, always.
    """

    name: str
    type: str = Field(description="The type as Polars calls it.")
    kind: Kind


def columns_of(schema: pl.Schema) -> list[Column]:
    return [Column(name=name, type=str(dtype), kind=_kind(dtype)) for name, dtype in schema.items()]


def rows_of(frame: pl.DataFrame) -> list[list[Any]]:
    """The rows, each a list in the order of the columns."""
    columns = [_write(series) for series in frame.iter_columns()]
    return [list(row) for row in zip(*columns, strict=True)]


def _kind(dtype: pl.DataType) -> Kind:
    for kind, known in _KINDS:
        if known(dtype):
            return kind
    return "text"


_KINDS: tuple[tuple[Kind, Callable[[pl.DataType], bool]], ...] = (
    ("integer", lambda dtype: dtype.is_integer()),
    ("number", lambda dtype: dtype.is_float()),
    ("decimal", lambda dtype: dtype.is_decimal()),
    ("boolean", lambda dtype: dtype == pl.Boolean),
    ("date", lambda dtype: dtype == pl.Date),
    ("time", lambda dtype: isinstance(dtype, pl.Datetime)),
    ("bytes", lambda dtype: dtype == pl.Binary),
    ("list", lambda dtype: isinstance(dtype, pl.List | pl.Array)),
    ("struct", lambda dtype: isinstance(dtype, pl.Struct)),
)


def _write(series: pl.Series) -> list[Any]:
    if series.dtype == pl.String or series.dtype == pl.Boolean:
        return series.to_list()
    return [written(value) for value in series.to_list()]


def written(value: Any) -> Any:
    """A value as it stands in JSON; see `Column`."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else _NOT_FINITE[str(value)]
        case datetime():
            return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return {name: written(inner) for name, inner in value.items()}
        case list() | tuple():
            return [written(inner) for inner in value]
    return str(value)


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
