"""Database values to Arrow columns: a column's type is settled once, before its first value is seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import types as sql

from workbench.foundation.errors import Invalid

__all__ = ["Column", "as_text", "batch", "of_sql_type", "of_storage_classes", "refused", "schema_of"]

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Column:
    """One column's name, its Arrow type, and what a value needs before Arrow takes it, if anything."""

    name: str
    type: pa.DataType
    convert: Convert | None = None


def of_sql_type(name: str, kind: sql.TypeEngine[Any]) -> Column | None:
    """The column for a reflected SQL type; None where the database itself knows no type.

    A NUMERIC of unknown precision is a 64-bit float; times of day and JSON are text.
    """
    match kind:
        case sql.NullType():
            return None
        case sql.Boolean():
            return Column(name, pa.bool_())
        case sql.SmallInteger():
            return Column(name, pa.int16())
        case sql.Integer():
            return Column(name, pa.int64())
        case sql.Float():
            return Column(name, pa.float64())
        case sql.Numeric(precision=int(precision), scale=int(scale)) if precision <= 38:
            return Column(name, pa.decimal128(precision, scale))
        case sql.Numeric():
            return Column(name, pa.float64(), float)
        case sql.DateTime():
            return Column(name, pa.timestamp("us", "UTC" if kind.timezone else None))
        case sql.Date():
            return Column(name, pa.date32())
        case sql.LargeBinary():
            return Column(name, pa.large_binary())
        case sql.JSON():
            return Column(name, pa.large_string(), json.dumps)
        case sql.String() if not isinstance(kind, sql.Enum):
            return Column(name, pa.large_string())
        case _:
            return Column(name, pa.large_string(), as_text)


def of_storage_classes(name: str, classes: Iterable[str]) -> Column:
    """The column for the storage classes that SQLite says a column's values have, over all rows.

    Raises:
        Invalid: Text or blobs are mixed with something else.
    """
    found = set(classes) - {"null"}
    if found == {"integer"}:
        return Column(name, pa.int64())
    if found and found <= {"integer", "real"}:
        return Column(name, pa.float64())
    if found == {"blob"}:
        return Column(name, pa.large_binary())
    if found <= {"text"}:
        return Column(name, pa.large_string())
    raise Invalid(
        f"column '{name}' mixes {' and '.join(sorted(found))} values",
        hint=f"cast it in a query: CAST({name} AS TEXT) AS {name}",
    )


def batch(columns: Sequence[Column], rows: Sequence[Sequence[Any]], place: str, first: int = 1) -> pa.RecordBatch:
    """Rows as one Arrow batch.

    Args:
        first: The row of the first one, for errors.

    Raises:
        Invalid: A value is not of its column's type; names the row, the column and the value.
    """
    values = zip(*rows, strict=True) if rows else ([] for _ in columns)
    arrays = [_array(column, list(found), place, first) for column, found in zip(columns, values, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(columns))


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    return pa.schema([(column.name, column.type) for column in columns])


def refused(column: Column, value: Any, place: str, row: int) -> Invalid:
    """The error for a value that is not of its column's type."""
    return Invalid(
        f"{place}, row {row:,}, column '{column.name}': {str(value)[:80]!r} is not of the column's type {column.type}",
        hint=f"mend the value, or cast it in a query: CAST({column.name} AS TEXT) AS {column.name}",
    )


def _array(column: Column, values: list[Any], place: str, first: int) -> pa.Array:
    try:
        convert = column.convert
        given = values if convert is None else [None if value is None else convert(value) for value in values]
        return pa.array(given, column.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        wrong = next((at for at, value in enumerate(values) if not _fits(column, value)), 0)
        raise refused(column, values[wrong], place, first + wrong) from error


def _fits(column: Column, value: Any) -> bool:
    try:
        pa.array([value if value is None or column.convert is None else column.convert(value)], column.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
