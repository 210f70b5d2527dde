"""What an author of a connector need not write where there is one table and no query language."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from workbench.data.connectors.model import BATCH_ROWS
from workbench.foundation.errors import Invalid, unknown

__all__ = ["OneTable"]


class OneTable(ABC):
    """A source of one table: whoever derives from it sets both attributes and says how to read.

    Attributes:
        url: Where it is, without a password.
        name: What the table is called.
    """

    url: str
    name: str

    @abstractmethod
    def read(self) -> pa.Table | pa.RecordBatchReader:
        """All rows, from the first; a reader gives them piece by piece, where they may not fit into memory."""

    def tables(self) -> list[str]:
        return [self.name]

    def schema(self, *, table: str | None = None, query: str | None = None) -> pa.Schema:
        self._check(table, query)
        return self.read().schema

    def batches(
        self,
        *,
        table: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        self._check(table, query)
        found = self.read()
        given = False
        for piece in found.to_reader() if isinstance(found, pa.Table) else found:
            for start in range(0, piece.num_rows, batch_rows):
                given = True
                yield piece.slice(start, batch_rows)
        if not given:
            yield pa.RecordBatch.from_pylist([], found.schema)

    def fingerprint(self) -> str:
        return ""

    def _check(self, table: str | None, query: str | None) -> None:
        if query is not None:
            raise Invalid(
                f"{self.url} is one table and takes no query",
                hint='load it into a dataset and query that: workbench sql "SELECT ..."',
            )
        if table not in (None, self.name):
            raise unknown("table", str(table), self.tables())
