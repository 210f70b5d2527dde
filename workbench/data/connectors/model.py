from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa

__all__ = ["BATCH_ROWS", "Source"]

BATCH_ROWS = 65_536


@runtime_checkable
class Source(Protocol):
    """Something that rows can be read from, in batches that all have one schema.

    Attributes:
        url: Where it is, without a password.
    """

    url: str

    def tables(self) -> list[str]:
        """The names that `batches` takes as `table`."""
        ...

    def schema(self, *, table: str | None = None, query: str | None = None) -> pa.Schema:
        """The columns that `batches` gives, without reading the rows where the source can say so."""
        ...

    def batches(
        self,
        *,
        table: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        """Rows of a table or of a query; at least one batch, empty where there are no rows.

        Args:
            table: The table to read. Given together with a query, it says the types of the query's columns.
            query: A query in the source's own language.
            parameters: Values of the query's `:name` parameters; always bound, never pasted into its text.
            batch_rows: The most rows in one batch.

        Raises:
            NotFound: No such file, table or column.
            Invalid: The source cannot be read as what it claims to be; says where.
            Unavailable: The source cannot be reached.
        """
        ...

    def fingerprint(self) -> str:
        """Changes whenever the content may have changed, without reading it. Empty: unknown, so always read."""
        ...
