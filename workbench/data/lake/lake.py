"""The lake: datasets as versioned Delta tables, and the one door through which they are read."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

import polars as pl
import pyarrow as pa

from workbench.compute import frames, listed
from workbench.data.lake import compacting, disk, historizing, loading, removing, staging, writing
from workbench.data.lake.contracting import Contract, ContractStore, Rule
from workbench.data.lake.contracts import Contracts
from workbench.data.lake.counts import Counts
from workbench.data.lake.datafiles import check_partition_columns
from workbench.data.lake.deltalog import DeltaLog
from workbench.data.lake.describing import outlined
from workbench.data.lake.layout import EventLayout, folding
from workbench.data.lake.loading import Mode
from workbench.data.lake.model import Checkpoint, CleanReport, DatasetRecord, Version
from workbench.data.lake.naming import check_name
from workbench.data.lake.origin import origin
from workbench.data.lake.reading import LakeReader
from workbench.data.lake.upkeep import Upkeep
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, IntegrityError, Invalid, NotFound, unknown
from workbench.foundation.failpoints import failpoint
from workbench.foundation.jobs import Jobs
from workbench.foundation.observability import logger
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Role, Security

__all__ = ["Lake"]


class Rules(TypedDict):
    """What a plan is told of the dataset's contract, and counts."""

    contract: Contract
    counts: Counts


class Lake(LakeReader):
    """All datasets of a workspace. Safe to share between threads; processes share the folder and the catalog.

    Whoever may read the workspace may read, under the policies that hold for their role. Creating takes an analyst;
    changing, renaming or deleting takes the dataset's owner or an engineer.

    Args:
        root: The folder that holds a folder per dataset, each named after the dataset's id.

    Attributes:
        lists: The datasets that somebody may see, all or found by words.
    """

    def __init__(self, root: Path, catalog: Catalog, runs: Runs, security: Security) -> None:
        super().__init__(root, catalog, runs, security)
        self._jobs = Jobs(catalog)
        self._contracts = ContractStore(catalog)
        self._upkeep = Upkeep(root, self._store, runs)
        self._removed: Callable[[Path], object] = lambda _: None

    def when_removed(self, told: Callable[[Path], object]) -> None:
        """Names who keeps what was made of files, and is told the folder of a dataset of which some went for good."""
        self._removed = told

    def create(
        self,
        name: str,
        frame: Any,
        actor: Actor,
        *,
        key: str | Sequence[str] = (),
        partition_by: str | Sequence[str] = (),
        layout: EventLayout | None = None,
        description: str = "",
        source: str = "",
    ) -> Version:
        """Makes a dataset.

        Args:
            frame: Its rows: a Polars, pandas, Dask or Arrow frame, or a stream of Arrow batches; or only its columns,
                as a schema of Polars or Arrow.
            key: Columns that tell its rows apart: never null, and no two rows alike.
            partition_by: Columns by whose values its files lie apart and can be overwritten alone.
            layout: For a dataset of events: how its files lie. It has no other partitions.
            source: Where the rows come from, for people; what the run has read, when not given inside one.

        Raises:
            Invalid: The name, a column or a key cannot be used.
            Conflict: There is a dataset of that name, be it in other upper and lower case.
            Unavailable: The disk is full or may not be written to; nothing was made.
        """
        self._security.require(actor.principal, Role.ANALYST, f"create the dataset '{name}'")
        check_name(name)
        self._store.check_free(name)
        if self._contracts.of(name).tables is not Rule.EVOLVE:
            raise Invalid(
                f"there is no dataset '{name}', and its contract does not let one be made",
                hint=f"workbench dataset contract {name} --tables evolve",
            )
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
        if layout is not None:
            if partition_by:
                raise Invalid(
                    f"'{name}' is laid out by {layout.period} and subject, so it cannot be partitioned by"
                    f" '{partition_by[0]}'",
                    hint="leave partition_by out",
                )
            layout.check(schema)
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
            layout=layout,
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
                One that follows on another mark is refused as a conflict.

        Returns:
            The new version, or the newest one where the checkpoint says that the rows are in.

        Raises:
            Invalid: The columns or values do not fit, or a key is null or doubled in the frame; names them.
            Conflict: A row's key is in the dataset already, or others kept committing first.
            Unavailable: The disk is full or may not be written to; nothing was changed.
        """
        record = self._for_change(name, actor, "append to")
        log, rules = self._log(record), self._rules(name, evolve)
        plan = writing.appending(log, record, frames.to_lazy(frame), **rules)
        return self._done(record, log, "append", plan, actor, checkpoint, rules["counts"])

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
        log, rules = self._log(record), self._rules(name, evolve)
        plan = writing.overwriting(log, record, frames.to_lazy(frame), partition=partition, evolve=evolve, **rules)
        return self._done(record, log, "overwrite", plan, actor, checkpoint, rules["counts"])

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
        log, rules = self._log(record), self._rules(name, evolve)
        plan = writing.upserting(log, record, frames.to_lazy(frame), key=columns, **rules)
        return self._done(record, log, "upsert", plan, actor, checkpoint, rules["counts"])

    def load(
        self,
        name: str,
        frame: Any,
        actor: Actor,
        *,
        mode: Mode,
        key: str | Sequence[str] = (),
        at: datetime | str | None = None,
        close: bool = False,
        evolve: bool = False,
        checkpoint: Checkpoint | None = None,
    ) -> tuple[Version, Counts]:
        """Brings rows into a dataset that is there, and counts what became of them; see `Etl.load`.

        Args:
            frame: For `append` and `replace` also a stream of Arrow batches or a lazy frame, which are taken batch by
                batch.
            at: Of a snapshot: since when its rows hold, or the column that says it; now when not given.
            close: Of a snapshot: keys that it lacks end.

        Raises:
            Invalid: There is no key, or partition; a key is null or doubled; the columns or values do not fit.
            Conflict: A row's key is in the dataset already, or others kept committing first.
            Unavailable: The disk is full or may not be written to; nothing was changed.
        """
        record = self._for_change(name, actor, "load into")
        log, rules = self._log(record), self._rules(name, evolve)
        columns = listed(key) or tuple(one for one in record.key if mode != Mode.SNAPSHOT or one != historizing.FROM)
        if not columns and mode in (Mode.UPSERT, Mode.SNAPSHOT):
            raise Invalid(f"'{name}' has no key to {mode} by", hint="name it: key=[...], here or when it is created")
        match mode:
            case Mode.APPEND | Mode.REPLACE if (stream := writing.stream_of(frame)) is not None:
                whole = mode is Mode.REPLACE
                plan = loading.streaming(log, record, stream[1], stream[0], replace=whole, evolve=evolve, **rules)
            case Mode.APPEND:
                plan = writing.appending(log, record, frames.to_lazy(frame), **rules)
            case Mode.REPLACE:
                rows = frames.to_lazy(frame)
                plan = writing.overwriting(log, record, rows, partition=None, evolve=evolve, **rules)
            case Mode.UPSERT:
                plan = loading.changing(log, record, frames.to_lazy(frame), key=columns, **rules)
            case Mode.DELETE_INSERT:
                plan = loading.delete_inserting(log, record, frames.to_lazy(frame), **rules)
            case Mode.SNAPSHOT:
                rows, since = frames.to_lazy(frame), at or utcnow()
                plan = loading.historizing_rows(log, record, rows, key=columns, at=since, close=close, **rules)
        operation = {Mode.REPLACE: "overwrite"}.get(mode, str(mode))
        return self._done(record, log, operation, plan, actor, checkpoint, rules["counts"]), rules["counts"]

    @contextmanager
    def staged(
        self,
        name: str,
        frames: Iterable[pl.DataFrame],
        actor: Actor,
        *,
        evolve: bool = False,
        replace: bool = False,
    ) -> Iterator[staging.Staged]:
        """Writes rows beside a dataset's files, to be looked at and then taken in by one commit, in the block.

        Args:
            frames: All of the same columns; one is in memory at a time.
            evolve: New columns are added to the dataset and missing ones are null, where otherwise both are refused.
            replace: With `evolve`, the frames' columns are to replace those of the dataset.

        Raises:
            NotFound: No such dataset.
            Invalid: The columns or values do not fit; names them.
            Unavailable: The disk is full or may not be written to.
        """
        record = self._for_change(name, actor, "load into")
        log, rules = self._log(record), self._rules(name, evolve)
        self._writer.catch_up(log, record)

        def commit(operation: str, plan: writing.Plan, checkpoint: Checkpoint | None) -> Version:
            return self._done(record, log, operation, plan, actor, checkpoint, rules["counts"])

        with disk.writing(log.folder):  # clean-up keeps away
            with disk.disk_errors(log.folder):
                base = log.newest(record.version)
                found = staging.write_aside(log, record, base, frames, commit, anew=evolve and replace, **rules)
            try:
                yield found
            finally:
                staging.discard(found)

    def keep_only(
        self, name: str, keys: pl.DataFrame, actor: Actor, *, key: str | Sequence[str], since: Checkpoint
    ) -> tuple[Version, int]:
        """Takes out the rows that have none of some keys.

        Args:
            keys: The key columns of all rows that are to stay.
            since: The checkpoint after which the keys were found.

        Returns:
            The version without these rows, and how many they were.

        Raises:
            Invalid: The keys cannot be compared with those of the dataset.
            Conflict: Rows were loaded since.
        """
        record = self._for_change(name, actor, "delete rows of")
        log = self._log(record)
        removed: list[int] = []
        plan = removing.keeping(log, record, keys, listed(key), since, removed)
        version = self._writer.commit(log, record, "delete", plan, actor, None)
        return version, sum(removed)

    def optimize(self, name: str, actor: Actor) -> Version:
        """Merges small files into larger ones: the same rows. If there is nothing to merge, also the same version."""
        record = self._for_change(name, actor, "optimize")
        log = self._log(record)
        return self._writer.commit(log, record, "optimize", compacting.compacting(log), actor, None)

    def fold(self, name: str, actor: Actor) -> int:
        """Folds the runs of a dataset of events where enough lie over each other; one commit per period.

        Readers and writers go on meanwhile: what is read is what was there before, or the same rows folded.

        Returns:
            How many folds were made.

        Raises:
            Invalid: It is no dataset of events.
            Conflict: Somebody else is folding this dataset.
        """
        record = self._for_change(name, actor, "fold the runs of")
        log, layout = self._log(record), record.layout
        if layout is None:
            raise Invalid(f"'{name}' is not laid out for events, so it has no runs", hint="optimize merges small files")
        folds = 0
        with self._jobs.held("fold", record.id):
            while folding.due(log.newest(record.version).files, layout):
                self._writer.commit(log, record, "optimize", compacting.folding_runs(log), actor, None)
                record = self._store.get(name)
                folds += 1
        return folds

    def fold_all(self, actor: Actor) -> int:
        """`fold` for every dataset of events; one that somebody else is folding is left to them."""
        folds = 0
        for record in self._store.laid_out():
            with suppress(Conflict, NotFound):
                folds += self.fold(record.name, actor)
        return folds

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
        self._removed(self.root / record.id)

    def clean(self, name: str, actor: Actor, *, keep_days: float = 7) -> CleanReport:
        """Removes the files that only old versions need, and what crashed writes and deleted datasets left behind.

        Args:
            keep_days: The dataset stays readable as of any time in these last days, the newest version always.
                Versions that a run's receipt pins are kept for as long as it does.
        """
        record = self._for_change(name, actor, "clean")
        if not keep_days >= 0:
            raise Invalid(f"versions are kept for 0 days or more, not {keep_days}")
        report = self._upkeep.clean(record, self._log(record), actor, keep_days)
        if report.files:
            self._removed(self.root / record.id)
        return report

    def contracts(self, actor: Actor) -> Contracts:
        """What datasets do with what is new, as somebody may see and set it."""
        return Contracts(self._contracts, self._store, self._security, actor)

    def unknown_folders(self) -> tuple[Path, ...]:
        """Folders of datasets that the catalog has never heard of."""
        return self._upkeep.leftovers().unknown

    def check_may_change(self, name: str, actor: Actor, doing: str) -> None:
        """
        Raises:
            NotFound: No such dataset.
            Forbidden: Neither the dataset's owner nor an engineer.
        """
        self._for_change(name, actor, doing)

    def _rules(self, name: str, evolve: bool) -> Rules:
        """What holds for a load: what was set, else what the caller asks for; and what it counts."""
        contract = self._contracts.of(name)
        if evolve and not contract.declared:
            contract = replace(contract, columns=Rule.EVOLVE)
        return {"contract": contract, "counts": Counts()}

    def _done(
        self,
        record: DatasetRecord,
        log: DeltaLog,
        operation: str,
        plan: writing.Plan,
        actor: Actor,
        checkpoint: Checkpoint | None,
        counts: Counts,
    ) -> Version:
        version = self._writer.commit(log, record, operation, plan, actor, checkpoint)
        if counts.discarded or counts.values:
            said = {"dataset": record.name, "rows": counts.discarded, "values": counts.values}
            logger("lake").warning("the contract of '%s' discarded %s", record.name, counts.loss, extra=said)
        return version

    def _for_change(self, name: str, actor: Actor, doing: str) -> DatasetRecord:
        record = self._store.get(name)
        own = record.owner == actor.principal.name
        self._security.require(actor.principal, Role.ANALYST if own else Role.ENGINEER, f"{doing} '{name}'")
        return record

    def _forget(self, record: DatasetRecord) -> None:
        self._logs.pop(record.id, None)
        shutil.rmtree(self.root / record.id, ignore_errors=True)
