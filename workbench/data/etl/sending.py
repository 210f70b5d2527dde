"""A dataset or a frame as a stream of Arrow batches, to wherever it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import polars as pl
import pyarrow as pa

from workbench.compute import frames
from workbench.data.destinations import Destination, Sent
from workbench.data.lake import Dataset, Lake
from workbench.governance.runs import Actor

__all__ = ["sent"]

BATCH_ROWS = 65_536


def sent(
    lake: Lake,
    actor: Actor,
    rows: Any,
    to: Destination,
    *,
    table: str | None,
    key: Sequence[str],
    overwrite: bool,
) -> Sent:
    """
    Args:
        rows: A dataset's name, of which there are the rows that the actor may see, or a frame of any kind.
    """
    parts = Dataset(lake, rows, actor).batches(rows=BATCH_ROWS) if isinstance(rows, str) else _of_frame(rows)
    first = next(parts)
    schema = first.to_arrow().schema
    batches = chain.from_iterable(part.to_arrow().cast(schema).to_batches(BATCH_ROWS) for part in chain([first], parts))
    with pa.RecordBatchReader.from_batches(schema, batches) as reader:
        return to.write(reader, table=table, key=key, overwrite=overwrite)


def _of_frame(rows: Any) -> Iterator[pl.DataFrame]:
    return frames.batches(frames.to_lazy(rows), BATCH_ROWS)
