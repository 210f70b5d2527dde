"""Taking the messages of a stream that are there. How far it is stands in the commits of the rows, as for a drain."""

from __future__ import annotations

import polars as pl

from workbench.compute import frames
from workbench.data.connectors import Stream, StreamBatch, open_stream
from workbench.data.etl import Drain
from workbench.data.quality import Screening
from workbench.data.sources.job import Job
from workbench.data.sources.model import SourceDefinition, Tested
from workbench.foundation.errors import Conflict

__all__ = ["offered", "refuse_again", "take"]

BATCH_MESSAGES = 10_000
LOOKED_AT = 100
WAIT_SECONDS = 0.5
"""Whoever has heard nothing for so long has all that is there."""


def take(job: Job) -> None:
    """Takes messages, acknowledged as their rows are on disk, until there are no more or it has taken enough."""
    one, stream = job.definition, job.opened.stream

    def gate(rows: pl.DataFrame, batch: StreamBatch) -> Screening | None:
        what = f"messages {batch.ids[0]} to {batch.ids[-1]}: " if batch.ids else ""
        if one.quarantine and rows.height:
            return job.screening(rows.lazy(), what)
        job.gate(rows.lazy(), rows.height, what)
        return None

    drain = Drain(
        job.lake,
        job.actor,
        stream,
        one.into,
        key=one.key,
        evolve=one.evolve,
        held=job.quality.held,
        description=one.description,
        gate=gate,
        expect=one.expect,
    )
    try:
        drained = drain.run(
            batch_rows=min(BATCH_MESSAGES, one.most or BATCH_MESSAGES),
            wait=WAIT_SECONDS,
            most=one.most,
            seconds=one.seconds,
            on_progress=job.on_progress,
        )
    finally:
        stream.close()
    job.found.rows, job.found.held = drained.rows, drained.quarantined
    if drained.quarantined:
        fits = "no row" if not one.expect or not one.quarantine else "no row, or not as expected"
        job.found.notes.append(
            f"{_messages(drained.quarantined)} {fits}, held back with the reason: workbench quarantine list {one.into}"
        )
    if drained.repeated:
        job.found.notes.append(f"{drained.repeated:,} came again and were in already")
    if drained.bounded:
        job.found.notes.append("it took as much as one sync may; what is left is the next one's")


def offered(stream: Stream) -> Tested:
    """What a stream gives first. It is not acknowledged, so that a sync is given it again."""
    try:
        first = next(stream.batches(batch_rows=LOOKED_AT, wait=WAIT_SECONDS), None)
    finally:
        stream.close()
    if first is None:
        return Tested({}, 0, incremental=True)
    rows = frames.to_polars(first.rows)
    return Tested({name: str(kind) for name, kind in rows.schema.items()}, rows.height, incremental=True)


def refuse_again(before: SourceDefinition, after: SourceDefinition) -> None:
    """Refuses a change that has messages come a second time into a dataset where each of them is a row more.

    Raises:
        Conflict: The stream or its group is another one, and there is no key.
    """
    if after.key or (before.mode, after.mode, before.into) != ("stream", "stream", after.into):
        return
    was, becomes = open_stream(before.url).url, open_stream(after.url).url
    if was != becomes:
        raise Conflict(
            f"source '{before.name}' took {was}, and {becomes} may give the same messages into '{after.into}' again",
            hint="say a key by which rows take each other's place, or add a source with a dataset of its own",
        )


def _messages(count: int) -> str:
    return "1 message is" if count == 1 else f"{count:,} messages are"
