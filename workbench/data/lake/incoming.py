"""Frames that are to be written: their columns as they will be kept, and their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
import pyarrow as pa

from workbench.compute import frames
from workbench.data.lake.datafiles import ROWS_PER_GROUP
from workbench.data.lake.schema import storable
from workbench.foundation.errors import Invalid

__all__ = ["batched", "casts", "collected", "rows_of", "stream_of"]

BATCHED_ROWS = 3 * ROWS_PER_GROUP
"""Of a file: while one is written the next is gathered, so that two of them are in memory."""


def rows_of(frame: Any) -> tuple[pl.Schema, Iterator[pl.DataFrame]]:
    """A frame's columns as they will be kept, and its rows; an Arrow stream is read batch by batch."""
    if (stream := stream_of(frame)) is not None:
        empty, rows = stream
        schema = storable(empty.collect_schema())
        return schema, (part.select(casts(schema)) for part in rows)
    lazy = frames.to_lazy(frame)
    schema = storable(lazy.collect_schema())
    return schema, iter([collected(lazy.select(casts(schema)))])


def stream_of(frame: Any) -> tuple[pl.LazyFrame, Iterator[pl.DataFrame]] | None:
    """The columns, as a frame without rows, and the rows of what is read piece by piece: a stream of Arrow batches, a
    lazy frame. None for any other frame.
    """
    if isinstance(frame, pa.RecordBatchReader):
        empty = pl.from_arrow(frame.schema.empty_table())
        assert isinstance(empty, pl.DataFrame)
        return empty.lazy(), _joined(frame)
    return batched(frame) if isinstance(frame, pl.LazyFrame) else None


def batched(frame: pl.LazyFrame) -> tuple[pl.LazyFrame, Iterator[pl.DataFrame]]:
    """The columns, as a frame without rows, and the rows of a plan, computed piece by piece."""
    lazy = frames.to_lazy(frame)
    return pl.LazyFrame(schema=lazy.collect_schema()), _computed(lazy)


def collected(plan: pl.LazyFrame) -> pl.DataFrame:
    # In memory, because rows are kept in the order they were given.
    try:
        return plan.collect(engine="in-memory")
    except pl.exceptions.InvalidOperationError as error:
        raise Invalid(
            f"a value does not fit its column: {str(error).splitlines()[0]}", hint="cast the frame before writing it"
        ) from error


def _computed(plan: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    try:
        yield from frames.batches(plan, BATCHED_ROWS)
    except pl.exceptions.InvalidOperationError as error:
        raise Invalid(
            f"a value does not fit its column: {str(error).splitlines()[0]}", hint="cast the frame before writing it"
        ) from error


def casts(schema: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    return [pl.col(name).cast(dtype, strict=True) for name, dtype in schema.items()]


def _joined(reader: pa.RecordBatchReader) -> Iterator[pl.DataFrame]:
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        if batch.num_rows:
            held.append(batch)
            rows += batch.num_rows
        if rows >= BATCHED_ROWS:
            yield _frame(held)
            held, rows = [], 0
    if held:
        yield _frame(held)


def _frame(batches: list[pa.RecordBatch]) -> pl.DataFrame:
    # In the chunks that they came in: put together anew, all rows would be there twice while they wait to be written.
    frame = pl.from_arrow(pa.Table.from_batches(batches), rechunk=False)
    assert isinstance(frame, pl.DataFrame)
    return frame
