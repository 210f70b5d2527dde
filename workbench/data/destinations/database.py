"""Rows into a database through SQLAlchemy: SQLite, PostgreSQL, MySQL and MariaDB."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.pool import NullPool

from workbench.data.connectors import DatabaseAddress
from workbench.data.destinations.model import Sent
from workbench.data.destinations.sqltypes import sql_type, values_of
from workbench.data.destinations.upserting import put
from workbench.foundation.errors import Conflict, Invalid, Unavailable, WorkbenchError, sentence

__all__ = ["DatabaseDestination"]


class DatabaseDestination:
    """A database by its SQLAlchemy URL. A table that is not there is made; what is written is one transaction."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            Invalid: The URL cannot be parsed, or there is no folder for an SQLite file.
            Unavailable: The driver is not installed.
        """
        address = DatabaseAddress(url)
        self.url = address.shown
        kind = address.kind
        self._dialect = "mysql" if kind == "mariadb" else kind
        try:
            self._engine = _sqlite(Path(address.url.database or "")) if kind == "sqlite" else _server(address.url)
        except ModuleNotFoundError as error:
            raise address.without_driver(error) from error

    def __repr__(self) -> str:
        return f"DatabaseDestination({self.url})"

    def write(self, rows: pa.RecordBatchReader, *, table: str | None, key: Sequence[str], overwrite: bool) -> Sent:
        """See `Destination.write`."""
        if not table:
            raise Invalid(f"{self.url} has room for many tables; say which one", hint="table='orders' (--table orders)")
        place = f"{self.url}, table '{table}'"
        with self._connected(place) as connection:
            session = _Session(connection, self._dialect)
            try:
                with connection.begin():
                    return put(session, rows, table, key, overwrite=overwrite, place=place)
            except BaseException:
                session.undo()
                raise

    @contextmanager
    def _connected(self, place: str) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except StatementError as error:
            raise _explained(error, self.url, place) from error


class _Session:
    def __init__(self, connection: Connection, dialect: str) -> None:
        self._connection = connection
        self._dialect = dialect
        self.joins = dialect == "mysql"
        self._made: str | None = None

    def columns(self, table: str) -> list[str] | None:
        schema, name = self._split(table)
        found = inspect(self._connection)
        if not found.has_table(name, schema=schema):
            return None
        return [column["name"] for column in found.get_columns(name, schema=schema)]

    def create(self, table: str, schema: pa.Schema, key: Sequence[str]) -> None:
        columns = [
            f"{self.quoted(field.name)} {sql_type(field.type, self._dialect, key=field.name in key)}"
            + (" NOT NULL" if field.name in key else " NULL" if self._dialect == "mysql" else "")
            for field in schema
        ]
        if key:
            columns.append(f"PRIMARY KEY ({', '.join(map(self.quoted, key))})")
        self.run(f"CREATE TABLE {self.named(table)} ({', '.join(columns)})")
        self._made = table

    def undo(self) -> None:
        """MySQL makes tables at once, whatever becomes of the transaction."""
        if self._made is not None and self.joins and not self._connection.invalidated:
            with self._connection.begin():
                self.run(f"DROP TABLE IF EXISTS {self.named(self._made)}")

    def named(self, table: str) -> str:
        schema, name = self._split(table)
        return f"{self.quoted(schema)}.{self.quoted(name)}" if schema else self.quoted(name)

    def quoted(self, name: str) -> str:
        how = self._connection.dialect.identifier_preparer
        return f"{how.initial_quote}{name.replace(how.escape_quote, how.escape_quote * 2)}{how.final_quote}"

    def lock(self, table: str) -> None:
        if self._dialect == "postgresql":
            self.run(f"LOCK TABLE {self.named(table)} IN SHARE ROW EXCLUSIVE MODE")

    def run(self, statement: str) -> int:
        return self._connection.exec_driver_sql(self._escaped(statement)).rowcount

    def first(self, statement: str) -> tuple[object, ...] | None:
        found = self._connection.exec_driver_sql(self._escaped(statement)).first()
        return None if found is None else tuple(found)

    def fill(self, stage: str, batch: pa.RecordBatch) -> None:
        columns = ", ".join(map(self.quoted, batch.schema.names))
        rows = list(zip(*(values_of(array, self._dialect) for array in batch.columns), strict=True))
        if self._dialect == "postgresql":
            raw: Any = self._connection.connection.dbapi_connection
            with raw.cursor() as cursor, cursor.copy(f"COPY {self.quoted(stage)} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        mark = "?" if self._dialect == "sqlite" else "%s"
        marks = ", ".join([mark] * batch.num_columns)
        statement = f"{self._escaped(f'INSERT INTO {self.quoted(stage)} ({columns})')} VALUES ({marks})"
        self._connection.exec_driver_sql(statement, rows)

    def _escaped(self, statement: str) -> str:
        """As a driver takes it that has values put where a `%` is."""
        return statement if self._dialect == "sqlite" else statement.replace("%", "%%")

    def _split(self, table: str) -> tuple[str | None, str]:
        """A table, or a schema's; a name with a dot in it is one where there is no such schema."""
        schema, _, name = table.rpartition(".")
        if schema and schema in inspect(self._connection).get_schema_names():
            return schema, name
        return None, table


def _server(address: Any) -> Engine:
    return create_engine(address, poolclass=NullPool)


def _sqlite(file: Path) -> Engine:
    if not file.parent.is_dir():
        raise Invalid(f"there is no folder {file.parent} for a database")
    # The driver would begin a transaction too late for what makes a table to be part of it.
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False),
        poolclass=NullPool,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _explained(error: StatementError, url: str, place: str) -> WorkbenchError:
    reason = sentence(error.orig or error)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Unavailable(f"{place}: the connection broke, and nothing of it was kept: {reason}", hint="send it again")
    if isinstance(error, IntegrityError):
        return Conflict(
            f"{place} refused the rows: {reason}", hint="send them again if somebody else was writing; nothing was kept"
        )
    if isinstance(error, OperationalError) and error.statement is None:
        return Unavailable(f"{url} cannot be reached: {reason}", hint="check the URL and that it runs")
    return Invalid(f"{place} refused the rows, and nothing of them was kept: {reason}", hint="check types and rights")
