"""Which version a read is of, and the record of it: inside a run, one version per dataset, pinned before it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from workbench.data.lake.deltalog import DeltaLog
from workbench.data.lake.model import DatasetRecord, Version
from workbench.data.lake.snapshot import Snapshot
from workbench.data.lake.vanished import cleaned_away
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.runs import Actor, Runs

__all__ = ["Sealer", "version_at"]


class Sealer:
    """Chooses the snapshot a read gets."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._noted: set[tuple[str, str, int]] = set()
        self._seals: dict[tuple[str, str], int] = {}

    def read(
        self, log: DeltaLog, record: DatasetRecord, actor: Actor, version: int | None, at: datetime | None
    ) -> Snapshot:
        """The snapshot to read, recorded and pinned if a run asks.

        Raises:
            NotFound: There is no such version, or it was cleaned away.
            Invalid: `at` has no time zone or lies in the future.
        """
        explicit = version is not None or at is not None
        version = self.version(log, record, actor, version, at)
        if actor.run is not None:
            self._note(record, actor.run, version, explicit=explicit)
        return self.look(log, record, version)

    def version(
        self, log: DeltaLog, record: DatasetRecord, actor: Actor, version: int | None, at: datetime | None
    ) -> int:
        """The version that `read` gives, without recording anything."""
        if version is None:
            if at is None:
                version = self._sealed(record, actor)
            else:
                version = version_at(record.name, at, partial(log.history, record.version))
        newest = log.newest(record.version).version
        if version is None:
            return newest
        if not 0 <= version <= newest:
            raise NotFound(f"'{record.name}' has no version {version}", hint=f"they go from 0 to {newest}")
        return version

    def look(self, log: DeltaLog, record: DatasetRecord, version: int) -> Snapshot:
        """A version, read or only described.

        Raises:
            NotFound: It was cleaned away.
        """
        snapshot = log.at(version, record.version)
        if version < record.complete_from and not all(path.exists() for path in snapshot.paths()):
            raise cleaned_away(record.name, version, record.complete_from)
        return snapshot

    def _sealed(self, record: DatasetRecord, actor: Actor) -> int | None:
        if record.name in actor.pins:
            return actor.pins[record.name]
        if actor.run is None:
            return None
        known = [
            int(edge.version)
            for edge in self._runs.edges(actor.run)
            if edge.kind == "dataset" and edge.name == record.name and not edge.detail.get("explicit")
        ]
        here = self._seals.get((actor.run, record.id))
        return max([*known, *([] if here is None else [here])], default=None)

    def _note(self, record: DatasetRecord, run: str, version: int, *, explicit: bool) -> None:
        if not explicit:
            self._seals[run, record.id] = version
        if (run, record.id, version) in self._noted:
            return
        self._runs.pin(run, record.id, version)
        detail = {"explicit": True} if explicit else {}
        self._runs.record(run, "read", "dataset", record.name, str(version), detail=detail)
        self._noted.add((run, record.id, version))


def version_at(name: str, at: datetime, history: Callable[[], Sequence[Version]]) -> int:
    """Which of a dataset's versions was its newest at a time.

    Args:
        history: Asked for its versions, newest first, once the time is known to be one.

    Raises:
        Invalid: `at` has no time zone or lies in the future.
        NotFound: The dataset did not exist yet.
    """
    if at.tzinfo is None:
        raise Invalid(f"the time {at.isoformat()} has no time zone", hint="give it one, e.g. tzinfo=datetime.UTC")
    if at > utcnow():
        raise Invalid(f"the time {at.isoformat()} lies in the future")
    versions = history()
    found = [version.number for version in versions if version.time <= at]
    if not found:
        raise NotFound(
            f"'{name}' did not exist yet at {at.isoformat()}",
            hint=f"its first version is of {versions[-1].time.isoformat()}",
        )
    return max(found)
