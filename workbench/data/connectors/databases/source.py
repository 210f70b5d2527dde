"""Rows of a database through SQLAlchemy: tables, and queries with bound parameters. Read-only, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, NoSuchModuleError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from workbench.data.connectors.databases import copying, mysql, postgres, sqlite
from workbench.data.connectors.databases.address import DatabaseAddress
from workbench.data.connectors.databases.columns import batch, schema_of
from workbench.data.connectors.databases.engines import MOST_CONNECTIONS, engine_of
from workbench.data.connectors.databases.onfile import file_mark
from workbench.data.connectors.databases.reading import Asked, Place, TableName, names_in, resolved
from workbench.data.connectors.model import BATCH_ROWS
from workbench.data.connectors.span import Span, inside
from workbench.foundation.errors import Invalid, Unavailable, WorkbenchError, sentence

__all__ = ["DatabaseSource"]


class DatabaseSource:
    """A database by its SQLAlchemy URL. Reads of a server share its engine's few connections."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            NotFound: The SQLite file does not exist; it is not created. Or there is no such secret.
            Invalid: The URL cannot be parsed, or the file is not an SQLite database.
            Unavailable: The driver is not installed.
        """
        address = DatabaseAddress(url)
        self._address = address.url
        self.url = address.shown
        self._kind = address.kind
        self._file = Path(self._address.database or "") if self._kind == "sqlite" else None
        if self._file is not None:
            sqlite.check_file(self._file)
        try:
            self._engine()
        except (ArgumentError, NoSuchModuleError) as error:
            raise Invalid(f"the database URL cannot be used: {sentence(error)}") from error
        except ModuleNotFoundError as error:
            raise address.without_driver(error) from error

    def __repr__(self) -> str:
        return f"DatabaseSource({self.url})"

    def tables(self) -> list[str]:
        """Tables and views of the database's default schema."""
        with self._connect(Place(self.url)) as connection:
            return names_in(connection, None)

    def schema(self, *, table: str | None = None, query: str | None = None) -> pa.Schema:
        if query is not None:
            return next(self.batches(table=table, query=query, batch_rows=1)).schema
        with self._connect(Place(self.url)) as connection:
            name = resolved(connection, table, self.url)
            match self._kind:
                case "sqlite":
                    return schema_of(sqlite.columns_of_table(connection, name))
                case "postgresql":
                    return schema_of(postgres.columns_of_table(connection, name))
            return schema_of(mysql.columns_of_table(connection, name))

    def batches(
        self,
        *,
        table: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        return self._read(table, query, dict(parameters or {}), None, batch_rows)

    def batches_within(
        self, span: Span, *, table: str | None = None, batch_rows: int = BATCH_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a table whose value in the span's column lies within it, which the database picks.

        Raises:
            NotFound: The table has no such column.
            Invalid: A bound has a zone and the column has none, or the other way round.
        """
        return self._read(table, None, {}, span, batch_rows)

    def fingerprint(self) -> str:
        if self._file is None:
            return ""
        sqlite.check_file(self._file)
        return file_mark(self._file, "-wal")

    def _read(
        self, table: str | None, query: str | None, parameters: dict[str, Any], span: Span | None, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        place = Place(f"{self.url}, the query")
        with self._connect(place) as connection:
            name = resolved(connection, table, self.url) if query is None or table is not None else None
            if name is not None:
                place.said = f"{self.url}, table '{name}'"
            asked = self._asked(connection, name, query, parameters, span)
            if asked.copied is None or not copying.available():
                fetched = _fetched(connection, asked, place, batch_rows)
                yield from fetched if asked.exactly is None else (inside(one, asked.exactly) for one in fetched)
                return
        yield from copying.copied(self._address, *asked.copied, place, batch_rows)

    def _asked(
        self,
        connection: Connection,
        name: TableName | None,
        query: str | None,
        parameters: dict[str, Any],
        span: Span | None,
    ) -> Asked:
        if self._kind == "postgresql":
            return postgres.asked(connection, name, query, parameters, span, self.url)
        if self._kind == "sqlite":
            if query is not None:
                return sqlite.asked_query(connection, query, parameters, name)
            assert name is not None
            return sqlite.asked_table(connection, name, span, self.url)
        if query is not None:
            return mysql.asked_query(query, parameters)
        assert name is not None
        return mysql.asked_table(connection, name, span, self.url)

    def _engine(self) -> Engine:
        return sqlite.engine(self._file) if self._file is not None else engine_of(self._address)

    @contextmanager
    def _connect(self, place: Place) -> Iterator[Connection]:
        try:
            with self._engine().connect() as connection:
                yield connection
        except PoolTimeout as error:
            raise Unavailable(
                f"{self.url} is read {MOST_CONNECTIONS} times at once by this process, which is as often as it may",
                hint="read to the end, or close, what was begun",
            ) from error
        except StatementError as error:
            raise self._explained(error, place) from error

    def _explained(self, error: StatementError, place: Place) -> WorkbenchError:
        reason = sentence(error.orig or error)
        if "not a database" in reason or "malformed" in reason:
            return Invalid(f"{self.url} is not a readable database: {reason}", hint="fetch the file again")
        if isinstance(error, DBAPIError) and error.connection_invalidated and place.said != self.url:
            return Unavailable(
                f"{place.said}: the connection broke after row {place.row:,}: {reason}",
                hint="read it again once it runs",
            )
        if error.statement is None and isinstance(error, DataError):
            return Invalid(
                f"{place.said} has a value after row {place.row:,} that cannot be taken over: {reason}",
                hint="leave its row out, or cast it to text in a query",
            )
        if error.statement is None and isinstance(error, OperationalError):
            return Unavailable(f"{self.url} cannot be reached: {reason}", hint="check the URL and that it runs")
        if isinstance(error, DBAPIError) or "bind parameter" in reason:
            return Invalid(f"{self.url} refused the query: {reason}", hint="try the query in the database's own shell")
        return Invalid(f"{self.url} holds a value that is not of its column's declared type: {reason}")


def _fetched(connection: Connection, asked: Asked, place: Place, batch_rows: int) -> Iterator[pa.RecordBatch]:
    found = connection.execution_options(stream_results=True).execute(asked.statement, asked.parameters)
    cursor = found.cursor
    try:
        columns = asked.columns(found)
        for rows in found.partitions(batch_rows):
            yield batch(columns, rows, place.said, place.row + 1)
            place.row += len(rows)
        if not place.row:
            yield batch(columns, [], place.said)
    finally:
        if cursor is not None:
            if connection.dialect.name in ("mysql", "mariadb"):
                mysql.abandon(connection, cursor)
            cursor.close()  # which is left open where the connection broke
