"""Held rows that change with a commit of their dataset: rows that a sync holds back, and those that it read anew.

Rows come in by a commit of the lake, and others are held back by a step of the catalog, which cannot be one. So what is
to be held is recorded first, as `pending`, with the mark that the commit gives the dataset, and beside batches that are
to go it is noted by which mark they do. Whether the dataset has that mark is what counts, recorded or not: killed at
any moment, a row is either in or held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from workbench.data.lake import Checkpoint, Lake
from workbench.data.quality.batches import leased, new_batch
from workbench.data.quality.heldfiles import HeldFiles, content_of
from workbench.data.quality.model import Held, Kept
from workbench.data.quality.screening import REASONS
from workbench.data.quality.store import HeldStore
from workbench.foundation.catalog import utcnow
from workbench.foundation.failpoints import failpoint
from workbench.foundation.jobs import Jobs, Lease
from workbench.governance.runs import Actor

__all__ = ["REDRIVEN", "Over", "Turning", "standing"]

REDRIVEN = "held rows"
"""The stream of the checkpoints that held rows come in with after all."""

Over = Callable[[Held], bool]
MarkOf = Callable[[str, str, str], int | None]
"""From a dataset, a stream and a slice to the mark that the dataset has."""


@dataclass(frozen=True)
class Turn:
    """A commit that decides what becomes of a batch.

    Attributes:
        mark: That it gives the dataset.
        after: That the dataset has before; once it has another one than these two, the commit can never be made.
    """

    stream: str
    slice: str
    mark: int
    after: int | None

    def made(self, mark: int | None) -> bool:
        return mark == self.mark

    def never(self, mark: int | None) -> bool:
        return mark not in (self.mark, self.after)


def standing(batch: Held, mark_of: MarkOf) -> Held | None:
    """A batch as it stands by what its dataset says, recorded or not; None where it is none, or not yet."""
    if batch.state == "pending":
        turn = _comes(batch)
        return replace(batch, state="held") if turn.made(_mark(batch, turn, mark_of)) else None
    if batch.ended is None and any(turn.made(_mark(batch, turn, mark_of)) for turn in _goes(batch)):
        return replace(batch, state="replaced", ended=utcnow())
    return batch


class Turning:
    """The rows that one stream of commits holds back.

    Args:
        stream: Of the checkpoints that its rows are committed with.
    """

    def __init__(self, store: HeldStore, files: HeldFiles, jobs: Jobs, lake: Lake, actor: Actor, stream: str) -> None:
        self._store = store
        self._files = files
        self._jobs = jobs
        self._lake = lake
        self._actor = actor
        self._stream = stream

    def holds(self, dataset: str) -> bool:
        """Whether rows are held that a commit may let go of."""
        return bool(self._older(dataset))

    @contextmanager
    def turn(
        self,
        dataset: str,
        suite: str,
        kept: Iterable[Kept],
        checkpoint: Checkpoint,
        *,
        after: int | None,
        origin: str,
        lease: Lease,
        over: Over = lambda _: False,
        stays: Callable[[Held, pl.DataFrame], pl.DataFrame] | None = None,
    ) -> Iterator[None]:
        """Holds rows back, and lets others go, by the commit that is made in the block.

        Args:
            kept: What is to be held; one at a time is in memory.
            after: The mark of the checkpoint's slice that the commit goes on from.
            origin: Where the rows are from, for people.
            lease: Under which they were read.
            over: Whether an older batch goes; what is as it was stays as it is.
            stays: What of any other older batch is held on.

        Raises:
            Conflict: The lease was lost, or somebody tries an older batch again for longer than anybody can wait.
        """
        turn = Turn(checkpoint.stream, checkpoint.slice, checkpoint.mark, after)
        older = self._older(dataset)
        going = {one.id: one for one in older if over(one)}
        pieces: list[tuple[Held, str]] = []
        for one in kept:
            told = replace(one, how={"stream": turn.stream, "slice": turn.slice})
            content = content_of(one.rows.drop(REASONS))
            same = self._store.same(self._lake.id_of(dataset), content, name_of=self._lake.name_of, origin=origin)
            if same is None or going.pop(same.id, None) is None:
                pieces.append(self._piece(dataset, suite, told, turn, content, origin=origin))
        for old in older:
            if stays is not None and not over(old):
                left = stays(old, rows := self._files.read(old))
                if left.height < rows.height:
                    going[old.id] = old
                    pieces += self._left(old, left, turn)
        failpoint("quality.held.written")
        with ExitStack() as leases:  # none of them is tried again meanwhile
            for id in list(going):
                leases.enter_context(leased(self._jobs, "redrive", id))
                if not self._is_held(id):
                    del going[id]
            self._store.turn(pieces, self._lake.id_of(dataset), going, turn.__dict__, lease=lease)
            failpoint("quality.turn.recorded")
            try:
                yield
            except BaseException:
                with suppress(Exception):  # the one that stopped the commit is told
                    self.settle(dataset, given_up=turn)
                raise
            failpoint("quality.turn.committed")
            self.settle(dataset)

    def retain(self, dataset: str, stays: Callable[[pl.DataFrame], pl.DataFrame]) -> int:
        """Lets go of held rows that are wanted no more; says how many.

        Args:
            stays: What of some is held on.
        """
        gone = 0
        for old in self._older(dataset):
            with leased(self._jobs, "redrive", old.id):
                if not self._is_held(old.id):
                    continue
                rows = self._files.read(old)
                left = stays(rows)
                if left.height < rows.height:
                    pieces = self._left(old, left, None)
                    self._store.add(pieces, self._lake.id_of(dataset), ending=[(old.id, "replaced")])
                    self._files.remove(old)
                    gone += rows.height - left.height
        return gone

    def settle(self, dataset: str, *, given_up: Turn | None = None, forgotten: bool = False) -> None:
        """Records what became of batches by commits that were made, and forgets those that never can be held.

        Args:
            given_up: A commit that is not made any more, unless it was.
            forgotten: Nobody goes on with what was begun.
        """
        came, gone, never, clear = [], [], [], []
        for one in self._mine(dataset):
            if one.state == "pending":
                turn = _comes(one)
                mark = _mark(one, turn, self._lake.checkpoint)
                if turn.made(mark):
                    came.append(one)
                elif turn.never(mark) or turn == given_up or forgotten:
                    never.append(one)
            elif turns := _goes(one):
                marks = [(turn, _mark(one, turn, self._lake.checkpoint)) for turn in turns]
                if any(turn.made(mark) for turn, mark in marks):
                    gone.append(one)
                elif all(turn.never(mark) or turn == given_up or forgotten for turn, mark in marks):
                    clear.append(one)
        if came or gone or never or clear:
            ids = [[one.id for one in some] for some in (came, gone, never, clear)]
            self._store.turned(held=ids[0], replaced=ids[1], dropped=ids[2], cleared=ids[3])
            failpoint("quality.turn.settled")
            for one in (*gone, *never):
                self._files.remove(one)

    def _mine(self, dataset: str) -> list[Held]:
        found = self._store.batches(self._lake.id_of(dataset), ended=False, name_of=self._lake.name_of)
        return [one for one in found if (one.how or {}).get("stream") == self._stream]

    def _older(self, dataset: str) -> list[Held]:
        """What is held by now; what a commit decides was settled before."""
        return [one for one in self._mine(dataset) if one.state != "pending"]

    def _is_held(self, id: str) -> bool:
        """Whether a batch is still held; of a try that was cut off it is found out whether its rows are in."""
        one = self._store.get(id, name_of=self._lake.name_of)
        if one.state == "loading":
            if self._lake.checkpoint(one.dataset, REDRIVEN, id) is not None:
                self._store.change(id, "loaded", ended=utcnow())
                self._files.remove(one)
                return False
            self._store.change(id, "held")
            return True
        return one.state == "held"

    def _left(self, old: Held, rows: pl.DataFrame, turn: Turn | None) -> list[tuple[Held, str]]:
        """What is left of a batch, as one of its own; none where nothing is."""
        if rows.is_empty():
            return []
        kept = Kept(rows, _reasons(rows), old.how)
        return [self._piece(old.dataset, old.suite, kept, turn, content_of(rows.drop(REASONS)), parent=old)]

    def _piece(
        self, dataset: str, suite: str, kept: Kept, turn: Turn | None, content: str, **said: Any
    ) -> tuple[Held, str]:
        batch = new_batch(dataset, suite, kept, self._actor, **said)
        if turn is not None:
            batch = replace(batch, state="pending", turns={"comes": turn.__dict__})
        self._files.write(batch, kept.rows)
        return batch, content


def _comes(batch: Held) -> Turn:
    return Turn(**(batch.turns or {})["comes"])


def _goes(batch: Held) -> list[Turn]:
    return [Turn(**one) for one in (batch.turns or {}).get("goes", [])]


def _mark(batch: Held, turn: Turn, mark_of: MarkOf) -> int | None:
    return mark_of(batch.dataset, turn.stream, turn.slice)


def _reasons(rows: pl.DataFrame) -> dict[str, int]:
    return dict(Counter(one["expectation"] for told in rows[REASONS].to_list() for one in told))
