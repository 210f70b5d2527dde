"""From a stream into a dataset, each message once.

A stream gives a message again until it is acknowledged, which is done when its row is on disk. The position of the last
row of a batch is committed with the rows, so that what comes again is known by its position: killed anywhere, nothing
is lost and nothing is doubled.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence

import polars as pl

from workbench.compute import frames
from workbench.data.connectors import Refused, Stream, StreamBatch
from workbench.data.etl.cleaning import deduplicate
from workbench.data.etl.model import Drained
from workbench.data.lake import Checkpoint, Lake
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Conflict
from workbench.foundation.failpoints import failpoint
from workbench.governance.runs import Actor

__all__ = ["Drain"]

ATTEMPTS = 10
POSITION = ".position"
QUARANTINE = pl.Schema(
    {
        "stream": pl.String(),
        "part": pl.String(),
        "id": pl.String(),
        "reason": pl.String(),
        "content": pl.String(),
        "time": pl.Datetime("us", "UTC"),
    }
)


class Drain:
    """One stream on its way into one dataset.

    Args:
        key: Rows replace those of their key; without one they are added.
        evolve: New fields become columns, where otherwise their messages are quarantined.
        quarantine: The dataset of messages that are no rows.
        gate: Looks at the rows of a batch before any of them is in, and raises where they may not be.
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
        quarantine: str,
        description: str,
        gate: Callable[[pl.DataFrame, StreamBatch], None] = lambda _rows, _batch: None,
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
        self._quarantine = quarantine
        self._description = description
        self._gate = gate
        self._rows = self._refused = self._again = 0

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
                on_progress(f"{self._into}: {self._rows:,} rows, {self._refused:,} quarantined")
        there = self._lake.exists(self._into)
        return Drained(
            dataset=self._into,
            version=self._lake.version(self._into) if there else 0,
            rows=self._rows,
            quarantined=self._refused,
            repeated=self._again,
            quarantine=self._quarantine if self._refused else "",
            seconds=time.perf_counter() - begin,
            bounded=bounded,
        )

    def _keep(self, batch: StreamBatch) -> None:
        rows = frames.to_polars(batch.rows).with_columns(pl.Series(POSITION, batch.positions, pl.Int64))
        rows, refused = self._sorted_out(rows, batch)
        self._gate(rows.drop(POSITION), batch)
        quarantined = pl.DataFrame(
            [
                (self._stream.url, batch.part, one.id, one.reason, one.content, utcnow(), one.position)
                for one in sorted([*batch.refused, *refused], key=lambda one: one.position)
            ],
            schema={**QUARANTINE, POSITION: pl.Int64()},
            orient="row",
        )
        if quarantined.height:
            if not self._lake.exists(self._quarantine):
                said = f"messages that are no rows of '{self._into}', and why"
                self._create(self._quarantine, quarantined, (), said)
            self._refused += self._once(self._quarantine, batch.part, quarantined, (), evolve=False)
            failpoint("etl.drain.quarantined")
        if rows.height:
            if not self._lake.exists(self._into):
                self._create(self._into, rows, self._key, self._description)
            kept = self._once(self._into, batch.part, rows, self._key, evolve=self._evolve)
            self._rows += kept
            self._again += rows.height - kept

    def _sorted_out(self, rows: pl.DataFrame, batch: StreamBatch) -> tuple[pl.DataFrame, list[Refused]]:
        """The rows as the dataset has them, and those that do not fit: a field that can be no column, or no key."""
        there = self._lake.exists(self._into)
        schema = self._lake.read(self._into, self._looking).collect_schema() if there else pl.Schema()
        reasons = [
            (pl.col(name).is_null() if name in rows.columns else pl.lit(True), f"has no '{name}', which is its key")
            for name in self._key
        ]
        odd = []
        taken = {name.casefold(): name for name in schema}
        for name in rows.columns:
            if name == POSITION or name in schema:
                continue
            if not name.strip() or "\0" in name or taken.setdefault(name.casefold(), name) != name:
                odd.append(name)
                reasons.append((pl.col(name).is_not_null(), f"has the field {name!a}, which can be no column"))
            elif there and not self._evolve:
                odd.append(name)
                said = f"has the field '{name}', which is no column of '{self._into}'"
                reasons.append((pl.col(name).is_not_null(), said))
        ids = dict(zip(batch.positions, batch.ids, strict=True))
        refused: list[Refused] = []
        for wrong, reason in reasons:
            found = rows.filter(wrong)
            for row in found.to_dicts() if found.height else ():
                position = row.pop(POSITION)
                text = json.dumps(row, ensure_ascii=False, default=str)
                refused.append(Refused(position, ids[position], f"the message {reason}", text))
            rows = rows.filter(~wrong)
        rows = rows.drop(odd)
        missing = [name for name in schema if name not in rows.columns]
        return rows.with_columns(pl.lit(None, schema[name]).alias(name) for name in missing), refused

    def _once(self, dataset: str, part: str, rows: pl.DataFrame, key: Sequence[str], *, evolve: bool) -> int:
        """Commits those of the rows that nobody has committed; gives their number."""
        for _ in range(ATTEMPTS):
            follows = self._lake.checkpoint(dataset, self._stream.url, part) or 0
            fresh = rows.filter(pl.col(POSITION) > follows)
            if fresh.is_empty():
                return 0
            mark = int(fresh[POSITION][-1])
            checkpoint = Checkpoint(self._stream.url, part, mark, follows)
            kept = fresh.drop(POSITION)
            try:
                if key:
                    latest = deduplicate(kept, key, keep="last")
                    self._lake.upsert(dataset, latest, self._actor, key=key, evolve=evolve, checkpoint=checkpoint)
                else:
                    self._lake.append(dataset, kept, self._actor, evolve=evolve, checkpoint=checkpoint)
            except Conflict:
                if (self._lake.checkpoint(dataset, self._stream.url, part) or 0) == follows:
                    raise
                continue  # somebody else takes the same messages
            return fresh.height
        raise Conflict(f"others kept taking {self._stream.url} into '{dataset}' first", hint="let one of them do it")

    def _create(self, dataset: str, rows: pl.DataFrame, key: Sequence[str], description: str) -> None:
        try:
            self._lake.create(
                dataset,
                rows.clear().drop(POSITION),
                self._actor,
                key=key,
                description=description,
                source=self._stream.url,
            )
        except Conflict:
            if not self._lake.exists(dataset):  # its name is another's in other letters
                raise
