"""What PostgreSQL does in a way of its own: it says the type of every column, and what has no type of ours it casts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, text
from sqlalchemy.engine.default import DefaultDialect

from workbench.data.connectors.databases.columns import Column
from workbench.data.connectors.databases.reading import Asked, TableName, apart, bounded, conditions, written
from workbench.data.connectors.span import Span

__all__ = ["asked", "columns_of_table"]

_TEXT = pa.large_string()
# By the object id of a type in pg_type, which is fixed for the built-in ones: what it becomes, and what it is cast to.
_NUMERIC = 1700
_TYPES: dict[int, tuple[pa.DataType, str]] = {
    16: (pa.bool_(), ""),
    17: (pa.large_binary(), ""),
    20: (pa.int64(), ""),
    21: (pa.int16(), ""),
    23: (pa.int64(), ""),
    25: (_TEXT, ""),
    26: (pa.int64(), "int8"),
    700: (pa.float64(), "float8"),
    701: (pa.float64(), ""),
    1042: (_TEXT, ""),
    1043: (_TEXT, ""),
    1082: (pa.date32(), ""),
    1114: (pa.timestamp("us"), ""),
    1184: (pa.timestamp("us", "UTC"), ""),
    _NUMERIC: (pa.float64(), "float8"),
}


@dataclass(frozen=True)
class _Field:
    """A column, its type's object id, and what it is cast to."""

    column: Column
    code: int
    cast: str = ""


def asked(
    connection: Connection,
    table: TableName | None,
    query: str | None,
    parameters: Mapping[str, Any],
    span: Span | None,
    shown: str,
) -> Asked:
    """A SELECT of a table or of a query, in which the database casts what has no type of ours."""
    if query is None:
        assert table is not None
        query = f"SELECT * FROM {table.written(connection)}"
    body = query.strip().rstrip(";")
    fields = _fields(connection, body, parameters)
    columns = [field.column for field in fields]
    wanted = ", ".join(_expression(written(connection, field.column.name), field.cast) for field in fields)
    whole = f"SELECT {wanted} FROM ({body}\n) AS asked"
    values: dict[str, str] = {}
    where, copied = "", ""
    if span is not None:
        column = bounded(columns, span, shown)
        field = next(one for one in fields if one.column is column)
        name, kind = written(connection, column.name), _type_name(connection, field.code)

        def bound(which: str, operator: str, value: Any) -> tuple[str, str]:
            values[which] = _as_text(value)
            compared = f" AND {name} {operator} "
            return (
                f"{compared}CAST(:{which} AS {kind})",
                f"{compared}CAST(current_setting('workbench.{which}') AS {kind})",
            )

        found = conditions(span, column, bound)
        where = f"{name} IS NOT NULL" + "".join(one for one, _ in found)
        copied = f"{name} IS NOT NULL" + "".join(one for _, one in found)
    behind = f" WHERE {where}" if where else ""
    in_one_piece = None
    if not parameters and not any(pa.types.is_large_list(column.type) for column in columns):
        # A list of lists would come flat.
        statement = f"{whole} WHERE {copied}" if copied else whole
        compiled = text(statement).compile(dialect=DefaultDialect(paramstyle="named"))
        if not compiled.binds:
            in_one_piece = str(compiled), values, columns
    return Asked(text(whole + behind), lambda _: columns, {**parameters, **values}, in_one_piece)


def columns_of_table(connection: Connection, table: TableName) -> list[Column]:
    body = f"SELECT * FROM {table.written(connection)}"
    return [field.column for field in _fields(connection, body, {})]


def _fields(connection: Connection, body: str, parameters: Mapping[str, Any]) -> list[_Field]:
    found = connection.execute(text(f"SELECT * FROM ({body}\n) AS asked LIMIT 0"), parameters)
    assert found.cursor is not None
    description: Sequence[Any] = found.cursor.description or ()
    apart([item[0] for item in description])
    others = [item.type_code for item in description if item.type_code not in _TYPES]
    lists = _items(connection, others) if others else {}
    return [_field(item, lists) for item in description]


def _field(item: Any, lists: Mapping[int, int]) -> _Field:
    name, code = item[0], item.type_code
    if code == _NUMERIC and item.precision is not None and item.precision <= 38 and 0 <= item.scale <= item.precision:
        return _Field(Column(name, pa.decimal128(item.precision, item.scale)), code)
    if code in _TYPES:
        kind, cast = _TYPES[code]
        return _Field(Column(name, kind), code, cast)
    if code in lists:
        kind, cast = _TYPES.get(lists[code], (_TEXT, "text"))
        return _Field(Column(name, pa.large_list(kind)), code, f"{cast}[]" if cast else "")
    return _Field(Column(name, _TEXT), code, "text")


def _items(connection: Connection, codes: Sequence[int]) -> dict[int, int]:
    """Of those types that are arrays, what they are arrays of."""
    found = connection.execute(
        text("SELECT oid, typelem FROM pg_type WHERE oid = ANY(:codes) AND typcategory = 'A'"), {"codes": list(codes)}
    )
    return {int(code): int(item) for code, item in found}


def _type_name(connection: Connection, code: int) -> str:
    return str(connection.scalar(text("SELECT format_type(CAST(:code AS oid), -1)"), {"code": code}))


def _expression(name: str, cast: str) -> str:
    return f"CAST({name} AS {cast}) AS {name}" if cast else name


def _as_text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return f"\\x{value.hex()}"
    return str(value)
