"""The lake: datasets as versioned Delta tables, and the one door through which they are read."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from workbench.compute import frames, listed
from workbench.data.lake import damage, writing
from workbench.data.lake.datafiles import check_partition_columns
from workbench.data.lake.deltalog import DeltaLog
from workbench.data.lake.describing import described, outlined
from workbench.data.lake.lists import Lists
from workbench.data.lake.model import Checkpoint, CleanReport, DatasetInfo, DatasetRecord, Version
from workbench.data.lake.naming import check_name
from workbench.data.lake.origin import origin
from workbench.data.lake.restricting import restricted
from workbench.data.lake.sealing import Sealer
from workbench.data.lake.snapshot import Snapshot
from workbench.data.lake.store import DatasetStore
from workbench.data.lake.upkeep import Upkeep
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, IntegrityError, Invalid, Unavailable, unknown
from workbench.foundation.failpoints import failpoint
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Policy, Role, Security

if TYPE_CHECKING:
    import pyarrow.dataset as pads

__all__ = ["Lake"]


class Lake:
    """All datasets of a workspace. Safe to share between threads; processes share the folder and the catalog.

    Whoever may read the workspace may read, under the policies that hold for their role. Creating takes an analyst;
    changing, renaming or deleting takes the dataset's owner or an engineer.

    Args:
        root: The folder that holds a folder per dataset, each named after the dataset's id.

    Attributes:
        lists: The datasets that somebody may see, all or found by words.
    """

    def __init__(self, root: Path, catalog: Catalog, runs: Runs, security: Security) -> None:
        self.root = root
        self._runs = runs
        self._security = security
        self._store = DatasetStore(catalog, runs, security)
        self._logs: dict[str, DeltaLog] = {}
        self._sealer = Sealer(runs)
        self._upkeep = Upkeep(root, self._store, runs)
        self.lists = Lists(self._store, security, self._log, self.info)
        url = catalog.engine.url
        beside = [Path(url.database).parent] if url.get_backend_name() == "sqlite" and url.database else []
        self._writer = writing.Writer(self._store, [root, *beside])

    # Reading

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

    def parts(
        self, name: str, actor: Actor, *, version: int | None = None, at: datetime | None = None
    ) -> list[pl.LazyFrame]:
        """Like `read`, one plan per data file, for whoever works on them apart; at least one."""
        record = self._store.get(name)
        snapshot = self._snapshot(record, actor, version, at)
        policy = self._security.policy_for(actor.principal, name)
        plans = [snapshot.scan([file]) for file in snapshot.names] or [snapshot.scan()]
        return [restricted(plan, policy) for plan in plans]

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

    def checkpoint(self, name: str, stream: str, slice: str) -> int | None:
        """The mark that was last committed together with rows of this slice, or None."""
        record = self._store.get(name)
        return self._log(record).mark(stream, slice, record.version)

    def versions(self, name: str, actor: Actor) -> list[Version]:
        """Every commit, newest first."""
        record = self._store.get(name)
        self._security.require(actor.principal, Role.VIEWER, f"read '{name}'")
        return self._log(record).history(record.version)

    def info(self, name: str, actor: Actor, *, version: int | None = None, at: datetime | None = None) -> DatasetInfo:
        """What is known of the version that `read` gives. Under a row filter, `rows` counts what the asker may see."""
        record = self._store.get(name)
        log = self._log(record)
        snapshot = self._sealer.look(log, record, self._sealer.version(log, record, actor, version, at))
        damage.check(name, snapshot)
        committed = log.history(record.version, since=snapshot.version - 1)[-1]
        with self.telling(name, actor, version=snapshot.version):  # under a row filter it has to count rows
            return described(record, snapshot, committed, self._security.policy_for(actor.principal, name))

    def check(self, name: str) -> None:
        """Looks whether the newest version is there, as it was written.

        Raises:
            IntegrityError: It is not; names the file and says what can be done.
        """
        record = self._store.get(name)
        damage.check(name, self._log(record).newest(record.version))

    def read_through(self, name: str, actor: Actor, *, version: int | None = None, at: datetime | None = None) -> None:
        """Reads every file of what `read` gives to its end.

        Raises:
            IntegrityError: One cannot be read; names it and says what can be done.
        """
        record = self._store.get(name)
        log = self._log(record)
        damage.read_through(name, log.at(self._sealer.version(log, record, actor, version, at), record.version))

    def telling(
        self, name: str, actor: Actor, *, version: int | None = None, at: datetime | None = None
    ) -> AbstractContextManager[None]:
        """What a read gave is computed in the block: a failure that is a damaged file's is told as that."""
        return damage.telling(lambda: self.read_through(name, actor, version=version, at=at))

    def check_policy(self, policy: Policy) -> None:
        """
        Raises:
            NotFound: No such dataset.
            Forbidden: The policy cannot be applied to its newest version.
        """
        record = self._store.get(policy.dataset)
        restricted(self._log(record).newest(record.version).scan(), policy)

    # Writing

    def create(
        self,
        name: str,
        frame: Any,
        actor: Actor,
        *,
        key: str | Sequence[str] = (),
        partition_by: str | Sequence[str] = (),
        description: str = "",
        source: str = "",
    ) -> Version:
        """Makes a dataset.

        Args:
            frame: Its rows: a Polars, pandas, Dask or Arrow frame, or a stream of Arrow batches; or only its columns,
                as a schema of Polars or Arrow.
            key: Columns that tell its rows apart: never null, and no two rows alike.
            partition_by: Columns by whose values its files lie apart and can be overwritten alone.
            source: Where the rows come from, for people; what the run has read, when not given inside one.

        Raises:
            Invalid: The name, a column or a key cannot be used.
            Conflict: There is a dataset of that name, be it in other upper and lower case.
            Unavailable: The disk is full or may not be written to; nothing was made.
        """
        self._security.require(actor.principal, Role.ANALYST, f"create the dataset '{name}'")
        check_name(name)
        self._store.check_free(name)
        if isinstance(frame, pa.Schema):
            frame = frame.empty_table()
        elif isinstance(frame, Mapping):
            frame = pl.DataFrame(schema=dict(frame))
        schema, rows = writing.rows_of(frame)
        key, partition_by = listed(key), listed(partition_by)
        for column in (*key, *partition_by):
            if column not in schema:
                raise unknown("column", column, schema, error=Invalid)
        check_partition_columns(schema, partition_by)
        record = DatasetRecord(
            id=secrets.token_hex(8),
            name=name,
            key=key,
            partition_by=partition_by,
            description=description,
            source=source or (origin(self._runs.edges(actor.run)) if actor.run else ""),
            owner=actor.principal.name,
            created=utcnow(),
            version=0,
            complete_from=0,
        )
        try:
            first = self._writer.create(
                self._log(record), record, schema, (part for part in rows if part.height), actor
            )
            self._store.add(record, first, outlined(self._log(record).newest(0), first))
        except BaseException:
            self._forget(record)
            raise
        failpoint("lake.commit.after_catalog")
        return first

    def append(
        self, name: str, frame: Any, actor: Actor, *, evolve: bool = False, checkpoint: Checkpoint | None = None
    ) -> Version:
        """Adds rows; `upsert` also replaces rows of the same key.

        Args:
            evolve: New columns are added to the dataset and missing ones are null, where otherwise both are refused.
            checkpoint: Committed together with the rows. If its mark is the slice's present one, nothing is done.

        Returns:
            The new version, or the newest one where the checkpoint says that the rows are in.

        Raises:
            Invalid: The columns or values do not fit, or a key is null or doubled in the frame; names them.
            Conflict: A row's key is in the dataset already, or others kept committing first.
            Unavailable: The disk is full or may not be written to; nothing was changed.
        """
        record = self._for_change(name, actor, "append to")
        log = self._log(record)
        plan = writing.appending(log, record, frames.to_lazy(frame), evolve=evolve)
        return self._writer.commit(log, record, "append", plan, actor, checkpoint)

    def overwrite(
        self,
        name: str,
        frame: Any,
        actor: Actor,
        *,
        partition: Mapping[str, Any] | None = None,
        evolve: bool = False,
        checkpoint: Checkpoint | None = None,
    ) -> Version:
        """Replaces all rows, or those of one partition.

        Args:
            partition: A value for each partition column. The frame's rows must be in it, or lack these columns. Keys
                in other partitions are not looked at.
            evolve: For a whole dataset, the frame's columns replace its columns; for a partition, see `append`.

        Raises:
            Invalid: The columns, values or partition do not fit; names them.
            Conflict: Others kept committing first.
            Unavailable: The disk is full or may not be written to; nothing was changed.
        """
        record = self._for_change(name, actor, "overwrite")
        log = self._log(record)
        plan = writing.overwriting(log, record, frames.to_lazy(frame), partition=partition, evolve=evolve)
        return self._writer.commit(log, record, "overwrite", plan, actor, checkpoint)

    def upsert(
        self,
        name: str,
        frame: Any,
        actor: Actor,
        *,
        key: str | Sequence[str] | None = None,
        evolve: bool = False,
        checkpoint: Checkpoint | None = None,
    ) -> Version:
        """Replaces the rows that have the same key as one of the frame's, and adds the others.

        Args:
            key: The columns to compare; the dataset's own key when not given.

        Raises:
            Invalid: There is no key, a key is null or doubled in the frame, or the columns do not fit.
            Conflict: Others kept committing first.
            Unavailable: The disk is full or may not be written to; nothing was changed.
        """
        record = self._for_change(name, actor, "upsert into")
        columns = listed(key) or record.key
        if not columns:
            raise Invalid(f"'{name}' has no key to upsert by", hint="name it: key=[...], here or when it is created")
        log = self._log(record)
        plan = writing.upserting(log, record, frames.to_lazy(frame), key=columns, evolve=evolve)
        return self._writer.commit(log, record, "upsert", plan, actor, checkpoint)

    def optimize(self, name: str, actor: Actor) -> Version:
        """Merges small files into larger ones: the same rows. If there is nothing to merge, also the same version."""
        record = self._for_change(name, actor, "optimize")
        log = self._log(record)
        return self._writer.commit(log, record, "optimize", writing.compacting(log), actor, None)

    def rename(self, name: str, new_name: str, actor: Actor) -> None:
        """Gives a dataset another name. Versions, policies and pins go along.

        Raises:
            Conflict: The new name is taken, be it in other upper and lower case.
        """
        record = self._for_change(name, actor, "rename")
        check_name(new_name)
        failpoint("lake.rename.before_catalog")
        if new_name != name:
            self._store.rename(record.id, new_name, by=actor.principal.name)
        failpoint("lake.rename.after_catalog")

    def delete(self, name: str, actor: Actor) -> None:
        """Deletes a dataset with all its versions, pinned ones too. Its name is free at once."""
        record = self._for_change(name, actor, "delete")
        with suppress(IntegrityError):  # to delete it is what helps a dataset that is damaged
            self._writer.catch_up(self._log(record), record)
        failpoint("lake.delete.before_catalog")
        self._store.delete(record.id, by=actor.principal.name)
        failpoint("lake.delete.after_catalog")
        self._forget(record)

    def clean(self, name: str, actor: Actor, *, keep_days: float = 7) -> CleanReport:
        """Removes the files that only old versions need, and what crashed writes and deleted datasets left behind.

        Args:
            keep_days: The dataset stays readable as of any time in these last days, the newest version always.
                Versions that a run's receipt pins are kept for as long as it does.
        """
        record = self._for_change(name, actor, "clean")
        if not keep_days >= 0:
            raise Invalid(f"versions are kept for 0 days or more, not {keep_days}")
        return self._upkeep.clean(record, self._log(record), actor, keep_days)

    def unknown_folders(self) -> tuple[Path, ...]:
        """Folders of datasets that the catalog has never heard of."""
        return self._upkeep.leftovers().unknown

    # Inside

    def _log(self, record: DatasetRecord) -> DeltaLog:
        log = self._logs.setdefault(record.id, DeltaLog(self.root / record.id))
        log.dataset = record.name
        return log

    def _for_change(self, name: str, actor: Actor, doing: str) -> DatasetRecord:
        record = self._store.get(name)
        own = record.owner == actor.principal.name
        self._security.require(actor.principal, Role.ANALYST if own else Role.ENGINEER, f"{doing} '{name}'")
        return record

    def _restricted(self, record: DatasetRecord, snapshot: Snapshot, actor: Actor) -> pl.LazyFrame:
        return restricted(snapshot.scan(), self._security.policy_for(actor.principal, record.name))

    def _snapshot(
        self, record: DatasetRecord, actor: Actor, version: int | None, at: datetime | None = None
    ) -> Snapshot:
        self._security.require(actor.principal, Role.VIEWER, f"read '{record.name}'")
        log = self._log(record)
        with suppress(Unavailable, Conflict):  # a full or busy catalog is the next writer's matter, not a reader's
            self._writer.catch_up(log, record)
        snapshot = self._sealer.read(log, record, actor, version, at)
        damage.check(record.name, snapshot)
        return snapshot

    def _forget(self, record: DatasetRecord) -> None:
        self._logs.pop(record.id, None)
        shutil.rmtree(self.root / record.id, ignore_errors=True)
