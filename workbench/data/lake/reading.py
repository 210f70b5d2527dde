"""The door through which datasets are read: who asks, which version, under which policy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from workbench.compute import Parts, frames
from workbench.data.lake import damage, vanished
from workbench.data.lake.deltalog import DeltaLog
from workbench.data.lake.describing import described
from workbench.data.lake.layout import EventLayout, Identities, LayoutReport, Tail, reported
from workbench.data.lake.lists import Lists
from workbench.data.lake.logged import effect_seen
from workbench.data.lake.model import DatasetInfo, DatasetRecord, Version
from workbench.data.lake.opened import Opened
from workbench.data.lake.parting import Window, parted
from workbench.data.lake.restricting import restricted
from workbench.data.lake.sealing import Sealer
from workbench.data.lake.snapshot import Snapshot
from workbench.data.lake.sorting import overlapping
from workbench.data.lake.store import DatasetStore
from workbench.data.lake.writing import Writer
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Conflict, Unavailable
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Policy, Role, Security

if TYPE_CHECKING:
    import pyarrow.dataset as pads

__all__ = ["LakeReader"]


class LakeReader:
    """Reads the datasets of a workspace; see `Lake`."""

    def __init__(self, root: Path, catalog: Catalog, runs: Runs, security: Security) -> None:
        self.root = root
        self._runs = runs
        self._security = security
        self._store = DatasetStore(catalog, runs, security)
        self._logs: dict[str, DeltaLog] = {}
        self._sealer = Sealer(runs)
        self._tail: Tail | None = None
        self._identities: Identities | None = None
        self.lists = Lists(self._store, security, self._log, self.info)
        url = catalog.engine.url
        beside = [Path(url.database).parent] if url.get_backend_name() == "sqlite" and url.database else []
        self._writer = Writer(self._store, [root, *beside])

    def use(self, *, tail: Tail | None = None, identities: Identities | None = None) -> None:
        """Names who has rows that no version holds yet, and who knows which subjects are one."""
        self._tail = tail or self._tail
        self._identities = identities or self._identities

    def read(self, name: str, actor: Actor, *, version: int | None = None, at: datetime | None = None) -> pl.LazyFrame:
        """A dataset's rows as a lazy plan, as the asker's policy lets them be seen. Times are UTC.

        Inside a run every read without a version is of the same one: the version the run read or wrote last, recorded
        and pinned before it is read. In a replay it is the one that the original read.

        Args:
            version: A version by its number.
            at: The version that was the newest at this time.

        Raises:
            NotFound: No such dataset or version, or the version was cleaned away.
            Forbidden: The policy for the asker's role cannot be applied.
            Invalid: `at` has no time zone or lies in the future.
        """
        record = self._store.get(name)
        return self._restricted(record, self._snapshot(record, actor, version, at), actor)

    def read_with_version(self, name: str, actor: Actor) -> tuple[pl.LazyFrame, int]:
        """What `read` gives who names no version, and the version that it is."""
        record = self._store.get(name)
        snapshot = self._snapshot(record, actor, None)
        return self._restricted(record, snapshot, actor), snapshot.version

    def arrow_dataset(self, name: str, actor: Actor, *, version: int | None = None) -> pads.Dataset | pa.Table:
        """Like `read`, for a reader of Arrow: a dataset that filters can be pushed into, or a table under a policy."""
        record = self._store.get(name)
        snapshot = self._snapshot(record, actor, version)
        if self._security.policy_for(actor.principal, name) is None and snapshot.names:
            return snapshot.arrow()
        return frames.to_arrow(self._restricted(record, snapshot, actor))

    def plans(
        self, name: str, actor: Actor, *, version: int | None = None, at: datetime | None = None
    ) -> list[pl.LazyFrame]:
        """Like `read`, one plan per data file, for whoever works on them apart; at least one."""
        record = self._store.get(name)
        snapshot = self._snapshot(record, actor, version, at)
        policy = self._security.policy_for(actor.principal, name)
        plans = [snapshot.scan([file]) for file in snapshot.names] or [snapshot.scan()]
        return [restricted(plan, policy) for plan in plans]

    def parts(
        self,
        name: str,
        actor: Actor,
        *,
        subject: str | None = None,
        window: Window | None = None,
        version: int | None = None,
        live: bool = False,
    ) -> tuple[Parts, int]:
        """Like `read`, cut for an engine, and the version that it is.

        Args:
            subject: The column of which equal values have to be in one part, which then has their `SUBJECT_HASH`.
            window: Of the time column; files without a row in it are left out, rows of others are not.
            live: With the rows that no version holds yet, and with subjects that were found to be one since. Never
                inside a run, where every read is of a sealed version.

        Raises:
            NotFound: No such dataset or version.
            Forbidden: The policy for the asker's role cannot be applied.
        """
        record = self._store.get(name)
        snapshot = self._snapshot(record, actor, version)
        policy = self._security.policy_for(actor.principal, name)
        restricted(snapshot.scan(), policy)  # a policy that cannot be applied is told of here, not by an engine
        now = live and actor.run is None and version is None
        found = parted(
            snapshot,
            policy,
            subject=subject,
            window=window,
            tail=self._tail.rows(record.id, snapshot.version) if now and self._tail else (),
            moved=self._identities.moved(record.id, snapshot.version) if now and self._identities else None,
        )
        return found, snapshot.version

    def opened(self, name: str, actor: Actor) -> Opened:
        """What `parts` gives who names no version, with its columns known and no file looked at yet.

        Raises:
            NotFound: No such dataset.
            Forbidden: The policy for the asker's role cannot be applied.
        """
        record = self._store.get(name)
        snapshot = self._sealed(record, actor, None)
        policy = self._security.policy_for(actor.principal, name)
        opened = Opened(record.id, name, snapshot, policy, partial(self._checked, record))
        _ = opened.schema  # a policy that cannot be applied is told of here, not by an engine
        return opened

    def layout(self, name: str, actor: Actor, *, version: int | None = None) -> LayoutReport:
        """How a dataset's files lie. Tells sizes, no rows; a row filter does not change them."""
        record = self._store.get(name)
        self._security.require(actor.principal, Role.VIEWER, f"read '{name}'")
        with vanished.telling(self._store, record):
            log = self._log(record)
            snapshot = self._sealer.look(log, record, self._sealer.version(log, record, actor, version, None))
            over = overlapping(snapshot.files, record.sort_by[0]) if record.sort_by else 0
            rows = snapshot.scan(hashed=True)
            return reported(name, snapshot.version, snapshot.files, record.layout, rows, record.sort_by, over)

    def version(self, name: str) -> int:
        """The number of the newest version."""
        record = self._store.get(name)
        return self._log(record).newest(record.version).version

    def exists(self, name: str) -> bool:
        return self._store.find(name) is not None

    def names(self) -> list[str]:
        return [record.name for record in self._store.all()]

    def name_of(self, dataset_id: str) -> str | None:
        """What the dataset of an id is called now; None where it was deleted."""
        return self._store.name_of(dataset_id)

    def key(self, name: str) -> tuple[str, ...]:
        """The columns that tell a dataset's rows apart; empty where none were named."""
        return self._store.get(name).key

    def partition_by(self, name: str) -> tuple[str, ...]:
        """The columns by whose values a dataset's files lie apart."""
        return self._store.get(name).partition_by

    def rows(self, name: str) -> int:
        """How many rows the newest version has, whoever asks."""
        record = self._store.get(name)
        return self._log(record).newest(record.version).rows

    def layout_of(self, name: str) -> EventLayout | None:
        """How the files of a dataset of events are to lie; None for another one."""
        return self._store.get(name).layout

    def id_of(self, name: str) -> str:
        """What a dataset is known by whatever it is called."""
        return self._store.get(name).id

    def checkpoint(self, name: str, stream: str, slice: str) -> int | None:
        """The mark that was last committed together with rows of this slice, or None."""
        record = self._store.get(name)
        return self._log(record).mark(stream, slice, record.version)

    def versions(
        self, name: str, actor: Actor, *, before: int | None = None, limit: int | None = None
    ) -> list[Version]:
        """The commits, newest first, and what each did; under a row filter nobody is told of how many rows.

        Args:
            before: Only those with a lower number.
            limit: At most so many.
        """
        record = self._store.get(name)
        self._security.require(actor.principal, Role.VIEWER, f"read '{name}'")
        log = self._log(record)
        found = [one for one in log.history(record.version) if before is None or one.number < before][:limit]
        policy = self._security.policy_for(actor.principal, name)
        return [replace(one, effect=effect_seen(one, log.folder, record.layout, policy)) for one in found]

    def info(self, name: str, actor: Actor, *, version: int | None = None, at: datetime | None = None) -> DatasetInfo:
        """What is known of the version that `read` gives. Under a row filter, `rows` counts what the asker may see."""
        record = self._store.get(name)
        log = self._log(record)
        with vanished.telling(self._store, record):
            snapshot = self._sealer.look(log, record, self._sealer.version(log, record, actor, version, at))
            committed = log.history(record.version, since=snapshot.version - 1)[-1]
        self._checked(record, snapshot)
        with self.telling(name, actor, version=snapshot.version):  # under a row filter it has to count rows
            return described(record, snapshot, committed, self._security.policy_for(actor.principal, name))

    def check(self, name: str) -> None:
        """Looks whether the newest version is there, as it was written.

        Raises:
            IntegrityError: It is not; names the file and says what can be done.
        """
        record = self._store.get(name)
        with vanished.telling(self._store, record):
            snapshot = self._log(record).newest(record.version)
        self._checked(record, snapshot)

    def read_through(self, name: str, actor: Actor, *, version: int | None = None, at: datetime | None = None) -> None:
        """Reads every file of what `read` gives to its end.

        Raises:
            IntegrityError: One cannot be read; names it and says what can be done.
            NotFound: The dataset was deleted, or the version cleaned away.
        """
        record = self._store.get(name)
        log = self._log(record)
        with vanished.telling(self._store, record):
            snapshot = log.at(self._sealer.version(log, record, actor, version, at), record.version)
        with vanished.telling(self._store, record, snapshot.version):
            damage.read_through(name, snapshot)

    @contextmanager
    def telling(
        self, name: str, actor: Actor, *, version: int | None = None, at: datetime | None = None
    ) -> Iterator[None]:
        """What a read gave is computed in the block: a failure that is a damaged file's is told as that.

        Args:
            version: The one that is computed on, where it is known.

        Raises:
            IntegrityError: A file cannot be read.
            NotFound: A file is not there any more, since somebody deleted the dataset or cleaned the version away.
        """
        try:
            with damage.telling(lambda: self.read_through(name, actor, version=version, at=at)):
                yield
        except FileNotFoundError as error:  # all files are there that should be by now
            raise vanished.went(name) from error

    def sight(self, name: str, actor: Actor) -> str | None:
        """What tells apart who sees other rows or values of a dataset; None for who sees all of it.

        Raises:
            NotFound: No such dataset.
        """
        self._store.get(name)
        policy = self._security.policy_for(actor.principal, name)
        if policy is None or policy.hides_no_more_than(None):
            return None
        told = json.dumps([policy.row_filter, sorted(policy.columns.items()), policy.closed_by])
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def check_policy(self, policy: Policy) -> None:
        """
        Raises:
            NotFound: No such dataset.
            Forbidden: The policy cannot be applied to its newest version.
        """
        record = self._store.get(policy.dataset)
        restricted(self._log(record).newest(record.version).scan(), policy)

    def _log(self, record: DatasetRecord) -> DeltaLog:
        log = self._logs.setdefault(
            record.id, DeltaLog(self.root / record.id, layout=record.layout, sort_by=record.sort_by)
        )
        log.dataset = record.name
        return log

    def _restricted(self, record: DatasetRecord, snapshot: Snapshot, actor: Actor) -> pl.LazyFrame:
        return restricted(snapshot.scan(), self._security.policy_for(actor.principal, record.name))

    def _snapshot(
        self, record: DatasetRecord, actor: Actor, version: int | None, at: datetime | None = None
    ) -> Snapshot:
        snapshot = self._sealed(record, actor, version, at)
        self._checked(record, snapshot)
        return snapshot

    def _checked(self, record: DatasetRecord, snapshot: Snapshot) -> None:
        with vanished.telling(self._store, record, snapshot.version):
            damage.check(record.name, snapshot)

    def _sealed(self, record: DatasetRecord, actor: Actor, version: int | None, at: datetime | None = None) -> Snapshot:
        """The version to read, before its files are looked at."""
        self._security.require(actor.principal, Role.VIEWER, f"read '{record.name}'")
        log = self._log(record)
        with vanished.telling(self._store, record):
            with suppress(Unavailable, Conflict):  # a full or busy catalog is the next writer's matter, not a reader's
                self._writer.catch_up(log, record)
            return self._sealer.read(log, record, actor, version, at)
