"""Rows that are held back from a dataset: where they lie, and how they come in after all, exactly once.

Rows that were held at once are a batch: a file, which never changes, and a row of the catalog, which says what became
of it. A batch that is tried again is parted first: what fits becomes a batch of its own that is `loading`, the rest one
that is `held`. Then the former is committed to the dataset together with a checkpoint named after it; whoever is killed
in between and tries again finds the checkpoint, and no row comes in twice.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

from workbench.compute import frames
from workbench.data.lake import Checkpoint, Lake, Mode, disk_errors, sync
from workbench.data.quality.model import Held, Redriven, State
from workbench.data.quality.screening import REASONS, Parted
from workbench.data.quality.store import HeldStore
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, Forbidden, IntegrityError, Invalid, NotFound, WorkbenchError
from workbench.foundation.failpoints import failpoint
from workbench.foundation.jobs import Jobs
from workbench.governance.runs import Actor

__all__ = ["Holding"]


class Holding:
    """`wb.quality.held`: the rows that are held back from datasets, as one actor may deal with them.

    Held rows are as they came, under no policy: to see them or to deal with them takes whoever may change the dataset,
    and sees all of it.

    Args:
        folder: Where the files lie, in a folder per dataset.
        part: Parts rows by what a suite says of single rows: `part(rows, dataset, suite)`.
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
        self._folder = folder
        self._part = part

    def __repr__(self) -> str:
        found = self.list()
        lines = [f"{one.id}  {one.dataset}  {one.rows:,} rows, {one.state}: {'; '.join(one.reasons)}" for one in found]
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
        return [one for one in found if self._may(one.dataset)]

    def get(self, id: str) -> Held:
        """
        Raises:
            NotFound: There is no such batch, or its dataset was deleted.
            Forbidden: The actor may not change its dataset, or does not see all of it.
        """
        found = self._store.get(id, name_of=self._lake.name_of)
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
        return self._read(found)

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
            loading, rest = (batch, None) if batch.state == "loading" else self._planned(batch, rows)
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
            self._remove(batch)
        return self.get(id)

    def hold(self, dataset: str, suite: str, parted: Parted) -> Held | None:
        """Holds rows back from a dataset; the same rows are held once, however often a load is tried.

        Returns:
            The batch; None where there are no rows.
        """
        if parted.held.is_empty():
            return None
        identifier = self._lake.id_of(dataset)
        content = _content(parted.held.drop(REASONS))
        known = self._store.same(identifier, content, name_of=self._lake.name_of)
        if known is not None:
            return known
        batch = self._batch(dataset, suite, parted.held.height, parted.reasons)
        self._write(batch, parted.held)
        failpoint("quality.held.written")
        self._store.add([(batch, content)], identifier)
        failpoint("quality.held.recorded")
        return batch

    def _planned(self, batch: Held, given: Any) -> tuple[Held | None, Held | None]:
        """Parts a batch into what is loading from now on and what is held on; one step of the catalog."""
        rows = self._read(batch).drop(REASONS)
        if given is not None:
            mended = frames.to_polars(given)
            mended = mended.drop(REASONS, strict=False)
            if mended.height != rows.height:
                raise Invalid(
                    f"'{batch.id}' has {rows.height:,} rows, and {mended.height:,} are given",
                    hint="give all of them; what is to go can be discarded when the others are in",
                )
            rows = mended
        parted = self._part(rows, batch.dataset, batch.suite)
        if parted.fits.is_empty() and given is None:
            return None, batch
        if parted.held.is_empty() and given is None:
            self._store.change(batch.id, "loading")
            failpoint("quality.redrive.planned")
            return self._store.get(batch.id, name_of=self._lake.name_of), None
        pieces: list[tuple[Held, str]] = []
        first = last = None
        if not parted.fits.is_empty():
            first = self._batch(batch.dataset, batch.suite, parted.fits.height, {}, batch.id, "loading")
            self._write(first, parted.fits.with_columns(pl.lit(None, pl.List(pl.Null)).alias(REASONS)))
            pieces.append((first, _content(parted.fits)))
        if not parted.held.is_empty():
            last = self._batch(batch.dataset, batch.suite, parted.held.height, parted.reasons, batch.id)
            self._write(last, parted.held)
            pieces.append((last, _content(parted.held.drop(REASONS))))
        failpoint("quality.redrive.written")
        self._store.add(pieces, self._lake.id_of(batch.dataset), parting=batch.id)
        failpoint("quality.redrive.planned")
        self._remove(batch)
        return first, last

    def _loaded(self, batch: Held) -> int:
        """Commits the rows of a batch that is loading, if that was not done before; the dataset's version."""
        name = batch.dataset
        mode = Mode.UPSERT if self._lake.key(name) else Mode.APPEND
        rows = self._read(batch).drop(REASONS)
        try:
            version, _ = self._lake.load(
                name, rows, self._actor, mode=mode, checkpoint=Checkpoint("held rows", batch.id, 1)
            )
        except WorkbenchError:
            self._store.change(batch.id, "held")
            raise
        failpoint("quality.redrive.committed")
        self._store.change(batch.id, "loaded", ended=utcnow())
        failpoint("quality.redrive.recorded")
        self._remove(batch)
        return version.number

    def _open(self, id: str) -> Held:
        found = self._store.get(id, name_of=self._lake.name_of)
        if found.ended is not None:
            raise Conflict(f"'{id}' is {found.state} already")
        return found

    def _batch(
        self,
        dataset: str,
        suite: str,
        rows: int,
        reasons: dict[str, int],
        parent: str | None = None,
        state: State = "held",
    ) -> Held:
        run, who = self._actor.run, self._actor.principal.name
        return Held(secrets.token_hex(6), dataset, suite, rows, reasons, state, run, who, utcnow(), parent=parent)

    def _path(self, batch: Held) -> Path:
        return self._folder / self._lake.id_of(batch.dataset) / f"{batch.id}.parquet"

    def _write(self, batch: Held, rows: pl.DataFrame) -> None:
        path = self._path(batch)
        with disk_errors(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            rows.write_parquet(part)
            sync([part])
            part.replace(path)
            sync([path.parent, path.parent.parent])

    def _read(self, batch: Held) -> pl.DataFrame:
        path = self._path(batch)
        try:
            return pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise IntegrityError(
                f"the rows of '{batch.id}', held back from '{batch.dataset}', cannot be read from {path.name}",
                hint="discard it, and load its rows from the source again",
            ) from error

    def _remove(self, batch: Held) -> None:
        with suppress(FileNotFoundError):
            self._path(batch).unlink()

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


def _content(rows: pl.DataFrame) -> str:
    """What tells the same rows in the same order from others."""
    written = io.BytesIO()
    rows.rechunk().write_ipc(written)
    return hashlib.sha256(written.getbuffer()).hexdigest()
