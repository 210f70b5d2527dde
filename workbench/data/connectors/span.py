"""A stretch of a source's rows along one column: what an incremental load asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa
import pyarrow.compute as compute

from workbench.data.connectors.model import BATCH_ROWS

__all__ = ["Span", "Spanned", "inside"]


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


def inside(batch: pa.RecordBatch, span: Span) -> pa.RecordBatch:
    """The rows of a batch that lie within a span, told by the values themselves and not by how a source writes them.

    Args:
        span: Its bounds are of the column's type.
    """
    column = batch.column(span.column)
    keep = compute.is_valid(column)
    if span.low is not None:
        at_least = compute.greater_equal if span.low_closed else compute.greater
        keep = compute.and_(keep, at_least(column, pa.scalar(span.low, column.type)))
    if span.high is not None:
        at_most = compute.less_equal if span.high_closed else compute.less
        keep = compute.and_(keep, at_most(column, pa.scalar(span.high, column.type)))
    return batch.filter(keep)
