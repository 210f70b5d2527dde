"""Where one statement is answered: a closed DuckDB with the rows that it may read, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol

import polars as pl
import psutil
import pyarrow as pa

from workbench.compute import Parts, frames
from workbench.data.sql.closed import closed, lock
from workbench.data.sql.limits import Limits, too_large
from workbench.data.sql.plans import columns_read
from workbench.data.sql.statement import Statement, parse
from workbench.foundation.errors import Invalid

__all__ = ["Bound", "Columns", "Session", "Sessions", "Unread", "fetched"]

_BATCH_ROWS = 20_000

Bound = Mapping[str, Any] | list[Any]
Columns = Mapping[str, tuple[str, ...]]


class Unread(Exception):
    """The rows that a policy leaves cannot be made. Why is not for the asker: it may quote what is hidden."""


class Sessions(Protocol):
    """A session, wherever it is."""

    def parsed(self, text: str) -> Statement: ...

    def register(self, label: str, rows: Any) -> pa.Schema: ...

    def plan(self, text: str, bound: Bound) -> str: ...

    def columns_read(self, text: str, schemas: Mapping[str, pa.Schema], bound: Bound) -> Columns: ...

    def fetched(self, text: str, bound: Bound, check: Callable[[], None]) -> tuple[pa.Table, bool]: ...

    def interrupt(self) -> None: ...

    def memory(self) -> int: ...

    def __enter__(self) -> Sessions: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Session:
    """A session in this process. `duckdb.Error`, `pa.ArrowException` and `OSError` come out of it as they are.

    Args:
        limits: Of its one statement.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._connection = closed(limits.megabytes)
        lock(self._connection)

    def parsed(self, text: str) -> Statement:
        """
        Raises:
            Invalid, Forbidden: As `parse` does.
        """
        return parse(self._connection, text)

    def register(self, label: str, rows: Any) -> pa.Schema:
        """Makes rows a table.

        Args:
            rows: A dataset or table of Arrow, or parts that carry the asker's policy: they are made here.

        Returns:
            Their columns.

        Raises:
            Unread: They cannot be made.
        """
        if isinstance(rows, Parts):
            try:
                rows = frames.to_arrow(pl.concat([part.lazy() for part in rows.parts]))
            except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
                raise Unread from None
        self._connection.register(label, rows)
        schema: pa.Schema = rows.schema
        return schema

    def plan(self, text: str, bound: Bound) -> str:
        """DuckDB's plan of a statement."""
        (row,) = self._connection.execute(f"EXPLAIN {text}", bound or None).fetchall()
        return str(row[1])

    def columns_read(self, text: str, schemas: Mapping[str, pa.Schema], bound: Bound) -> Columns:
        """Which columns of its tables a statement reads."""
        return columns_read(text, schemas, bound, self._limits)

    def batches(self, text: str, bound: Bound) -> pa.RecordBatchReader:
        """The rows, computed as they are taken.

        Raises:
            Invalid: There can be none.
        """
        relation = self._connection.sql(text, params=bound or None)
        if relation is None:
            raise Invalid("the statement gives no rows")
        reader: pa.RecordBatchReader = relation.to_arrow_reader(_BATCH_ROWS)
        return reader

    def fetched(self, text: str, bound: Bound, check: Callable[[], None]) -> tuple[pa.Table, bool]:
        """The rows, and whether there are more of them than the limit lets through.

        Args:
            check: Raises where no more of them are wanted.

        Raises:
            TooLarge: They take more memory than they may.
        """
        kept: list[pa.RecordBatch] = []
        reader = self.batches(text, bound)
        cut = fetched(reader, self._limits, check, kept.append)
        return pa.Table.from_batches(kept, reader.schema), cut

    def interrupt(self) -> None:
        self._connection.interrupt()

    def memory(self) -> int:
        """Bytes that the process holds."""
        return int(psutil.Process().memory_info().rss)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()


def fetched(
    reader: pa.RecordBatchReader, limits: Limits, check: Callable[[], None], keep: Callable[[pa.RecordBatch], object]
) -> bool:
    """Takes rows up to the limit; whether there are more.

    Raises:
        TooLarge: They take more memory than they may.
    """
    rows = size = 0
    for batch in reader:
        check()
        rows += batch.num_rows
        if limits.rows is not None and rows > limits.rows:
            keep(batch.slice(0, batch.num_rows - (rows - limits.rows)))
            return True
        size += batch.nbytes
        if size > limits.megabytes * 1_000_000:
            raise too_large("the result", limits.megabytes)
        keep(batch)
    return False
