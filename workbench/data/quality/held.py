"""Rows that are held back from a dataset: where they lie, and how they come in after all, exactly once.

Rows that were held at once are a batch: a file, which never changes, and a row of the catalog, which says what became
of it. A batch that is tried again is parted first: what fits becomes a batch of its own that is `loading`, the rest one
that is `held`. Then the former is committed to the dataset together with a checkpoint named after it; whoever is killed
in between and tries again finds the checkpoint, and no row comes in twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from workbench.compute import frames
from workbench.data.lake import Checkpoint, Lake, Mode
from workbench.data.quality.batches import leased, new_batch
from workbench.data.quality.heldfiles import HeldFiles, content_of
from workbench.data.quality.model import Held, Kept, Kind, Redriven, State, Tried, Waiting
from workbench.data.quality.screening import REASONS, Parted
from workbench.data.quality.store import HeldStore, nothing_as
from workbench.data.quality.turning import REDRIVEN, Turning, standing
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable, WorkbenchError
from workbench.foundation.failpoints import failpoint
from workbench.foundation.jobs import Jobs
from workbench.foundation.wording import counted
from workbench.governance.runs import Actor

__all__ = ["Holding", "Trying"]

Trying = Callable[[Held, pl.DataFrame], Tried]
"""From a batch and its rows to what fits now."""


class Holding:
    """`wb.quality.held`: the rows that are held back from datasets, as one actor may deal with them.

    Held rows are as they came, under no policy: to see them or to deal with them takes whoever may change the dataset,
    and sees all of it.

    Args:
        folder: Where the files lie, in a folder per dataset.
        part: Parts rows by what a suite says of single rows: `part(rows, dataset, suite)`.

    Attributes:
        tried_by: Who says what fits of rows that were held by something else than a suite, when they are tried again.
    """

    def __init__(
        self,
        catalog: Catalog,
        lake: Lake,
        actor: Actor,
        folder: Path,
        part: Callable[[pl.DataFrame, str, str], Parted],
    ) -> None:
        self._store = HeldStore(catalog)
        self._jobs = Jobs(catalog)
        self._lake = lake
        self._actor = actor
        self._files = HeldFiles(folder, lake.id_of)
        self.tried_by: dict[Kind, Trying] = {
            "suite": lambda batch, rows: _tried(part(rows, batch.dataset, batch.suite))
        }

    def __repr__(self) -> str:
        found = self.list()
        lines = [
            f"{one.id}  {one.dataset}  {counted(one.rows, 'row')}, {one.state}: {'; '.join(one.reasons)}"
            for one in found
        ]
        return "\n".join(lines) or "no rows are held back"

    def list(self, dataset: str | None = None, *, every: bool = False) -> list[Held]:
        """The batches of a dataset, or of all that the actor may change; newest first.

        Args:
            every: Those that were loaded, parted or discarded, too.

        Raises:
            NotFound: No such dataset.
            Forbidden: The actor may not change that dataset, or does not see all of it.
        """
        if dataset is not None:
            self._check(dataset)
        identifier = None if dataset is None else self._lake.id_of(dataset)
        found = self._store.batches(identifier, ended=every, name_of=self._lake.name_of)
        stand = (standing(one, self._lake.checkpoint) for one in found if self._may(one.dataset))
        return [one for one in stand if one is not None and (every or one.ended is None)]

    def waiting(self, dataset: str) -> Waiting | None:
        """How many rows of a dataset are held back, and why; None for whom it is not to be told.

        Raises:
            NotFound: No such dataset.
        """
        try:
            found = self.list(dataset)
        except Forbidden:
            return None
        reasons = sum((Counter(one.reasons) for one in found), Counter[str]())
        since = min((one.held for one in found), default=None)
        return Waiting(sum(one.rows for one in found), since, dict(reasons.most_common()))

    def get(self, id: str) -> Held:
        """
        Raises:
            NotFound: There is no such batch, or its dataset was deleted.
            Forbidden: The actor may not change its dataset, or does not see all of it.
        """
        found = self._standing(id)
        self._check(found.dataset)
        return found

    def rows(self, id: str) -> pl.DataFrame:
        """A batch's rows as they came, and `_reasons`: which expectations each breaks, and with which values.

        Raises:
            NotFound: There is no such batch, or its rows were loaded or discarded.
            IntegrityError: Its file is gone or damaged.
        """
        found = self.get(id)
        if found.ended is not None:
            raise NotFound(f"the rows of '{id}' are not held any more: {found.state}")
        return self._files.read(found)

    def redrive(self, id: str, rows: Any = None) -> Redriven:
        """Tries to load held rows again, after the rule or the rows were mended: those that fit now, exactly once.

        What the suite says of rows as a whole was said of those they came with, and is not asked of them again.
        Into a dataset with a key they come by upsert, which replaces rows of the same key; else they are appended.

        Args:
            rows: The batch's rows as they were mended: as many as there are. A column `_reasons` is left out.

        Raises:
            NotFound: There is no such batch.
            Conflict: It was loaded, parted or discarded; or somebody else is trying it. Nothing was changed.
            CheckFailed: An expectation cannot be computed of them; they stay held.
            Invalid: Other rows than are held; or they do not go into the dataset, in which case they stay held.
        """
        self.get(id)
        with self._jobs.held("redrive", id):
            batch = self._open(id)
            if batch.state == "loading" and rows is not None:
                raise Conflict(f"'{id}' is being loaded since a try that was cut off", hint="try it without rows first")
            loading, rest = (batch, ()) if batch.state == "loading" else self._planned(batch, rows)
            if loading is None:
                return Redriven(0, None, rest)
            return Redriven(loading.rows, self._loaded(loading), rest)

    def discard(self, id: str) -> Held:
        """Gives held rows up; they are removed.

        Raises:
            NotFound: There is no such batch.
            Conflict: It was loaded, parted or discarded already, or a try to load it was cut off.
        """
        self.get(id)
        with self._jobs.held("redrive", id):
            batch = self._open(id)
            if batch.state != "held":
                raise Conflict(f"'{id}' is being loaded since a try that was cut off", hint="redrive ends it")
            self._store.change(id, "discarded", ended=utcnow())
            self._files.remove(batch)
        return self.get(id)

    def hold(
        self,
        dataset: str,
        suite: str,
        kept: Kept,
    ) -> Held | None:
        """Holds rows back from a dataset; the same rows are held once, however often a load is tried.

        Returns:
            The batch; None where there are no rows.
        """
        if kept.rows.is_empty():
            return None
        content = content_of(kept.rows.drop(REASONS))
        known = self._store.same(self._lake.id_of(dataset), content, name_of=self._lake.name_of)
        if known is not None:
            return known
        batch = new_batch(dataset, suite, kept, self._actor)
        self._files.write(batch, kept.rows)
        failpoint("quality.held.written")
        self._store.add([(batch, content)], self._lake.id_of(dataset))
        failpoint("quality.held.recorded")
        return batch

    def replace(
        self, dataset: str, kept: Sequence[Kept], *, kind: Kind, origin: str, run: str | None = None
    ) -> tuple[Held, ...]:
        """Holds rows back in the place of those of the same origin, which were taken out of what was read anew.

        Args:
            run: In which that was, where it is not the actor's.

        Returns:
            What is held of it now; what is as it was stays as it is.

        Raises:
            Conflict: Somebody tries one of those again for longer than anybody can wait.
        """
        open_ones = self._store.batches(self._lake.id_of(dataset), ended=False, name_of=self._lake.name_of)
        before = [one for one in open_ones if (one.kind, one.origin, one.state) == (kind, origin, "held")]
        stays: list[Held] = []
        pieces: list[tuple[Held, str]] = []
        for one in kept:
            content = content_of(one.rows.drop(REASONS))
            known = self._store.same(self._lake.id_of(dataset), content, name_of=self._lake.name_of, origin=origin)
            if known is not None and known.how == one.how:
                stays.append(known)
                continue
            batch = new_batch(dataset, "", one, self._actor, kind=kind, origin=origin, run=run)
            self._files.write(batch, one.rows)
            pieces.append((batch, content))
        gone = [old for old in before if old.id not in {known.id for known in stays}]
        with ExitStack() as leases:  # none of them is tried again meanwhile
            for old in gone:
                leases.enter_context(leased(self._jobs, "redrive", old.id))
            gone = [old for old in gone if self._store.get(old.id, name_of=self._lake.name_of).state == "held"]
            if pieces or gone:
                failpoint("quality.held.written")
                ending: list[tuple[str, State]] = [(old.id, "replaced") for old in gone]
                self._store.add(pieces, self._lake.id_of(dataset), ending=ending)
                for old in gone:
                    self._files.remove(old)
        return (*stays, *(batch for batch, _ in pieces))

    def follow(self, dataset: str, kept: Callable[[int], Kept | None], *, origin: str, part: str) -> Held | None:
        """Holds back what comes after what was held of a part of a stream before, each message once.

        Whoever takes the same messages at the same time comes after the other, and finds that they are held.

        Args:
            kept: From the position up to which that was done to the messages after it, whose last position is `to`, all
                of whose are `positions`, and whose part is `part`, of `how`; None where there are none.

        Raises:
            Conflict: Others held messages back for longer than anybody can wait.
        """
        identifier = self._lake.id_of(dataset)
        slot = f"{identifier} {hashlib.sha256(f'{origin} {part}'.encode()).hexdigest()[:16]}"
        with leased(self._jobs, "hold", slot) as lease:
            fresh = kept(self._store.reached(identifier, origin, part))
            if fresh is None:
                return None
            batch = new_batch(dataset, "", fresh, self._actor, kind="stream", origin=origin)
            self._files.write(batch, fresh.rows)
            failpoint("quality.held.written")
            self._store.add([(batch, content_of(fresh.rows.drop(REASONS)))], identifier, lease=lease)
            failpoint("quality.held.recorded")
        return batch

    def positions(self, dataset: str, *, origin: str, part: str, since: int) -> set[int]:
        """Where the messages stand that were held back of a part of a stream, after a position."""
        return self._store.positions(self._lake.id_of(dataset), origin, part, since=since)

    def turning(self, stream: str) -> Turning:
        """The rows that a stream of commits holds back, which come and go with these."""
        return Turning(self._store, self._files, self._jobs, self._lake, self._actor, stream)

    def tidy(self) -> int:
        """Removes what is held back from datasets that were deleted, and files that a crash left behind.

        What is held back from a dataset that is there stays, however old it is.

        Returns:
            How many files went.
        """
        for identifier in self._store.gone(self._lake.name_of):
            self._store.end(identifier)
        return self._files.tidy(self._store.open, lambda identifier: self._lake.name_of(identifier) is not None)

    def _planned(self, batch: Held, given: Any) -> tuple[Held | None, tuple[Held, ...]]:
        """Parts a batch into what is loading from now on and what is held on; one step of the catalog."""
        rows = self._files.read(batch).drop(REASONS)
        if given is not None:
            mended = frames.to_polars(given)
            mended = mended.drop(REASONS, strict=False)
            if mended.height != rows.height:
                raise Invalid(
                    f"'{batch.id}' has {rows.height:,} rows, and {mended.height:,} are given",
                    hint="give all of them; what is to go can be discarded when the others are in",
                )
            rows = mended
        if batch.kind not in self.tried_by:
            raise Unavailable(f"nobody is here who can try rows of {batch.origin} again")
        tried = self.tried_by[batch.kind](batch, rows)
        alike = rows.height == sum(one.rows.height for one in tried.held) and all(
            one.how in (None, batch.how) for one in tried.held
        )
        if tried.fits.is_empty() and given is None and alike:
            return None, (batch,)
        if not tried.held and given is None and batch.kind == "suite":
            self._store.change(batch.id, "loading")
            failpoint("quality.redrive.planned")
            return self._store.get(batch.id, name_of=self._lake.name_of), ()
        pieces: list[tuple[Held, str]] = []
        first = None
        if not tried.fits.is_empty():
            kept = Kept(tried.fits.with_columns(pl.lit(None, pl.List(pl.Null)).alias(REASONS)), {}, batch.how)
            first = new_batch(batch.dataset, batch.suite, kept, self._actor, parent=batch, state="loading")
            self._files.write(first, kept.rows)
            pieces.append((first, content_of(tried.fits)))
        for one in tried.held:
            rest = replace(one, how=one.how or batch.how)
            last = new_batch(batch.dataset, batch.suite, rest, self._actor, parent=batch)
            self._files.write(last, one.rows)
            pieces.append((last, content_of(one.rows.drop(REASONS))))
        failpoint("quality.redrive.written")
        self._store.add(pieces, self._lake.id_of(batch.dataset), ending=[(batch.id, "parted")])
        failpoint("quality.redrive.planned")
        self._files.remove(batch)
        return first, tuple(one for one, _ in pieces if one is not first)

    def _loaded(self, batch: Held) -> int:
        """Commits the rows of a batch that is loading, if that was not done before; the dataset's version."""
        name = batch.dataset
        how = batch.how or {}
        mode = Mode.UPSERT if self._lake.key(name) else Mode.APPEND
        mode = Mode.SNAPSHOT if how.get("mode") == Mode.SNAPSHOT else mode
        at = datetime.fromisoformat(how["since"]) if "since" in how else how.get("at")
        rows = self._files.read(batch).drop(REASONS)
        try:
            version, _ = self._lake.load(
                name, rows, self._actor, mode=mode, at=at, checkpoint=Checkpoint(REDRIVEN, batch.id, 1)
            )
        except WorkbenchError:
            self._store.change(batch.id, "held")
            raise
        failpoint("quality.redrive.committed")
        self._store.change(batch.id, "loaded", ended=utcnow())
        failpoint("quality.redrive.recorded")
        self._files.remove(batch)
        return version.number

    def _open(self, id: str) -> Held:
        found = self._standing(id)
        if found.ended is not None:
            raise Conflict(f"'{id}' is {found.state} already")
        return found

    def _standing(self, id: str) -> Held:
        found = standing(self._store.get(id, name_of=self._lake.name_of), self._lake.checkpoint)
        if found is None:
            raise nothing_as(id)
        return found

    def _check(self, dataset: str) -> None:
        self._lake.check_may_change(dataset, self._actor, "deal with the rows that are held back from")
        if self._lake.sight(dataset, self._actor) is not None:
            raise Forbidden(
                f"'{dataset}' has a policy for the role {self._actor.principal.role}: rows that are held back from it"
                " are as they came, and only for who sees all of it"
            )

    def _may(self, dataset: str) -> bool:
        try:
            self._check(dataset)
        except (Forbidden, NotFound):
            return False
        return True


def _tried(parted: Parted) -> Tried:
    return Tried(parted.fits, () if parted.held.is_empty() else (Kept(parted.held, parted.reasons),))
