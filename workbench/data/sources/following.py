"""An incremental load: the rows beyond a cursor, and the cursor's new value in the very commit of these rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import polars as pl
import pyarrow as pa

from workbench.data.connectors import Span
from workbench.data.lake import Checkpoint, Staged
from workbench.data.sources.cursor import SPOKEN, Cursor, Value, lag_of
from workbench.data.sources.entering import Entering, entering
from workbench.data.sources.job import ROWS, Job, deleted
from workbench.data.sources.reading import without_zone
from workbench.data.sources.seen import Seen, numbers
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Invalid
from workbench.foundation.failpoints import failpoint

__all__ = ["follow"]

SEEN_MOST = 1_000_000
"""How many rows that a sync looks at again are known by what is in them."""


def follow(job: Job) -> None:
    """Loads the rows beyond the cursor, and takes out those that are gone, if that is asked for."""
    one = job.definition
    mark = job.mark()
    walk = _Walk(job, job.state(), utcnow())
    reading = job.opened.within(walk.span)
    job.found.everything = reading.everything
    if reading.everything:
        job.found.notes.append("the source cannot be asked for the rows beyond a cursor alone, so all were read")
    swap = mark is not None and walk.state is None
    with job.staged(walk.passed(job.opened.frames(reading.batches)), replace=swap) as staged:
        walk.tell()
        marked = deleted(one.deleted, staged.schema) if one.deleted else None
        latest = one.cursor if one.mode == "upsert" else ""
        with entering(job, staged, marked=marked, key=one.key, latest=latest) as rows:
            failpoint("source.staged")
            if staged.rows or swap:
                _commit(job, walk, rows, mark, swap=swap, marked=marked, latest=latest)
    failpoint("source.committed")
    if one.deletions == "compare":
        _compare(job)


def _commit(
    job: Job, walk: _Walk, rows: Entering, mark: int | None, *, swap: bool, marked: pl.Expr | None, latest: str
) -> None:
    one, fits = job.definition, rows.fits
    checkpoint = job.proposed(**walk.ahead_of(rows.staged))
    failpoint("source.proposed")
    count = 0
    if marked is not None:
        count = int(fits.lazy().filter(marked).select(pl.len()).collect().item())

    def put() -> None:
        if one.mode == "append" and not swap:
            fits.append(checkpoint, after=mark)
        elif swap:
            fits.overwrite(checkpoint, after=mark, key=one.key, latest=latest, marked=marked)
        else:
            fits.upsert(one.key, checkpoint, after=mark, latest=latest, marked=marked)

    key = one.key if one.mode == "upsert" else ()
    rows.commit(checkpoint, put, after=mark, replacing="all" if swap else "keys", key=key)
    job.found.rows = fits.rows - count
    job.found.removed = count if mark is not None and not swap else 0


def _compare(job: Job) -> None:
    """Takes out rows whose keys the source does not have. Keys are read after rows: one that came in between is no
    key of a row that was loaded, where the other way round it would be missing."""
    one, mark = job.definition, job.mark()
    if mark is None:
        return
    job.found.everything = True
    frames = [frame.select(one.key) for frame in job.opened.frames(job.opened.all())]
    failpoint("source.keys.read")
    keys = pl.concat(frames).unique()
    _, removed = job.lake.keep_only(one.into, keys, job.actor, key=one.key, since=Checkpoint(job.stream, ROWS, mark))
    job.found.removed += removed
    failpoint("source.keys.compared")
    job.quality.held.turning(job.stream).retain(one.into, lambda rows: _kept(rows, keys))


def _kept(rows: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Held rows whose keys the source has."""
    alike = keys.select(pl.col(name).cast(rows.schema[name], strict=False) for name in keys.columns)
    return rows.join(alike, on=keys.columns, how="semi", maintain_order="left")


class _Walk:
    """The cursor on its way through one sync's rows.

    Args:
        state: How far it had come; None: nowhere.
    """

    def __init__(self, job: Job, state: dict[str, Any] | None, now: datetime) -> None:
        self._job = job
        self._one = job.definition
        self._now = now
        self._lag = lag_of(self._one.lag)
        self._high: Value | None = None
        self._wait = 0
        self._furthest: Value | None = None
        self._repeated: list[tuple[int, Value]] = []
        self._seen = Seen.kept(state["seen"]) if state is not None and state["seen"] else Seen({})
        self.state = state
        self.cursor = Cursor(self._one.cursor, pa.null(), self._one.time_zone)

    def span(self, kind: pa.DataType) -> Span:
        """What to ask the source for.

        Raises:
            Invalid: The column cannot be followed, or is another one by now.
        """
        cursor = self.cursor = Cursor(self._one.cursor, kind, self._one.time_zone)
        if cursor.kind == "time" and kind.tz is None and not cursor.zone:
            raise without_zone(f"the cursor '{cursor.column}'", self._one.name)
        low: Value | None = None
        if self.state is not None:
            if self.state["kind"] != cursor.kind:
                raise Invalid(
                    f"the cursor '{cursor.column}' was of {SPOKEN[self.state['kind']]} and is of {SPOKEN[cursor.kind]}"
                    f" ({kind}) by now",
                    hint="load all of it again: sync it anew",
                )
            if self.state["cursor"] is not None:
                self._high = cursor.read(self.state["cursor"])
                low = cursor.before(self._high, self._lag)
        if low is None and self._one.initial is not None:
            low = cursor.read(self._one.initial)
        closed = self._one.bounds == "closed"
        return Span(cursor.column, None if low is None else cursor.at_source(low), low_closed=closed)

    def passed(self, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The rows that are to be loaded: without those that were, and, of rows that are only added, those of times
        that have not come yet."""
        column, limit = self.cursor.column, self.cursor.latest(self._now)
        again = None if self.state is None or self.state["waits"] else self._high
        for frame in frames:
            rows = frame
            if limit is not None:
                early = rows.filter(pl.col(column) > limit)
                if early.height:
                    self._wait += early.height
                    self._furthest = _highest(self._furthest, early[column].max())
                    if self._one.mode == "append":
                        rows = rows.filter(pl.col(column) <= limit)
            within = rows if limit is None else rows.filter(pl.col(column) <= limit)
            self._high = _highest(self._high, within[column].max())
            yield self._new(rows, again) if len(self._seen) else rows

    def _new(self, rows: pl.DataFrame, again: Value | None) -> pl.DataFrame:
        """Without the rows that are as they were when they were loaded."""
        column = self.cursor.column
        old, new = (rows, rows.clear())
        if again is not None:
            old, new = rows.filter(pl.col(column) <= again), rows.filter(pl.col(column) > again)
        # Told by the columns there were: one that came since makes no row another.
        before = [name for name in old.columns if name in (self.state or {}).get("columns", old.columns)]
        taken = self._seen.taken(numbers(old.select(before)))
        self._repeated += [
            (number, value) for number, value, was in zip(numbers(old), old[column], taken, strict=True) if was
        ]
        return pl.concat([old.filter(~pl.Series(taken, dtype=pl.Boolean)), new]) if old.height else new

    def tell(self) -> None:
        """Says what is odd about the cursor's values."""
        if self._wait:
            what = "not loaded until then" if self._one.mode == "append" else "looked at again until then"
            rows = "1 row has" if self._wait == 1 else f"{self._wait:,} rows have"
            self._job.found.notes.append(
                f"{rows} a value of '{self.cursor.column}' that has not come yet, up to {self._furthest}: {what};"
                " the source's clock may be wrong"
            )

    def ahead_of(self, staged: Staged) -> dict[str, Any]:
        """How far it is once these rows are in.

        Raises:
            Invalid: So many rows are to be looked at again that it cannot be told which of them are in.
        """
        kept = None if self._high is None else self.cursor.written(self._high)
        state: dict[str, Any] = {"cursor": kept, "kind": self.cursor.kind, "seen": "", "waits": self._wait > 0}
        state["columns"] = staged.schema.names()
        again = staged.lazy()
        repeated = [number for number, _ in self._repeated]
        if self._high is not None:
            low = self.cursor.before(self._high, self._lag)
            column, closed = pl.col(self.cursor.column), self._one.bounds == "closed"
            again = again.filter(column >= low if closed else column > low)
            repeated = [
                number
                for number, value in self._repeated
                if value > low or (closed and value == low)  # type: ignore[operator]
            ]
        count = int(again.select(pl.len()).collect(engine="streaming").item()) + len(repeated)
        if count <= SEEN_MOST:
            return state | {"seen": Seen.text(numbers(again.collect()) + repeated)}
        if self._one.mode == "append":
            raise Invalid(
                f"{count:,} rows have the last '{self.cursor.column}' or lie in the lag before it, more than the"
                f" {SEEN_MOST:,} of which it can be told whether they are in already",
                hint="upsert by a key, set a shorter lag, or bounds=open where no row comes later with the same value",
            )
        return state


def _highest(one: Value | None, other: Any) -> Value | None:
    if other is None or (isinstance(other, float) and other != other):
        return one
    return other if one is None or other > one else one
