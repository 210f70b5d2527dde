"""Database values to Arrow columns: a column's type is settled once, before its first value is seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import types as sql

from workbench.foundation.errors import Invalid

__all__ = ["Column", "batch", "of_postgres_code", "of_sql_type", "of_storage_classes"]

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Column:
    """One column's name, its Arrow type, and what a value needs before Arrow takes it, if anything."""

    name: str
    type: pa.DataType
    convert: Convert | None = None


def of_sql_type(name: str, kind: sql.TypeEngine[Any]) -> Column | None:
    """The column for a reflected SQL type; None where the database itself knows no type.

    A NUMERIC of unknown precision is a 64-bit float; intervals, times of day, JSON and UUIDs are text.
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
        case sql.ARRAY():
            item = of_sql_type(name, kind.item_type) or Column(name, pa.large_string(), _text)
            return Column(name, pa.large_list(item.type), None if item.convert is None else _each(item.convert))
        case sql.JSON():
            return Column(name, pa.large_string(), json.dumps)
        case sql.String() if not isinstance(kind, sql.Enum):
            return Column(name, pa.large_string())
        case _:
            return Column(name, pa.large_string(), _text)


# PostgreSQL says the type of a query's column by its object id in pg_type, which is fixed for the built-in types.
_POSTGRES: dict[int, tuple[pa.DataType, Convert | None]] = {
    16: (pa.bool_(), None),
    17: (pa.large_binary(), bytes),
    20: (pa.int64(), None),
    21: (pa.int16(), None),
    23: (pa.int64(), None),
    25: (pa.large_string(), None),
    700: (pa.float64(), None),
    701: (pa.float64(), None),
    1042: (pa.large_string(), None),
    1043: (pa.large_string(), None),
    1082: (pa.date32(), None),
    1114: (pa.timestamp("us"), None),
    1184: (pa.timestamp("us", "UTC"), None),
    1700: (pa.float64(), float),
    114: (pa.large_string(), json.dumps),
    3802: (pa.large_string(), json.dumps),
}


def of_postgres_code(name: str, code: int) -> Column:
    """The column for the type code in a PostgreSQL cursor's description."""
    kind, convert = _POSTGRES.get(code, (pa.large_string(), _text))
    return Column(name, kind, convert)


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


def batch(columns: Sequence[Column], rows: Sequence[Sequence[Any]], place: str) -> pa.RecordBatch:
    """Rows as one Arrow batch.

    Raises:
        Invalid: A value is not of its column's type; names the column and the value.
    """
    values = zip(*rows, strict=True) if rows else ([] for _ in columns)
    arrays = [_array(column, list(found), place) for column, found in zip(columns, values, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema([(column.name, column.type) for column in columns]))


def _array(column: Column, values: list[Any], place: str) -> pa.Array:
    try:
        if column.convert is not None:
            convert = column.convert
            values = [None if value is None else convert(value) for value in values]
        return pa.array(values, column.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        wrong = next((value for value in values if not _fits(column, value)), None)
        raise Invalid(
            f"{place}, column '{column.name}': {str(wrong)[:80]!r} is not of the column's type {column.type}",
            hint=f"mend the value, or cast it in a query: CAST({column.name} AS TEXT) AS {column.name}",
        ) from error


def _fits(column: Column, value: Any) -> bool:
    try:
        pa.array([value if value is None or column.convert is None else column.convert(value)], column.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def _each(convert: Convert) -> Convert:
    return lambda values: [None if value is None else convert(value) for value in values]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
