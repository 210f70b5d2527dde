"""Making a rollup, or what of it changed: files are written aside, and count once the catalog names them."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from workbench.analytics.metrics.rollups.making import partials_by_month
from workbench.analytics.metrics.rollups.model import Chunk, RollupState
from workbench.analytics.metrics.rollups.months import Touched, touched
from workbench.analytics.metrics.rollups.sheets import CHUNK, Sheets, check, fingerprint
from workbench.analytics.metrics.rollups.store import RollupStore
from workbench.analytics.metrics.sources import Sources
from workbench.compute import Engine
from workbench.data.lake import disk_errors, sync
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Forbidden
from workbench.foundation.failpoints import failpoint

__all__ = ["Refreshing"]

# A refresh that is under way, or whose process lost the lease a moment ago, is done with its folder by then.
GRACE_SECONDS = 3_600


@dataclass(frozen=True)
class Refreshing:
    """
    Attributes:
        folder: Of the files of all rollups, one folder each.
    """

    store: RollupStore
    folder: Path
    engine: Engine

    def refresh(self, sheets: Sheets, sources: Sources, *, anew: bool = False) -> RollupState:
        """Makes a rollup stand for the version of its dataset that is read; of months that changed, or of all.

        Args:
            sources: Read by somebody who may see all rows.
            anew: All months are made, whatever changed.

        Returns:
            What is kept now; what was kept, where nothing changed.

        Raises:
            Forbidden: A policy hides rows or values from whoever asks.
            Invalid: The rollup does not fit its dataset.
            Conflict: Somebody else is making it.
            Unavailable: The disk is full; what was kept still is.
        """
        with self.store.lease(sheets.name) as lease:
            began = time.monotonic()
            before = self.store.state(sheets.name)
            opened = sources.opened(sheets.dataset)
            beside = {join.dataset: sources.opened(join.dataset) for join in sheets.joined()}
            for one in (opened, *beside.values()):
                if one.restricted:
                    raise Forbidden(
                        f"rollup '{sheets.name}' is made of all rows of '{one.name}', and a policy hides some from you",
                        hint="somebody whose role has no policy on it refreshes it; the scheduler does",
                    )
            check(sheets, sources.schema)
            made_by = fingerprint(sheets, opened.schema)
            now = {name: (one.id, one.version, one.commit) for name, one in beside.items()}
            changed = Touched(anything=True)
            kept: tuple[Chunk, ...] = ()
            if before is not None and not anew and self._stands(before, made_by, opened.id, now):
                if (before.version, before.commit) == (opened.version, opened.commit):
                    return before
                changed = touched(opened.changes(before.version, before.commit, sheets.time))
                kept = _untouched(before.chunks, changed)
            with disk_errors(self.folder):
                chunks = (*kept, *self._written(sheets, changed, sources)) if changed else kept
            failpoint("rollup.files.written")
            state = RollupState(
                name=sheets.name,
                fingerprint=made_by,
                dataset_id=opened.id,
                version=opened.version,
                commit=opened.commit,
                beside=now,
                chunks=tuple(sorted(chunks, key=lambda chunk: chunk.month or date.min)),
                made=utcnow(),
                seconds=time.monotonic() - began,
            )
            self.store.keep(state, lease)
            failpoint("rollup.catalog.told")
            self._sweep(state, before)
            return state

    def remove(self, name: str) -> None:
        """Removes the files of a rollup that the catalog has forgotten."""
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def _stands(self, before: RollupState, made_by: str, dataset: str, beside: dict[str, tuple[str, int, str]]) -> bool:
        """Whether what is kept of months that did not change can stay."""
        same = (before.fingerprint, before.dataset_id, dict(before.beside)) == (made_by, dataset, beside)
        return same and all(
            (self.folder / path).is_file() and (self.folder / path).stat().st_size == size
            for chunk in before.chunks
            for path, size in chunk.files
        )

    def _written(self, sheets: Sheets, changed: Touched, sources: Sources) -> list[Chunk]:
        """What is kept of the months that changed; rows without a time always have a chunk, if an empty one."""
        folder = self.folder / sheets.name / secrets.token_hex(8)
        folder.mkdir(parents=True)
        files: dict[date | None, list[tuple[str, int]]] = {}
        rows: dict[date | None, int] = {}
        for at in range(len(sheets.sheets)):
            for month, found in self._months(sheets, at, changed, sources).items():
                failpoint("rollup.file.before")
                path = folder / f"{month or 'timeless'}-{at}.parquet"
                found.sort([key.name for key in sheets.keys]).write_parquet(path, compression="zstd")
                size = path.stat().st_size
                files.setdefault(month, []).append((f"{sheets.name}/{folder.name}/{path.name}", size))
                rows[month] = rows.get(month, 0) + found.height
        sync([*folder.iterdir(), folder, folder.parent, self.folder])
        return [Chunk(month, tuple(found), rows[month]) for month, found in files.items()]

    def _months(self, sheets: Sheets, at: int, changed: Touched, sources: Sources) -> dict[date | None, pl.DataFrame]:
        """One sheet of the months that changed."""
        found: dict[date | None, pl.DataFrame] = {}
        for frame in partials_by_month(sheets, at, changed, sources, self.engine):
            months = frame.partition_by(CHUNK, as_dict=True, include_key=False)
            found |= {month: rows for (month,), rows in months.items()}
            if changed.anything or changed.missing:
                found.setdefault(None, frame.drop(CHUNK).clear())
        return found

    def _sweep(self, state: RollupState, before: RollupState | None) -> None:
        """Removes what neither state names, be it from a state before or of a refresh that was killed.

        What only the state before names may still be read by whoever looked at the catalog a moment ago.
        """
        states = [state] if before is None else [state, before]
        named = {self.folder / path for one in states for chunk in one.chunks for path, _ in chunk.files}
        oldest = time.time() - GRACE_SECONDS
        for folder in (self.folder / state.name).iterdir():
            if folder.stat().st_mtime >= oldest:
                continue
            for path in [path for path in folder.iterdir() if path not in named]:
                path.unlink(missing_ok=True)
            if not any(folder.iterdir()):
                folder.rmdir()


def _untouched(chunks: tuple[Chunk, ...], changed: Touched) -> tuple[Chunk, ...]:
    if changed.anything:
        return ()
    return tuple(
        chunk for chunk in chunks if (not changed.missing if chunk.month is None else chunk.month not in changed.months)
    )
