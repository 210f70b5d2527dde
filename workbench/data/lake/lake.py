"""The lake: datasets as versioned Delta tables, and the one door through which they are read."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from workbench.compute import listed
from workbench.data.lake import compacting, incoming, loading
from workbench.data.lake.contracting import Rule
from workbench.data.lake.contracts import Contracts
from workbench.data.lake.datafiles import check_partition_columns
from workbench.data.lake.describing import outlined
from workbench.data.lake.layout import EventLayout, folding
from workbench.data.lake.loader import LakeLoader
from workbench.data.lake.model import CleanReport, DatasetRecord, Version
from workbench.data.lake.naming import check_name
from workbench.data.lake.origin import origin
from workbench.data.lake.sorting import check_sort_columns
from workbench.data.lake.upkeep import Upkeep
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, IntegrityError, Invalid, NotFound, unknown
from workbench.foundation.failpoints import failpoint
from workbench.foundation.jobs import Jobs
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Role, Security

__all__ = ["Lake"]


class Lake(LakeLoader):
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
        self._upkeep = Upkeep(root, self._store, runs)
        self._told: list[Callable[[Path], object]] = []

    def when_removed(self, told: Callable[[Path], object]) -> None:
        """Adds somebody who keeps what goes with files, and is told the folder of a dataset of which some are gone."""
        self._told.append(told)

    def create(
        self,
        name: str,
        frame: Any,
        actor: Actor,
        *,
        key: str | Sequence[str] = (),
        partition_by: str | Sequence[str] = (),
        sort_by: str | Sequence[str] = (),
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
            sort_by: Columns that the rows of a file are sorted by, and with `optimize` the files too.
            layout: For a dataset of events: how its files lie. It has no other partitions or order.
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
        schema, rows = incoming.rows_of(frame)
        key, partition_by, sort_by = listed(key), listed(partition_by), listed(sort_by)
        for column in (*key, *partition_by):
            if column not in schema:
                raise unknown("column", column, schema, error=Invalid)
        check_partition_columns(schema, partition_by)
        check_sort_columns(schema, sort_by)
        if layout is not None:
            if partition_by or sort_by:
                raise Invalid(
                    f"'{name}' is laid out by {layout.period} and subject, so it cannot be"
                    f" {'partitioned' if partition_by else 'sorted'} by '{(*partition_by, *sort_by)[0]}'",
                    hint="leave partition_by and sort_by out",
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
            sort_by=sort_by,
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

    def restore(self, name: str, version: int, actor: Actor) -> Version:
        """Writes the rows of an old version as the newest; all of them, whatever the asker may see of them.

        Raises:
            NotFound: There is no such version, or it was cleaned away.
        """
        record = self._for_change(name, actor, "restore")
        log = self._log(record)
        number = self._sealer.version(log, record, Actor(actor.principal), version, None)
        newest = log.newest(record.version).version
        if number == newest:
            return log.history(record.version, since=newest - 1)[0]
        rows = self._sealer.look(log, record, number).scan()
        rules = self._rules(name, evolve=True)
        empty, batches = incoming.batched(rows)
        plan = loading.streaming(log, record, batches, empty, replace=True, evolve=True, **rules)
        return self._done(record, log, "restore", plan, actor, None, rules["counts"])

    def optimize(self, name: str, actor: Actor) -> Version:
        """Merges small files into larger ones, and sorts from file to file what is sorted: the same rows.

        If there is nothing to do, also the same version.
        """
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

    def delete(self, name: str, actor: Actor, *, told: bool = True) -> None:
        """Deletes a dataset with all its versions, pinned ones too. Its name is free at once.

        Args:
            told: Whoever asks for it is told that it was deleted; False for one that nobody ever saw.
        """
        record = self._for_change(name, actor, "delete")
        with suppress(IntegrityError):  # to delete it is what helps a dataset that is damaged
            self._writer.catch_up(self._log(record), record)
        failpoint("lake.delete.before_catalog")
        self._store.delete(record.id, by=actor.principal.name, told=told)
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

    def _removed(self, folder: Path) -> None:
        for told in self._told:
            told(folder)

    def _forget(self, record: DatasetRecord) -> None:
        self._logs.pop(record.id, None)
        shutil.rmtree(self.root / record.id, ignore_errors=True)
