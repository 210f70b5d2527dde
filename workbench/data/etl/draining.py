"""From a stream into a dataset, each message once.

A stream gives a message again until it is acknowledged, which is done when its row is on disk. The position of the last
row of a batch is committed with the rows, so that what comes again is known by its position: killed anywhere, nothing
is lost and nothing is doubled. What is no row is held back together with the position up to which that was done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import polars as pl

from workbench.compute import frames
from workbench.data.connectors import Refused, Stream, StreamBatch, open_stream
from workbench.data.etl.cleaning import deduplicate
from workbench.data.etl.messages import POSITION, Wanted, fitting, kept, unfit
from workbench.data.etl.model import Drained
from workbench.data.lake import Checkpoint, Lake
from workbench.data.quality import Holding, Kept, Screening
from workbench.foundation.errors import CheckFailed, Conflict, Invalid
from workbench.foundation.failpoints import failpoint
from workbench.foundation.wording import counted
from workbench.governance.runs import Actor, Runs

__all__ = ["Drain", "drained"]

ATTEMPTS = 10


class Drain:
    """One stream on its way into one dataset.

    Args:
        key: Rows replace those of their key; without one they are added.
        evolve: New fields become columns, where otherwise their messages are held back.
        held: Holds messages back that are no rows.
        gate: Looks at the rows of a batch before any of them is in, and raises where they may not be; tells those that
            are to be held back, if it does not refuse them all.
        expect: The suite that `gate` holds them against, for messages that come in later.
    """

    def __init__(
        self,
        lake: Lake,
        actor: Actor,
        stream: Stream,
        into: str,
        *,
        key: Sequence[str],
        evolve: bool,
        held: Holding,
        description: str,
        gate: Callable[[pl.DataFrame, StreamBatch], Screening | None] = lambda _rows, _batch: None,
        expect: str = "",
    ) -> None:
        self._lake = lake
        self._actor = actor
        self._looking = Actor(actor.principal)
        self._stream = stream
        self._into = into
        self._key = tuple(key)
        if not key and lake.exists(into):
            self._key = lake.info(into, self._looking).key
        self._evolve = evolve
        self._holding = held
        self._description = description
        self._gate = gate
        self._expect = expect
        self._rows = self._refused = self._again = 0
        self._held: list[str] = []

    def run(
        self,
        *,
        batch_rows: int,
        wait: float | None,
        most: int | None,
        seconds: float | None = None,
        on_progress: Callable[[str], None] | None = None,
    ) -> Drained:
        """Takes what there is; see `Etl.drain`.

        Args:
            seconds: Ends with the first batch that was kept after so long.
        """
        begin = told = time.perf_counter()
        bounded = False
        for batch in self._stream.batches(batch_rows=batch_rows, wait=wait):
            self._keep(batch)
            failpoint("etl.drain.kept")
            self._stream.acknowledge(batch)
            failpoint("etl.drain.acknowledged")
            if most is not None and self._rows + self._refused >= most:
                bounded = True
            if seconds is not None and time.perf_counter() - begin >= seconds:
                bounded = True
            if bounded:
                break
            if on_progress is not None and time.perf_counter() - told >= 1:
                told = time.perf_counter()
                on_progress(f"{self._into}: {counted(self._rows, 'row')}, {self._refused:,} held back")
        there = self._lake.exists(self._into)
        return Drained(
            dataset=self._into,
            version=self._lake.version(self._into) if there else 0,
            rows=self._rows,
            quarantined=self._refused,
            repeated=self._again,
            held=tuple(self._held),
            seconds=time.perf_counter() - begin,
            bounded=bounded,
        )

    def _keep(self, batch: StreamBatch) -> None:
        rows = frames.to_polars(batch.rows).with_columns(pl.Series(POSITION, batch.positions, pl.Int64))
        if before := self._held_before(batch):
            rows = rows.filter(~pl.col(POSITION).is_in(before))
        wanted = self._wanted()
        ids = dict(zip(batch.positions, batch.ids, strict=True))
        rows, odd = fitting(rows, ids, wanted)
        screening = self._gate(rows.drop(POSITION), batch)
        if screening is not None:
            parted = screening.part(rows)
            rows, odd = parted.fits, [*odd, *unfit(parted, ids)]
        refused = sorted([*batch.refused, *odd], key=lambda one: one.position)
        if not wanted.schema and (rows.height or refused):
            self._begin(rows, refused)
        if refused:
            self._hold(batch, refused)
            failpoint("etl.drain.quarantined")
        if rows.height:
            end = max(rows[POSITION][-1], refused[-1].position if refused else 0)
            committed = self._once(batch.part, rows, int(end), evolve=wanted.evolve)
            self._rows += committed
            self._again += rows.height - committed

    def _held_before(self, batch: StreamBatch) -> list[int]:
        """Messages that were held back by whoever did not live to commit the rows beside them. They stay held, even if
        they would fit by now."""
        if not batch.positions or not self._lake.exists(self._into):
            return []
        committed = self._lake.checkpoint(self._into, self._stream.url, batch.part) or 0
        since = max(committed, min(batch.positions) - 1)
        return sorted(self._holding.positions(self._into, origin=self._stream.url, part=batch.part, since=since))

    def _wanted(self) -> Wanted:
        if not self._lake.exists(self._into):
            return Wanted(self._into, pl.Schema(), self._key, evolve=True)
        schema = self._lake.read(self._into, self._looking).collect_schema()
        # Of messages that were no rows the dataset was made with what columns they had; the first rows have the say.
        waiting = self._lake.version(self._into) == 0 and self._lake.info(self._into, self._looking).source
        return Wanted(self._into, schema, self._key, evolve=self._evolve or waiting == self._stream.url)

    def _begin(self, rows: pl.DataFrame, refused: list[Refused]) -> None:
        """Makes the dataset, from which messages may be held back as well.

        Raises:
            CheckFailed: Not one message says which columns it has.
        """
        names = set(rows.columns) - {POSITION}
        if not names or not names >= set(self._key):
            raise CheckFailed(
                f"none of the {len(refused):,} messages that {self._stream.url} gives first is a row, and there is no"
                f" dataset '{self._into}' yet that they could be held back from: {refused[0].reason}",
                hint="they stay in the stream; declare columns in the address, #types=id:integer, or make the dataset",
            )
        try:
            self._lake.create(
                self._into,
                rows.clear().drop(POSITION),
                self._actor,
                key=self._key,
                description=self._description,
                source=self._stream.url,
            )
        except Conflict:
            if not self._lake.exists(self._into):  # its name is another's in other letters
                raise

    def _hold(self, batch: StreamBatch, refused: list[Refused]) -> None:
        """Holds messages back that nobody has held back yet."""

        def beyond(position: int) -> Kept | None:
            fresh = [one for one in refused if one.position > position]
            how = {
                "part": batch.part,
                "to": refused[-1].position,
                "positions": [one.position for one in fresh],
                "id_column": batch.id_column,
                "expect": self._expect,
            }
            return kept(fresh, how) if fresh else None

        held = self._holding.follow(self._into, beyond, origin=self._stream.url, part=batch.part)
        if held is not None:
            self._refused += held.rows
            self._held.append(held.id)

    def _once(self, part: str, rows: pl.DataFrame, end: int, *, evolve: bool) -> int:
        """Commits those of the rows that nobody has committed; gives their number.

        Args:
            end: The last position of the batch, up to which all that is no row is held back by now.
        """
        dataset, key = self._into, self._key
        for _ in range(ATTEMPTS):
            follows = self._lake.checkpoint(dataset, self._stream.url, part) or 0
            fresh = rows.filter(pl.col(POSITION) > follows)
            if fresh.is_empty():
                return 0
            checkpoint = Checkpoint(self._stream.url, part, end, follows)
            wanted = fresh.drop(POSITION)
            try:
                if key:
                    latest = deduplicate(wanted, key, keep="last")
                    self._lake.upsert(dataset, latest, self._actor, key=key, evolve=evolve, checkpoint=checkpoint)
                else:
                    self._lake.append(dataset, wanted, self._actor, evolve=evolve, checkpoint=checkpoint)
            except Conflict:
                if (self._lake.checkpoint(dataset, self._stream.url, part) or 0) == follows:
                    raise
                continue  # somebody else takes the same messages
            return fresh.height
        raise Conflict(f"others kept taking {self._stream.url} into '{dataset}' first", hint="let one of them do it")


def drained(
    lake: Lake,
    runs: Runs,
    actor: Actor,
    held: Holding | None,
    stream: str | Stream,
    into: str,
    *,
    key: Sequence[str],
    evolve: bool,
    description: str,
    batch_rows: int,
    wait: float | None,
    most: int | None,
    on_progress: Callable[[str], None] | None,
) -> Drained:
    """Drains a stream, which is noted in the run's lineage; closes what it opened. See `Etl.drain`."""
    if held is None:
        raise Invalid("nobody is here who holds messages back", hint="Workbench.open().etl knows who")
    opened = open_stream(stream) if isinstance(stream, str) else stream
    if actor.run is not None:
        runs.record(actor.run, "read", "source", opened.url, "")
    try:
        drain = Drain(lake, actor, opened, into, key=key, evolve=evolve, held=held, description=description)
        return drain.run(batch_rows=batch_rows, wait=wait, most=most, on_progress=on_progress)
    finally:
        if opened is not stream:
            opened.close()
