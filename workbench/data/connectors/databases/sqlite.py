"""What SQLite does in a way of its own: every value has a type, and a column only wishes for one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    literal,
    select,
    text,
    type_coerce,
)
from sqlalchemy.pool import NullPool

from workbench.data.connectors.databases.columns import Column, of_sql_type, of_storage_classes
from workbench.data.connectors.databases.onfile import there
from workbench.data.connectors.databases.reading import (
    Asked,
    TableName,
    apart,
    bounded,
    conditions,
    in_types_of,
    written,
)
from workbench.data.connectors.span import Span
from workbench.foundation.errors import Invalid, Unavailable

__all__ = ["asked_query", "asked_table", "check_file", "columns_of_table", "engine"]

MAGIC = b"SQLite format 3\0"
_DUCK = b"DUCK"


def engine(file: Path) -> Engine:
    """Opens the file anew for every reading, which is cheap, and read-only."""
    uri = f"file:{quote(str(file))}?mode=ro"
    return create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(uri, uri=True, check_same_thread=False), poolclass=NullPool
    )


def check_file(path: Path) -> None:
    """
    Raises:
        NotFound: There is no such file.
        Invalid: It is no SQLite database.
        Unavailable: It may not be read.
    """
    there(path)
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except OSError as error:
        raise Unavailable(f"{path} may not be read: {error.strerror}", hint="check its permissions") from error
    if start[8:12] == _DUCK:
        raise Invalid(f"{path} is not an SQLite database", hint=f"it is one of DuckDB: duckdb:///{path}")
    if start not in (MAGIC, b""):
        raise Invalid(f"{path} is not an SQLite database", hint="a CSV or Parquet file is loaded by its path alone")


def asked_table(connection: Connection, name: TableName, span: Span | None, shown: str) -> Asked:
    table = _reflected(connection, name)
    columns = columns_of_table(connection, name)
    statement = select(table)
    if span is not None:
        column = bounded(columns, span, shown)
        asked = table.columns[span.column]

        if pa.types.is_temporal(column.type):
            exactly = in_types_of(column, span)
            statement = statement.where(*_days(asked, exactly))
            return Asked(statement, lambda _: columns, exactly=exactly)
        statement = statement.where(
            asked.is_not(None),
            *conditions(span, column, lambda _, operator, value: asked.op(operator)(literal(value, asked.type))),
        )
    return Asked(statement, lambda _: columns)


def _days(column: ColumnElement[Any], span: Span) -> list[ColumnElement[bool]]:
    """About the rows within a span of times: those of its days, and a day more on either side.

    Times are texts here, of several forms and zones, which are not in the order of what they say; their days are,
    but for the zones.
    """
    day = func.substr(type_coerce(column, String), 1, 10)
    low, high = (None if at is None else f"{at:%Y-%m-%d}" for at in (_moved(span.low, -1), _moved(span.high, 1)))
    return [column.is_not(None), *([day >= low] if low else []), *([day <= high] if high else [])]


def _moved(at: date | None, days: int) -> date | None:
    """So many days later; None beyond the calendar."""
    try:
        return None if at is None else at + timedelta(days=days)
    except OverflowError:
        return None


def asked_query(connection: Connection, query: str, parameters: Mapping[str, Any], of_table: TableName | None) -> Asked:
    """
    Args:
        of_table: Says the types of the columns that are called as its own are.
    """
    statement = text(query)
    known: dict[str, Column] = {}
    if of_table is not None:
        table = _reflected(connection, of_table)
        known = {column.name: column for column in columns_of_table(connection, of_table)}
        statement = statement.columns(**{column.name: column.type for column in table.columns})  # type: ignore[assignment]

    def columns(found: CursorResult[Any]) -> Sequence[Column]:
        names = list(found.keys())
        apart(names)
        missing = [name for name in names if name not in known]
        settled = dict(known)
        if missing:
            classes = _storage_classes(connection, missing, query, parameters)
            settled |= {name: of_storage_classes(name, classes[name]) for name in missing}
        return [settled[name] for name in names]

    return Asked(statement, columns, parameters)


def columns_of_table(connection: Connection, name: TableName) -> list[Column]:
    table = _reflected(connection, name)
    settled = {column.name: of_sql_type(column.name, column.type) for column in table.columns}
    untyped = [name for name, column in settled.items() if column is None]
    classes = _storage_classes(connection, untyped, _body(table, connection), {}) if untyped else {}
    return [column or of_storage_classes(name, classes[name]) for name, column in settled.items()]


def _reflected(connection: Connection, name: TableName) -> Table:
    return Table(name.name, MetaData(), schema=name.schema, autoload_with=connection, resolve_fks=False)


def _body(table: Table, connection: Connection) -> str:
    return str(select(table).compile(connection)).replace(":", "\\:")


def _storage_classes(
    connection: Connection, names: Sequence[str], query: str, parameters: Mapping[str, Any]
) -> dict[str, list[str]]:
    # SQLite gives every value a type of its own, so a column's type is what all its values say together.
    asked = ", ".join(f"group_concat(DISTINCT typeof({written(connection, name)}))" for name in names)
    row = connection.execute(text(f"SELECT {asked} FROM ({query.strip().rstrip(';')})"), parameters).one()
    return {name: (found or "null").split(",") for name, found in zip(names, row, strict=True)}
