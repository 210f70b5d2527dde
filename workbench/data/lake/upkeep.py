"""Cleaning one dataset, and what lies about in the lake's folder."""

from __future__ import annotations

from pathlib import Path

from workbench.data.lake import cleaning
from workbench.data.lake.deltalog import DeltaLog
from workbench.data.lake.model import CleanReport, DatasetRecord
from workbench.data.lake.store import DatasetStore
from workbench.governance.runs import Actor, Runs

__all__ = ["Upkeep"]


class Upkeep:
    """Removes what nobody needs.

    Args:
        root: The folder that holds a folder per dataset.
    """

    def __init__(self, root: Path, store: DatasetStore, runs: Runs) -> None:
        self._root = root
        self._store = store
        self._runs = runs

    def clean(self, record: DatasetRecord, log: DeltaLog, actor: Actor, keep_days: float) -> CleanReport:
        """See `Lake.clean`."""
        old = cleaning.outdated(log.folder, log.history(record.version), self._runs.pinned(record.id), keep_days)
        if old.files:
            self._store.cleaned(record.id, old.complete_from, by=actor.principal.name)
        sizes = [path.stat().st_size for path in old.files]
        for path in old.files:
            path.unlink(missing_ok=True)
        sizes += cleaning.remove_strays(log.folder)
        left = self.leftovers()
        return CleanReport(
            dataset=record.name,
            files=len(sizes),
            bytes=sum(sizes),
            complete_from=max(old.complete_from if old.files else 0, record.complete_from),
            pinned=tuple(sorted(old.pinned)),
            leftovers=cleaning.sweep(left),
            unknown=left.unknown,
        )

    def leftovers(self) -> cleaning.Leftovers:
        found = self._root.iterdir() if self._root.is_dir() else ()
        # What is made of datasets lies beside them, in folders whose names begin with _; no dataset's does.
        folders = [path for path in found if path.is_dir() and not path.name.startswith("_")]
        return cleaning.leftovers(folders, existing=self._store.ids(), deleted=self._store.deleted_ids())
