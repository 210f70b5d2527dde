"""What MySQL and MariaDB do in a way of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, CursorResult, Engine, event, text

from workbench.data.connectors.databases.columns import Column, as_text
from workbench.data.connectors.databases.reading import Asked, TableName, apart, bounded, conditions, written
from workbench.data.connectors.span import Span

__all__ = ["abandon", "asked_query", "asked_table", "columns_of_table", "connect_args", "prepare"]

_BINARY = 63
_UNSIGNED = 32


def connect_args() -> dict[str, Any]:
    """Times of day come as they are written: they may be negative, or more than a day."""
    from pymysql.constants import FIELD_TYPE
    from pymysql.converters import conversions

    conversion: dict[Any, Any] = dict(conversions)
    conversion[FIELD_TYPE.TIME] = str
    return {"conv": conversion}


def prepare(engine: Engine) -> None:
    """Every connection only reads, and shows moments in UTC."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SET time_zone = '+00:00'")


def asked_query(query: str, parameters: Mapping[str, Any]) -> Asked:
    return Asked(text(query), _columns, parameters)


def asked_table(connection: Connection, name: TableName, span: Span | None, shown: str) -> Asked:
    statement = f"SELECT * FROM {name.written(connection)}"
    if span is None:
        return Asked(text(statement), _columns)
    column = bounded(columns_of_table(connection, name), span, shown)
    quoted = written(connection, column.name)
    values: dict[str, Any] = {}

    def bound(which: str, operator: str, value: Any) -> str:
        # The session's zone is UTC, and what is sent says none.
        values[which] = value.replace(tzinfo=None) if isinstance(value, datetime) else value
        return f"{quoted} {operator} :{which}"

    found = conditions(span, column, bound)
    return Asked(text(f"{statement} WHERE {' AND '.join([f'{quoted} IS NOT NULL', *found])}"), _columns, values)


def columns_of_table(connection: Connection, name: TableName) -> list[Column]:
    return _columns(connection.execute(text(f"SELECT * FROM {name.written(connection)} LIMIT 0")))


def _columns(found: CursorResult[Any]) -> list[Column]:
    """The columns of an answer, as the server describes them."""
    cursor: Any = found.cursor
    if cursor is None:  # what gives no rows is no query
        return []
    columns = [_column(field) for field in cursor._result.fields]  # its description leaves out signs and character sets
    apart([column.name for column in columns])
    return columns


def abandon(connection: Connection, cursor: Any) -> None:
    """Ends an answer that nobody reads on. The driver would fetch all that is left of it, however much that is.

    Args:
        cursor: The driver's, which had the answer.
    """
    result = cursor._result
    if result is None or not result.unbuffered_active:
        return
    result.unbuffered_active = False
    result.connection = None
    if not connection.invalidated:
        raw: Any = connection.connection.dbapi_connection
        raw.close()
        connection.invalidate()


def _column(field: Any) -> Column:
    from pymysql.constants import FIELD_TYPE as TYPE

    name, code, unsigned = field.name, field.type_code, bool(field.flags & _UNSIGNED)
    kinds: dict[int, tuple[pa.DataType, Callable[[Any], Any] | None]] = {
        TYPE.SHORT: (pa.int64() if unsigned else pa.int16(), None),
        TYPE.YEAR: (pa.int16(), None),
        TYPE.INT24: (pa.int64(), None),
        TYPE.LONG: (pa.int64(), None),
        TYPE.LONGLONG: (pa.decimal128(20, 0) if unsigned else pa.int64(), None),
        TYPE.FLOAT: (pa.float64(), None),
        TYPE.DOUBLE: (pa.float64(), None),
        TYPE.DATE: (pa.date32(), None),
        TYPE.DATETIME: (pa.timestamp("us"), _moment),
        TYPE.TIMESTAMP: (pa.timestamp("us", "UTC"), _moment),
        TYPE.BIT: (pa.decimal128(20, 0) if field.length > 63 else pa.int64(), _bits),
        TYPE.GEOMETRY: (pa.large_binary(), None),
    }
    if code == TYPE.TINY and field.length == 1:
        return Column(name, pa.bool_(), _truth)
    if code == TYPE.TINY:
        return Column(name, pa.int16(), None)
    if code in (TYPE.DECIMAL, TYPE.NEWDECIMAL):
        digits = field.length - (field.scale > 0) - (not unsigned)
        if digits > 38:
            return Column(name, pa.float64(), float)
        return Column(name, pa.decimal128(max(digits, 1), field.scale), None)
    if code in kinds:
        return Column(name, *kinds[code])
    if field.charsetnr == _BINARY and code not in (TYPE.JSON, TYPE.TIME, TYPE.ENUM, TYPE.SET, TYPE.NULL):
        return Column(name, pa.large_binary(), None)
    return Column(name, pa.large_string(), as_text)


def _truth(value: int) -> bool:
    """A TINYINT(1) is what both servers make of BOOLEAN."""
    if value not in (0, 1):
        raise ValueError
    return bool(value)


def _moment(value: Any) -> datetime:
    """The driver hands on as text what is no day of the calendar, such as 0000-00-00."""
    if not isinstance(value, datetime):
        raise ValueError
    return value


def _bits(value: bytes) -> int:
    return int.from_bytes(value, "big")
