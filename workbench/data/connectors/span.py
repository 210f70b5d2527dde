"""A stretch of a source's rows along one column: what an incremental load asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa

from workbench.data.connectors.model import BATCH_ROWS

__all__ = ["Span", "Spanned"]


@dataclass(frozen=True, slots=True)
class Span:
    """Rows whose value in `column` lies between two bounds; a bound of None does not bound. Nulls lie nowhere.

    Attributes:
        low_closed: Whether `low` itself belongs to it.
        high_closed: Whether `high` itself belongs to it.
    """

    column: str
    low: Any = None
    high: Any = None
    low_closed: bool = False
    high_closed: bool = True


@runtime_checkable
class Spanned(Protocol):
    """A source that can leave the rows outside of a span where they are."""

    def batches_within(
        self, span: Span, *, table: str | None = None, batch_rows: int = BATCH_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """Like `Source.batches` of a table, only the rows within the span, in no promised order.

        Raises:
            NotFound: The table has no such column.
        """
        ...
