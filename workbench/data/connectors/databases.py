"""Rows of an SQL database: reflected tables, and queries with bound parameters. Read-only, in server-side batches."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Executable,
    MetaData,
    Table,
    create_engine,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, StatementError
from sqlalchemy.pool import NullPool

from workbench.data.connectors.columns import Column, batch, of_postgres_code, of_sql_type, of_storage_classes
from workbench.data.connectors.model import BATCH_ROWS
from workbench.foundation.errors import Invalid, NotFound, Unavailable, WorkbenchError, nearest, unknown

__all__ = ["DatabaseSource"]

SQLITE_MAGIC = b"SQLite format 3\0"


class DatabaseSource:
    """A database by its SQLAlchemy URL. Every read opens a connection of its own and closes it."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            NotFound: The SQLite file does not exist; it is not created.
            Invalid: The URL cannot be parsed, or the file is not an SQLite database.
            Unavailable: The driver is not installed.
        """
        try:
            parsed = make_url(url)
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            self.url = parsed.render_as_string(hide_password=True)
            self._file = Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
            if self._file is not None:
                _check_file(self._file)
            self._engine = _engine(parsed, self._file)
        except (ArgumentError, NoSuchModuleError) as error:
            raise Invalid(f"the database URL cannot be used: {_sentence(error)}") from error
        except ModuleNotFoundError as error:
            raise Unavailable(
                f"reading a database by '{url.split(':')[0]}' needs the package '{error.name}'",
                hint="pip install 'analytics-workbench[postgres]'",
            ) from error

    def __repr__(self) -> str:
        return f"DatabaseSource({self.url})"

    def tables(self) -> list[str]:
        """Tables and views of the database's default schema."""
        with self._connect() as connection:
            return _names(connection, None)

    def schema(self, *, table: str | None = None, query: str | None = None) -> pa.Schema:
        if query is not None:
            return next(self.batches(table=table, query=query, batch_rows=1)).schema
        with self._connect() as connection:
            known = _columns_of_table(connection, self._reflect(connection, table))
        return pa.schema([(column.name, column.type) for column in known])

    def batches(
        self,
        *,
        table: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        bound = dict(parameters or {})
        with self._connect() as connection:
            known: list[Column] = []
            statement: Executable
            place = f"{self.url}, the query"
            if query is None or table is not None:
                reflected = self._reflect(connection, table)
                known = _columns_of_table(connection, reflected)
                place = f"{self.url}, table '{reflected.fullname}'"
                statement = select(reflected)
                if query is not None:
                    statement = text(query).columns(**{column.name: column.type for column in reflected.columns})
            else:
                statement = text(query)
            found = connection.execution_options(stream_results=True).execute(statement, bound)
            if query is not None:
                known = _columns_of_query(connection, found, query, bound, known)
            empty = True
            for rows in found.partitions(batch_rows):
                empty = False
                yield batch(known, rows, place)
            if empty:
                yield batch(known, [], place)

    def fingerprint(self) -> str:
        if self._file is None:
            return ""
        _check_file(self._file)
        parts = [str(self._file)]
        for path in (self._file, self._file.with_name(self._file.name + "-wal")):
            if path.exists():
                found = path.stat()
                parts.append(f"{found.st_size} {found.st_mtime_ns}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def _reflect(self, connection: Connection, table: str | None) -> Table:
        schema, _, name = (table or "").rpartition(".")
        names = _names(connection, schema or None)
        if table is None:
            if len(names) != 1:
                raise Invalid(
                    f"{self.url} has {len(names)} tables; say which one to read",
                    hint=f"there is {', '.join(names)}" if names else None,
                )
            name = names[0]
        if name not in names:
            raise unknown("table", name, names)
        return Table(name, MetaData(), schema=schema or None, autoload_with=connection, resolve_fks=False)

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except StatementError as error:
            raise self._explained(error) from error

    def _explained(self, error: StatementError) -> WorkbenchError:
        reason = _sentence(error.orig or error)
        if "not a database" in reason or "malformed" in reason:
            return Invalid(f"{self.url} is not a readable database: {reason}", hint="fetch the file again")
        if error.statement is None and isinstance(error, OperationalError):
            return Unavailable(f"{self.url} cannot be reached: {reason}", hint="check the URL and that it runs")
        if isinstance(error, DBAPIError) or "bind parameter" in reason:
            return Invalid(f"{self.url} refused the query: {reason}", hint="try the query in the database's own shell")
        return Invalid(f"{self.url} holds a value that is not of its column's declared type: {reason}")


def _engine(url: URL, file: Path | None) -> Engine:
    if file is None:
        return create_engine(url, poolclass=NullPool, execution_options={"postgresql_readonly": True})
    uri = f"file:{quote(str(file))}?mode=ro"
    return create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(uri, uri=True, check_same_thread=False), poolclass=NullPool
    )


def _check_file(path: Path) -> None:
    if not path.exists():
        siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        guess = nearest(path.name, siblings)
        raise NotFound(
            f"no database file {path}" + (f"; did you mean '{guess}'?" if guess else ""), hint="check the path"
        )
    try:
        with path.open("rb") as file:
            start = file.read(len(SQLITE_MAGIC))
    except OSError as error:
        raise Unavailable(f"{path} may not be read: {error.strerror}", hint="check its permissions") from error
    if start not in (SQLITE_MAGIC, b""):
        raise Invalid(f"{path} is not an SQLite database", hint="a CSV or Parquet file is loaded by its path alone")


def _names(connection: Connection, schema: str | None) -> list[str]:
    found = inspect(connection)
    return sorted([*found.get_table_names(schema=schema), *found.get_view_names(schema=schema)])


def _columns_of_table(connection: Connection, table: Table) -> list[Column]:
    settled = {column.name: of_sql_type(column.name, column.type) for column in table.columns}
    untyped = [name for name, column in settled.items() if column is None]
    classes = _storage_classes(connection, untyped, str(select(table).compile(connection)), {}) if untyped else {}
    return [column or of_storage_classes(name, classes[name]) for name, column in settled.items()]


def _columns_of_query(
    connection: Connection,
    found: CursorResult[Any],
    query: str,
    parameters: Mapping[str, Any],
    of_table: Sequence[Column],
) -> list[Column]:
    names = list(found.keys())
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise Invalid(f"the query gives more than one column named '{doubled[0]}'", hint="name them apart with AS")
    settled = {column.name: column for column in of_table}
    missing = [name for name in names if name not in settled]
    if missing and connection.dialect.name == "postgresql":
        assert found.cursor is not None
        description = found.cursor.description or ()
        settled |= {item[0]: of_postgres_code(item[0], _code(item[1])) for item in description if item[0] in missing}
    elif missing:
        classes = _storage_classes(connection, missing, query, parameters)
        settled |= {name: of_storage_classes(name, classes[name]) for name in missing}
    return [settled[name] for name in names]


def _code(found: Any) -> int:
    return int(found)


def _storage_classes(
    connection: Connection, names: Sequence[str], query: str, parameters: Mapping[str, Any]
) -> dict[str, list[str]]:
    # SQLite gives every value a type of its own, so a column's type is what all its values say together.
    quoted = [connection.dialect.identifier_preparer.quote_identifier(name) for name in names]
    asked = ", ".join(f"group_concat(DISTINCT typeof({name}))" for name in quoted)
    row = connection.execute(text(f"SELECT {asked} FROM ({query.strip().rstrip(';')})"), parameters).one()
    return {name: (found or "null").split(",") for name, found in zip(names, row, strict=True)}


def _sentence(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
