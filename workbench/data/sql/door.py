"""The SQL door: datasets are tables, and there is nothing else behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.data.lake import Lake
from workbench.data.sql.explaining import explained
from workbench.data.sql.statement import Statement, parse
from workbench.foundation.errors import Invalid, unknown
from workbench.governance.runs import Actor

__all__ = ["SqlDoor"]

# Only registered datasets can be named: no file, no extension, no Python variable, no setting to turn that back on.
_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "python_scan_all_frames": "false",
    "temp_directory": "",
}
_LOCKS = ("SET TimeZone = 'UTC'", "SET enable_external_access = false", "SET lock_configuration = true")
_TIME = pa.timestamp("us", "UTC")


class SqlDoor:
    """Answers SELECT statements over the datasets of a lake."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def query(
        self, statement: str, actor: Actor, *, parameters: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> pa.Table:
        """Answers one SELECT, under the asker's policies; inside a run, on its sealed versions.

        Args:
            statement: SQL in DuckDB's dialect. Datasets are its tables; quote a name that has a `-`.
            parameters: Values for `$name` by name, or for `?` in order. They are bound, never pasted into the text.

        Returns:
            The rows. Times are UTC with microseconds, and so is a timestamp that the statement made without a zone.
            Whole-number sums are 64-bit where they fit.

        Raises:
            Invalid: It is not one SELECT, does not parse, or names a column that is not there.
            Forbidden: It tries to read or change something else than datasets, or a policy cannot be applied.
            NotFound: No such dataset; the message has the nearest name.
            IntegrityError: A file of a dataset cannot be read.
        """
        with duckdb.connect(":memory:", config=_CLOSED) as connection:
            for lock in _LOCKS:
                connection.execute(lock)
            parsed = parse(connection, statement)
            columns = self._register(connection, parsed, actor)
            bound = parameters if isinstance(parameters, Mapping) else list(parameters or ())
            try:
                relation = connection.sql(statement, params=bound or None)
                if relation is None:
                    raise Invalid("the statement gives no rows")
                return _tidied(relation.to_arrow_table())
            except duckdb.Error as error:
                if "reading the stream" in str(error):
                    self._look_for_damage(parsed, actor)
                raise explained(error, statement, columns) from error

    def _look_for_damage(self, parsed: Statement, actor: Actor) -> None:
        asked = {table.casefold() for table in parsed.tables}
        for name in self._lake.names():
            if name.casefold() in asked:
                self._lake.read_through(name, actor)

    def _register(self, connection: duckdb.DuckDBPyConnection, parsed: Statement, actor: Actor) -> set[str]:
        if not parsed.tables:
            return set()
        known = {name.casefold(): name for name in self._lake.names()}  # no two differ only in case
        columns: set[str] = set()
        for table in sorted(parsed.tables):
            name = known.get(table.casefold())
            if name is None and table in parsed.defined:
                continue
            if name is None:
                raise unknown("dataset", table, known.values(), hint="workbench dataset list shows them")
            rows = self._lake.arrow_dataset(name, actor)
            connection.register(name, rows)
            columns.update(rows.schema.names)
        return columns


def _tidied(table: pa.Table) -> pa.Table:
    columns = [_tidy(table.column(index)) for index in range(table.num_columns)]
    return pa.Table.from_arrays(columns, names=_distinct(table.column_names))


def _tidy(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return (
            column.cast(pa.timestamp("us", kind.tz)).cast(_TIME)
            if kind.tz
            else pc.assume_timezone(column.cast(pa.timestamp("us")), "UTC")
        )
    if pa.types.is_decimal(kind) and kind.scale == 0 and kind.precision == 38:  # a sum of whole numbers
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:
            return column
    return column


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    given = []
    for name in names:
        count = seen[name] = seen.get(name, 0) + 1
        given.append(name if count == 1 else f"{name}_{count}")
    return given
