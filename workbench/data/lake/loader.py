"""The part of the lake that brings rows into datasets that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

import polars as pl

from workbench.compute import frames, listed
from workbench.data.lake import disk, historizing, incoming, loading, removing, staging, writing
from workbench.data.lake.contracting import Contract, ContractStore, Rule
from workbench.data.lake.counts import Counts
from workbench.data.lake.deltalog import DeltaLog
from workbench.data.lake.loading import Mode
from workbench.data.lake.model import Checkpoint, DatasetRecord, Version
from workbench.data.lake.reading import LakeReader
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Invalid
from workbench.foundation.observability import logger
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Role, Security

__all__ = ["LakeLoader"]


class Rules(TypedDict):
    """What a plan is told of the dataset's contract, and counts."""

    contract: Contract
    counts: Counts


class LakeLoader(LakeReader):
    """Brings rows into the datasets of a workspace, as their contracts say; see `Lake`."""

    def __init__(self, root: Path, catalog: Catalog, runs: Runs, security: Security) -> None:
        super().__init__(root, catalog, runs, security)
        self._contracts = ContractStore(catalog)

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
            case Mode.APPEND | Mode.REPLACE if (stream := incoming.stream_of(frame)) is not None:
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
