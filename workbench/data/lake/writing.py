"""Changes to a dataset: planned on the newest version, committed on top of it or planned again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from deltalake.transaction import AddAction

from workbench.data.lake import damage, datafiles
from workbench.data.lake.contracting import Contract, check_types, fit, retyped, rewritten
from workbench.data.lake.counts import Counts, Tally
from workbench.data.lake.deltalog import Change, DeltaLog, Overtaken
from workbench.data.lake.describing import outlined
from workbench.data.lake.disk import disk_errors, headroom, writing
from workbench.data.lake.effect import Effect
from workbench.data.lake.incoming import casts, collected
from workbench.data.lake.layout import runs
from workbench.data.lake.model import Checkpoint, DatasetRecord, Version
from workbench.data.lake.schema import storable
from workbench.data.lake.snapshot import Snapshot
from workbench.data.lake.store import DatasetStore
from workbench.data.lake.upserting import check_columns, check_key, check_new, upserted
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Conflict, Invalid, unknown
from workbench.foundation.failpoints import failpoint
from workbench.governance.runs import Actor

__all__ = [
    "Plan",
    "Writer",
    "appending",
    "fitted",
    "overwriting",
    "scan_files",
    "upserting",
    "written",
]

ATTEMPTS = 50

Plan = Callable[[Snapshot], Change | None]
"""From the newest version to what is to be done to it; None where nothing is."""


class Writer:
    """Commits plans: the rows on disk, the Delta commit, its log entry on disk, then the catalog's record of it.

    Args:
        reserve: Folders in which the catalog's part of a commit needs room.
    """

    def __init__(self, store: DatasetStore, reserve: Sequence[Path]) -> None:
        self._store = store
        self._reserve = reserve

    def create(
        self, log: DeltaLog, record: DatasetRecord, schema: pl.Schema, rows: Iterable[pl.DataFrame], actor: Actor
    ) -> Version:
        """Makes a dataset's files and version 0. The catalog does not know of it yet."""
        with disk_errors(log.folder):
            log.folder.mkdir(parents=True)
            with writing(log.folder):
                if record.layout is not None:
                    add = runs.write(log.folder, rows, record.layout)
                else:
                    add = datafiles.write(log.folder, rows, record.partition_by, record.sort_by)
                failpoint("lake.files.written")
                if record.key:
                    check_key(scan_files(log.folder, add, schema), record.key)
                effect = Effect().with_rows(Tally(added=sum(map(datafiles.rows_in, add))))
                note = Version(0, utcnow(), "create", actor.principal.name, actor.run, effect)
                with headroom(self._reserve):
                    log.create(schema, record.partition_by, add, note)
        return note

    def commit(
        self,
        log: DeltaLog,
        record: DatasetRecord,
        operation: str,
        plan: Plan,
        actor: Actor,
        checkpoint: Checkpoint | None,
    ) -> Version:
        """Carries a plan out; when somebody else commits first, plans again on what they left.

        Returns:
            The new version; the newest one where the plan, or the checkpoint, says that nothing is to be done.

        Raises:
            Conflict: Others kept committing first.
            Unavailable: The disk is full; nothing was changed.
        """
        change: Change | None = None
        for attempt in range(ATTEMPTS):
            base = self.catch_up(log, record)
            if checkpoint is not None and _is_in(checkpoint, log, record):
                return log.history(record.version, since=base.version - 1)[0]
            with disk_errors(log.folder), writing(log.folder):
                change = self._planned(log, record, plan, base, change)
                if change is None:
                    return log.history(record.version, since=base.version - 1)[0]
                who, effect = actor.principal.name, change.effect_on(base)
                note = Version(base.version + 1, utcnow(), operation, who, actor.run, effect)
                failpoint("lake.files.written")
                try:
                    self._commit(log, base, change, note, checkpoint)
                except Overtaken:
                    time.sleep(random.uniform(0, 0.005 * min(attempt + 1, 10)))
                    continue
            self._store.settle(record.id, [note], outlined(log.newest(note.number), note))
            failpoint("lake.commit.after_catalog")
            return note
        if change is not None and (change.staged or not change.data_change):
            datafiles.discard(log.folder, change.add)
        raise Conflict(f"others kept committing to '{record.name}' first, {ATTEMPTS} times", hint="try again")

    def _planned(
        self, log: DeltaLog, record: DatasetRecord, plan: Plan, base: Snapshot, overtaken: Change | None
    ) -> Change | None:
        """What to do to `base`; the change that was overtaken, where that can still be made."""
        if overtaken is not None and not overtaken.data_change:
            if overtaken.stands_on(base):
                return overtaken
            datafiles.discard(log.folder, overtaken.add)
        with damage.telling(partial(damage.read_through, record.name, base)):
            change = plan(base)
            return change if change is None else _rewritten(log, record, base, change)

    def _commit(
        self, log: DeltaLog, base: Snapshot, change: Change, note: Version, checkpoint: Checkpoint | None
    ) -> None:
        with ExitStack() as held:
            try:
                held.enter_context(headroom(self._reserve))
            except OSError:
                datafiles.discard(log.folder, change.add)
                raise
            log.commit(base, change, note, checkpoint)

    def catch_up(self, log: DeltaLog, record: DatasetRecord) -> Snapshot:
        """Records commits that a writer made and did not live to record, or has not come to record yet.

        Returns:
            The newest version; all up to it are recorded, so that none is passed over by whoever commits the next.
        """
        newest = log.newest(record.version)
        if newest.version > record.version:
            later = log.history(record.version, since=record.version)
            found = [version for version in later if version.number <= newest.version]
            log.sync(version.number for version in found)
            self._store.settle(record.id, found, outlined(newest, found[0]))
        return newest


def _is_in(checkpoint: Checkpoint, log: DeltaLog, record: DatasetRecord) -> bool:
    """Whether somebody has committed these very rows.

    Raises:
        Conflict: They follow on others than those that are there.
    """
    found = log.mark(checkpoint.stream, checkpoint.slice, record.version)
    if found == checkpoint.mark:
        return True
    if checkpoint.follows is not None and (found or 0) != checkpoint.follows:
        raise Conflict(
            f"'{record.name}' has {checkpoint.stream} up to {found or 0} in {checkpoint.slice}, and these rows"
            f" follow on {checkpoint.follows}",
            hint="somebody else takes the same messages; look again at how far they are",
        )
    return False


def fitted(
    record: DatasetRecord, base: Snapshot, frame: pl.LazyFrame, contract: Contract, counts: Counts
) -> tuple[pl.LazyFrame, pl.Schema]:
    """See `fit`.

    Raises:
        Invalid: Also, where a column would have another type by whose values rows are found.
    """
    rows, schema = fit(frame, base.schema, contract, counts)
    fixed = {*record.key, *record.partition_by, *record.sort_by, *(base.layout.order if base.layout else ())}
    if held := [name for name in retyped(base.schema, schema) if name in fixed]:
        raise Invalid(
            f"column '{held[0]}' of '{record.name}' cannot become {schema[held[0]]}: its files are laid out by it",
            hint="cast the frame to what the dataset has",
        )
    return rows, schema


def appending(log: DeltaLog, record: DatasetRecord, frame: pl.LazyFrame, *, contract: Contract, counts: Counts) -> Plan:
    def plan(base: Snapshot) -> Change:
        counts.reset()
        lazy, schema = fitted(record, base, frame, contract, counts)
        rows = collected(lazy)
        if record.key:
            check_key(rows.lazy(), record.key)
            check_new(base, rows, record.key, record.name)
        counts.rows, counts.added = rows.height + counts.discarded, rows.height
        return Change("append", written(log, [rows], base), schema=schema, tally=counts.tally)

    return plan


def overwriting(
    log: DeltaLog,
    record: DatasetRecord,
    frame: pl.LazyFrame,
    *,
    partition: Mapping[str, Any] | None,
    evolve: bool,
    contract: Contract,
    counts: Counts,
) -> Plan:
    def whole(base: Snapshot) -> Change:
        if evolve:
            schema = storable(frame.collect_schema())
            datafiles.check_kept(schema, record.key, record.partition_by, record.sort_by)
            check_types(schema, base.schema, contract, record.name)
            rows = collected(frame.select(casts(schema)))
        else:
            counts.reset()
            lazy, schema = fitted(record, base, frame, contract, counts)
            rows = collected(lazy)
        if record.key:
            check_key(rows.lazy(), record.key)
        counts.rows, counts.added, counts.removed = rows.height + counts.discarded, rows.height, base.rows
        return Change("overwrite", written(log, [rows], base), base.names, schema, tally=counts.tally)

    def one(base: Snapshot) -> Change:
        values = _partition_values(record, base, partition or {})
        filled = frame.with_columns(
            pl.lit(value).cast(base.schema[name]).alias(name)
            for name, value in values.items()
            if name not in frame.collect_schema()
        )
        counts.reset()
        lazy, schema = fitted(record, base, filled, contract, counts)
        rows = collected(lazy)
        inside = pl.all_horizontal(
            pl.col(name).eq_missing(pl.lit(value, dtype=base.schema[name])) for name, value in values.items()
        )
        outside = rows.filter(inside.not_()).height
        if outside:
            raise Invalid(
                f"{outside} of {rows.height} rows are not in the partition that is overwritten, {_shown(values)}",
                hint="filter the frame to that partition, or overwrite the whole dataset",
            )
        if record.key:
            check_key(rows.lazy(), record.key)
        gone = base.in_partition({name: datafiles.partition_text(value) for name, value in values.items()})
        counts.rows, counts.added = rows.height + counts.discarded, rows.height
        counts.removed = int(gone["num_records"].sum())
        return Change("overwrite", written(log, [rows], base), gone["path"].to_list(), schema, tally=counts.tally)

    return whole if partition is None else one


def upserting(
    log: DeltaLog, record: DatasetRecord, frame: pl.LazyFrame, *, key: Sequence[str], contract: Contract, counts: Counts
) -> Plan:
    def plan(base: Snapshot) -> Change:
        check_columns(base, key)
        counts.reset()
        lazy, schema = fitted(record, base, frame, contract, counts)
        rows = collected(lazy)
        check_key(rows.lazy(), key)
        counts.rows = rows.height + counts.discarded
        gone, pieces = upserted(base, schema, rows, key, counts=counts)
        add = written(log, pieces, base)
        return Change("upsert", add, gone, schema, tally=counts.tally)

    return plan


def _rewritten(log: DeltaLog, record: DatasetRecord, base: Snapshot, change: Change) -> Change:
    """The change, and what it leaves of the files that are there in wider types, where a column's type evolves."""
    types = retyped(base.schema, change.schema or base.schema)
    left = [name for name in base.names if name not in set(change.remove)]
    if change.schema is None or not types or not left:
        return change
    wide = change.schema
    try:
        rows = (rewritten(base.scan([name]).collect(engine="in-memory"), wide) for name in left)
        add = written(log, rows, base)
    except BaseException:
        datafiles.discard(log.folder, change.add)
        raise
    return replace(change, add=[*change.add, *add], remove=base.names)


def written(log: DeltaLog, frames: Iterable[pl.DataFrame], base: Snapshot) -> list[AddAction]:
    some = (rows for rows in frames if rows.height)
    if base.layout is not None:
        return runs.write(log.folder, some, base.layout)
    return datafiles.write(log.folder, some, base.partition_by, log.sort_by)


def _partition_values(record: DatasetRecord, base: Snapshot, asked: Mapping[str, Any]) -> dict[str, Any]:
    if not record.partition_by:
        raise Invalid(
            f"'{record.name}' has no partitions to overwrite", hint="overwrite it whole, or create it with partition_by"
        )
    for name in asked:
        if name not in record.partition_by:
            raise unknown("partition column", name, record.partition_by, error=Invalid)
    if set(asked) != set(record.partition_by):
        missing = [name for name in record.partition_by if name not in asked]
        raise Invalid(f"the partition needs a value for {', '.join(missing)} as well")
    try:
        return {name: pl.Series([value], dtype=base.schema[name], strict=True)[0] for name, value in asked.items()}
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise Invalid(
            f"the partition {_shown(asked)} is not of its columns' types: {str(error).splitlines()[0]}"
        ) from error


def scan_files(folder: Path, files: Sequence[AddAction], schema: pl.Schema) -> pl.LazyFrame:
    if not files:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet([folder / action.path for action in files], glob=False, hive_partitioning=False)


def _shown(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
