"""DuckDB's files as a source of rows. It speaks Arrow by itself, batch by batch, and so needs no layer between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from workbench.data.connectors.databases.columns import Column, schema_of
from workbench.data.connectors.databases.duckfile import DuckFile
from workbench.data.connectors.databases.fitting import fitted
from workbench.data.connectors.databases.onfile import file_mark, there
from workbench.data.connectors.databases.reading import Place, apart, bounded, conditions
from workbench.data.connectors.model import BATCH_ROWS
from workbench.data.connectors.span import Span
from workbench.foundation.errors import Invalid, WorkbenchError, sentence, unknown

if TYPE_CHECKING:
    import duckdb

__all__ = ["DuckSource"]

_TEXT = pa.large_string()
_TYPES: dict[str, pa.DataType] = {
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int16(),
    "UTINYINT": pa.int16(),
    "SMALLINT": pa.int16(),
    **dict.fromkeys(("USMALLINT", "INTEGER", "UINTEGER", "BIGINT"), pa.int64()),
    "UBIGINT": pa.decimal128(20, 0),
    "HUGEINT": pa.decimal128(38, 0),
    "FLOAT": pa.float64(),
    "DOUBLE": pa.float64(),
    "VARCHAR": _TEXT,
    "BLOB": pa.large_binary(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMP_S": pa.timestamp("us"),
    "TIMESTAMP_MS": pa.timestamp("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
}
_PARAMETER = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|::|\\:|:([A-Za-z_]\w*)""")


class DuckSource:
    """A DuckDB file, opened for reading as long as something is read of it: `duckdb:///path/to/file.duckdb`."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            NotFound: There is no such file; it is not created.
        """
        self._file = DuckFile(url)
        there(self._file.path)
        self.url = self._file.url

    def __repr__(self) -> str:
        return f"DuckSource({self.url})"

    def tables(self) -> list[str]:
        """Tables and views of the schema `main`, and those of others with their schema's name before them."""
        with self._connect(Place(self.url)) as connection:
            return list(_tables(connection))

    def schema(self, *, table: str | None = None, query: str | None = None) -> pa.Schema:
        place = Place(self.url)
        with self._connect(place) as connection:
            return schema_of([one for one, _ in self._columns(connection, self._body(connection, table, query), {})])

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
        """See `DatabaseSource.batches_within`."""
        return self._read(table, None, {}, span, batch_rows)

    def fingerprint(self) -> str:
        there(self._file.path)
        return file_mark(self._file.path, ".wal")

    def _read(
        self, table: str | None, query: str | None, parameters: dict[str, Any], span: Span | None, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        place = Place(f"{self.url}, the query")
        with self._connect(place) as connection:
            body = self._body(connection, table, query)
            if query is None:
                place.said = f"{self.url}, table '{table or next(iter(_tables(connection)))}'"
            columns = self._columns(connection, body, parameters)
            where = ""
            if span is not None:
                column = bounded([one for one, _ in columns], span, self.url)
                name = DuckFile.quoted(column.name)

                def compared(which: str, operator: str, value: Any) -> str:
                    parameters[which] = value
                    return f" AND {name} {operator} ${which}"

                where = f" WHERE {name} IS NOT NULL" + "".join(conditions(span, column, compared))
            wanted = ", ".join(expression for _, expression in columns)
            found = connection.sql(f"SELECT {wanted} FROM ({body}\n) AS asked{where}", params=parameters or None)
            yield from _batches(found.to_arrow_reader(batch_rows), [one for one, _ in columns], place, batch_rows)

    def _body(self, connection: duckdb.DuckDBPyConnection, table: str | None, query: str | None) -> str:
        if query is None or table is not None:
            name = self._named(table, _tables(connection))
        if query is None:
            return f"SELECT * FROM {name}"
        return _PARAMETER.sub(_with_dollar, query.strip().rstrip(";"))

    def _named(self, table: str | None, tables: Mapping[str, str]) -> str:
        """The table as it is written in a statement."""
        if table is None:
            if len(tables) != 1:
                raise Invalid(
                    f"{self.url} has {len(tables)} tables; say which one to read",
                    hint=f"there is {', '.join(tables)}" if tables else None,
                )
            (table,) = tables
        if table not in tables:
            raise unknown("table", table, tables)
        return tables[table]

    def _columns(
        self, connection: duckdb.DuckDBPyConnection, body: str, parameters: Mapping[str, Any]
    ) -> list[tuple[Column, str]]:
        """The columns of a query, and what is asked of it for each."""
        found = connection.execute(f"DESCRIBE {body}", dict(parameters) or None).fetchall()
        apart([name for name, *_ in found])
        return [_column(name, kind) for name, kind, *_ in found]

    @contextmanager
    def _connect(self, place: Place) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        try:
            with self._file.opened(reading=True) as connection:
                yield connection
        except duckdb.Error as error:
            raise _explained(error, self.url, place) from error
        except (pa.ArrowException, OSError) as error:  # out of the stream of batches
            raise Invalid(f"{place.said} cannot be read after row {place.row:,}: {sentence(error)}") from error


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Tables and views by name, each as it is written in a statement."""
    found = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
        " UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1, 2"
    )
    return {
        name if schema == "main" else f"{schema}.{name}": f"{DuckFile.quoted(schema)}.{DuckFile.quoted(name)}"
        for schema, name in found.fetchall()
    }


def _column(name: str, kind: str) -> tuple[Column, str]:
    """What is neither of these nor a list of them is text as DuckDB writes it."""
    written = DuckFile.quoted(name)
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    if decimal is not None:
        return Column(name, pa.decimal128(int(decimal[1]), int(decimal[2]))), written
    if kind in _TYPES:
        return Column(name, _TYPES[kind]), written
    item = kind.removesuffix("[]")
    if item != kind and item in _TYPES:
        return Column(name, pa.large_list(_TYPES[item])), written
    return Column(name, _TEXT), f"CAST({written} AS VARCHAR) AS {written}"


def _with_dollar(found: re.Match[str]) -> str:
    """`:name` as DuckDB writes parameters; a colon that is none stands behind a backslash."""
    if found[1]:
        return f"${found[1]}"
    return ":" if found[0] == "\\:" else found[0]


def _batches(
    reader: pa.RecordBatchReader, columns: list[Column], place: Place, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    for found in reader:
        made = fitted(found, columns, place)
        for begin in range(0, made.num_rows, batch_rows):
            part = made.slice(begin, batch_rows)
            yield part
            place.row += part.num_rows
    if not place.row:
        yield pa.RecordBatch.from_pylist([], schema_of(columns))


def _explained(error: Exception, url: str, place: Place) -> WorkbenchError:
    import duckdb

    reason = sentence(error)
    if isinstance(error, duckdb.IOException | duckdb.FatalException | duckdb.InternalException):
        return Invalid(f"{url} cannot be read after row {place.row:,}: {reason}", hint="fetch the file again")
    return Invalid(f"{url} refused the query: {reason}", hint="try the query in the database's own shell")
