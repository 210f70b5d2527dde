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
from workbench.foundation.observability import logger
from workbench.governance.runs import Actor, Runs

__all__ = ["sent"]

BATCH_ROWS = 65_536

_logger = logger("etl")


def sent(
    lake: Lake,
    runs: Runs,
    actor: Actor,
    rows: Any,
    to: Destination,
    table: str | None,
    key: Sequence[str],
    overwrite: bool,
) -> Sent:
    """Sends the rows, and notes in the actor's run that they were.

    Args:
        rows: A dataset's name, of which there are the rows that the actor may see, or a frame of any kind.
    """
    parts = Dataset(lake, rows, actor).batches(rows=BATCH_ROWS) if isinstance(rows, str) else _of_frame(rows)
    first = next(parts)
    schema = first.to_arrow().schema
    batches = chain.from_iterable(part.to_arrow().cast(schema).to_batches(BATCH_ROWS) for part in chain([first], parts))
    with pa.RecordBatchReader.from_batches(schema, batches) as reader:
        made = to.write(reader, table=table, key=key, overwrite=overwrite)
    if actor.run is not None:
        runs.record(actor.run, "write", "destination", made.place, "", detail={"rows": made.rows})
    _logger.info("%s", made)
    return made


def _of_frame(rows: Any) -> Iterator[pl.DataFrame]:
    return frames.batches(frames.to_lazy(rows), BATCH_ROWS)
