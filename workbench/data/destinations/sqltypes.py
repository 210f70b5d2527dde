"""What a column of rows becomes in a database: the type of a table that is made, and each value."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

__all__ = ["sql_type", "values_of"]

KEY_LENGTH = 255  # MySQL keeps no index of texts without a length


def sql_type(kind: pa.DataType, dialect: str, *, key: bool = False) -> str:
    """The type of a column that is made for rows.

    Args:
        dialect: "postgresql", "mysql" (MariaDB's as well), "sqlite" or "duckdb".
        key: Whether it is part of the table's key.
    """
    mysql = dialect == "mysql"
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_integer(kind):
        return _integer(kind, dialect)
    if pa.types.is_floating(kind):
        return "DOUBLE PRECISION" if dialect == "postgresql" else "DOUBLE"
    if pa.types.is_decimal(kind):
        return f"NUMERIC({kind.precision}, {kind.scale})"
    if pa.types.is_date(kind):
        return "DATE"
    if pa.types.is_timestamp(kind):
        if mysql:
            return "DATETIME(6)"  # TIMESTAMP ends in 2038
        return "TIMESTAMP WITH TIME ZONE" if kind.tz and dialect != "sqlite" else "TIMESTAMP"
    if _is_binary(kind):
        names = {"postgresql": "BYTEA", "mysql": f"VARBINARY({KEY_LENGTH})" if key else "LONGBLOB"}
        return names.get(dialect, "BLOB")
    if mysql:
        # Letters are what they are: by default MySQL takes `a` and `A` for the same.
        return f"{f'VARCHAR({KEY_LENGTH})' if key else 'LONGTEXT'} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    return "TEXT"


def values_of(array: pa.Array, dialect: str) -> list[Any]:
    """The values as a database's driver takes them. What is a list or has fields is JSON."""
    kind = array.type
    convert: Callable[[Any], Any] | None = None
    if pa.types.is_timestamp(kind):
        array = array.cast(pa.timestamp("us", kind.tz))
        convert = _moment(kind.tz, dialect)
    elif pa.types.is_nested(kind):
        convert = _as_json
    elif pa.types.is_duration(kind) or pa.types.is_time(kind) or _only_as_text(kind, dialect):
        convert = str
    found = array.to_pylist()
    return found if convert is None else [None if value is None else convert(value) for value in found]


def _integer(kind: pa.DataType, dialect: str) -> str:
    if dialect == "sqlite":
        return "INTEGER"
    if kind == pa.uint64():
        return "NUMERIC(20, 0)"
    bits = kind.bit_width * (2 if pa.types.is_unsigned_integer(kind) else 1)
    return "SMALLINT" if bits <= 16 else "INTEGER" if bits == 32 else "BIGINT"


def _only_as_text(kind: pa.DataType, dialect: str) -> bool:
    return dialect == "sqlite" and (pa.types.is_decimal(kind) or pa.types.is_date(kind))


def _is_binary(kind: pa.DataType) -> bool:
    known = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return any(is_one(kind) for is_one in known)


def _moment(zone: str | None, dialect: str) -> Callable[[datetime], Any] | None:
    """MySQL and SQLite keep no zones: what has one is in UTC there."""
    if dialect == "mysql" and zone:
        return _without_zone
    if dialect == "sqlite":
        return lambda value: _without_zone(value).isoformat(" ", "microseconds")
    return None


def _without_zone(value: datetime) -> datetime:
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_said)


def _said(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
