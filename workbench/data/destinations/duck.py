"""Rows into a DuckDB file, which takes Arrow as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from workbench.data.connectors import DuckFile
from workbench.data.destinations.model import Sent
from workbench.data.destinations.sqltypes import sql_type, values_of
from workbench.data.destinations.upserting import put
from workbench.foundation.errors import Conflict, Invalid, sentence

if TYPE_CHECKING:
    import duckdb

__all__ = ["DuckDestination"]

_INCOMING = "workbench_incoming"


class DuckDestination:
    """A DuckDB file, which is made if it is not there: `duckdb:///path/to/file.duckdb`."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            Invalid: There is no folder for it.
        """
        self._file = DuckFile(url)
        self.url = self._file.url
        folder = self._file.path.parent
        if not folder.is_dir():
            raise Invalid(f"there is no folder {folder} for a database")

    def __repr__(self) -> str:
        return f"DuckDestination({self.url})"

    def write(self, rows: pa.RecordBatchReader, *, table: str | None, key: Sequence[str], overwrite: bool) -> Sent:
        """See `Destination.write`."""
        import duckdb

        if not table:
            raise Invalid(f"{self.url} has room for many tables; say which one", hint="table='orders' (--table orders)")
        place = f"{self.url}, table '{table}'"
        try:
            with self._file.opened(reading=False) as connection:
                connection.execute("BEGIN")
                made = put(_Session(connection), rows, table, key, overwrite=overwrite, place=place)
                connection.execute("COMMIT")
                return made
        except duckdb.ConstraintException as error:
            raise Conflict(f"{place} refused the rows: {sentence(error)}", hint="nothing was kept") from error
        except duckdb.Error as error:
            raise Invalid(
                f"{place} refused the rows, and nothing of them was kept: {sentence(error)}", hint="check their types"
            ) from error


class _Session:
    joins = False

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def columns(self, table: str) -> list[str] | None:
        found = self._connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = $table AND schema_name = 'main'"
            " AND database_name = current_database() ORDER BY column_index",
            {"table": table},
        ).fetchall()
        return [name for (name,) in found] or None

    def create(self, table: str, schema: pa.Schema, key: Sequence[str]) -> None:
        columns = [f"{DuckFile.quoted(field.name)} {sql_type(field.type, 'duckdb')}" for field in schema]
        if key:
            columns.append(f"PRIMARY KEY ({', '.join(map(DuckFile.quoted, key))})")
        self.run(f"CREATE TABLE {DuckFile.quoted(table)} ({', '.join(columns)})")

    def named(self, table: str) -> str:
        return DuckFile.quoted(table)

    def quoted(self, name: str) -> str:
        return DuckFile.quoted(name)

    def lock(self, table: str) -> None:
        """The file is open for this process alone."""

    def run(self, statement: str) -> int:
        found: Any = self._connection.execute(statement).fetchone()
        return int(found[0]) if found and isinstance(found[0], int) else 0

    def first(self, statement: str) -> tuple[object, ...] | None:
        return self._connection.execute(statement).fetchone()

    def fill(self, stage: str, batch: pa.RecordBatch) -> None:
        arrays = [
            pa.array(values_of(array, "duckdb"), pa.large_string()) if pa.types.is_nested(array.type) else array
            for array in batch.columns
        ]
        incoming = pa.Table.from_arrays(arrays, names=batch.schema.names)
        self._connection.register(_INCOMING, incoming)
        try:
            self._connection.execute(f"INSERT INTO {DuckFile.quoted(stage)} SELECT * FROM {_INCOMING}")
        finally:
            self._connection.unregister(_INCOMING)
