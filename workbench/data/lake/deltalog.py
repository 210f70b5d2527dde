"""One dataset's Delta log: what is newest, what a version was, and one durable commit on top."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from workbench.data.lake.counts import Tally
from workbench.data.lake.damage import damaged
from workbench.data.lake.datafiles import describe, discard, second_name
from workbench.data.lake.disk import sync
from workbench.data.lake.effect import UNKNOWN, Effect, columns_changed
from workbench.data.lake.layout import EventLayout
from workbench.data.lake.mending import Torn, check_entries, mend
from workbench.data.lake.model import Checkpoint, Version
from workbench.data.lake.schema import delta_schema
from workbench.data.lake.snapshot import Snapshot
from workbench.foundation.errors import NotFound
from workbench.foundation.failpoints import failpoint
from workbench.foundation.observability import logger

__all__ = ["Change", "DeltaLog", "Overtaken", "log_entry"]

SNAPSHOTS_KEPT = 8
EFFECT = "workbench.effect"
# A checkpoint may be written after a commit; an old log entry is never removed: a receipt may need its version.
_AFTER_COMMIT = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
_CONFIGURATION = {"delta.enableExpiredLogCleanup": "false"}


class Overtaken(Exception):
    """Somebody else committed first; nothing of the change is visible."""


@dataclass(frozen=True)
class Change:
    """What a commit does to a table: files out, files in, and the columns if they change.

    Attributes:
        data_change: False where the same rows are only laid out differently.
        staged: The files hold a stream, which cannot be read twice: they stay for the next attempt.
        tally: What it does to the rows; None where nobody counted.
    """

    operation: str
    add: Sequence[AddAction] = ()
    remove: Sequence[str] = ()
    schema: pl.Schema | None = None
    data_change: bool = True
    staged: bool = False
    tally: Tally | None = None

    def effect_on(self, base: Snapshot) -> Effect:
        """What it does to the rows and columns of a version."""
        columns = columns_changed(base.schema, self.schema or base.schema)
        return columns.with_rows(self.tally if self.data_change else Tally())

    def stands_on(self, newer: Snapshot) -> bool:
        """Whether it may be made on a newer version as it is: it only lays rows out anew that are all still there."""
        return not self.data_change and self.schema is None and set(self.remove) <= set(newer.names)


@dataclass
class DeltaLog:
    """Thread-safe. Keeps the newest version open, so that a second look costs one look into the log's folder.

    Attributes:
        folder: The dataset's folder.
        dataset: Its name, as it was last known here; errors say it.
        layout: How its files lie, for a dataset of events.
        sort_by: The columns that the rows of a file are sorted by.
    """

    folder: Path
    dataset: str = ""
    layout: EventLayout | None = None
    sort_by: tuple[str, ...] = ()
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _table: DeltaTable | None = field(default=None, repr=False)
    _snapshots: dict[int, Snapshot] = field(default_factory=dict, repr=False)

    def create(
        self, schema: Mapping[str, pl.DataType], partition_by: Sequence[str], add: Sequence[AddAction], note: Version
    ) -> None:
        """Makes version 0, rows included, and waits until it is on disk."""
        failpoint("lake.commit.before_delta")
        create_table_with_add_actions(
            str(self.folder),
            self._stored(schema),
            list(add),
            "error",
            list(partition_by),
            configuration=_CONFIGURATION,
            commit_properties=_properties(note, None, secrets.token_hex(8)),
            post_commithook_properties=_AFTER_COMMIT,
        )
        failpoint("lake.commit.after_delta")
        self.sync([0])
        sync([self.folder, self.folder.parent])
        failpoint("lake.commit.after_fsync")

    def newest(self, acknowledged: int) -> Snapshot:
        """The newest version.

        Args:
            acknowledged: The newest version that a writer was told is durable; only later ones may be mended away.

        Raises:
            IntegrityError: The log is damaged at or before that version.
        """
        with self._lock:
            table = self._open(acknowledged)
            with self._telling():
                return self._snapshot(table)

    def at(self, version: int, acknowledged: int) -> Snapshot:
        """
        Raises:
            NotFound: There is no such version.
        """
        with self._lock:
            if version in self._snapshots:
                return self._snapshots[version]
            table = self._open(acknowledged)
            newest = table.version()
            if version == newest:
                return self._snapshot(table)
            if not 0 <= version < newest:
                raise NotFound(f"there is no version {version}", hint=f"versions go from 0 to {newest}")
            with self._telling():
                return self._snapshot(DeltaTable(str(self.folder), version=version))

    def commit(self, base: Snapshot, change: Change, note: Version, checkpoint: Checkpoint | None) -> None:
        """Makes the version after `base` and waits until it is on disk. If it cannot, the change's files are removed,
        unless it was overtaken and may be made on top of what came first.

        Raises:
            Overtaken: There is such a version already.
        """
        with self._lock:
            table = self._table
            if table is None or table.version() != base.version:
                self._give_up(change)
                raise Overtaken
            add, remove, mode = list(change.add), list(change.remove), "append"
            linked: list[AddAction] = []
            if change.schema is not None and change.schema != base.schema:
                # Only a commit in this mode can change the columns, and it removes every file: those that stay are
                # added again under a second name, which costs no copy.
                try:
                    linked = self._linked(base, set(remove))
                except BaseException as error:
                    if isinstance(error, FileNotFoundError) and log_entry(self.folder, note.number).exists():
                        self._give_up(change)
                        raise Overtaken from error  # and what was overwritten is cleaned away already
                    discard(self.folder, change.add)
                    raise
                add, remove, mode = add + linked, [], "overwrite"
            token = secrets.token_hex(8)
            now = int(note.time.timestamp() * 1000)
            actions = [RemoveAction(name, change.data_change, now) for name in remove]
            failpoint("lake.commit.before_delta")
            try:
                table.create_write_transaction(
                    [*actions, *add],
                    mode,
                    self._stored(change.schema or base.schema),
                    list(base.partition_by),
                    commit_properties=_properties(note, checkpoint, token),
                    post_commithook_properties=_AFTER_COMMIT,
                )
            except (DeltaError, OSError) as error:
                entry = log_entry(self.folder, note.number)
                if not entry.exists() or token not in entry.read_text(encoding="utf-8"):
                    discard(self.folder, linked)
                    if entry.exists():
                        self._give_up(change)
                        raise Overtaken from error
                    discard(self.folder, change.add)
                    raise
                # The commit stands; what failed came after it: writing a checkpoint, which only saves time.
                logger("lake").warning("no checkpoint was written", extra={"entry": str(entry), "why": str(error)})
            failpoint("lake.commit.after_delta")
            self.sync([note.number])
            failpoint("lake.commit.after_fsync")

    def history(self, acknowledged: int, *, since: int = -1) -> list[Version]:
        """The versions after `since`, newest first."""
        with self._lock:
            table = self._open(acknowledged)
            wanted = table.version() - since
            with self._telling():
                return [_version(entry) for entry in table.history(wanted)] if wanted > 0 else []

    def mark(self, stream: str, part: str, acknowledged: int) -> int | None:
        with self._lock:
            found = self._open(acknowledged).transaction_version(_app_id(stream, part))
            return None if found is None else int(found)

    def sync(self, versions: Iterable[int]) -> None:
        """Returns when the log entries of these versions, and checkpoints made at them, would survive a power cut."""
        log = self.folder / "_delta_log"
        for version in versions:
            entry = log_entry(self.folder, version)
            checkpoint = entry.with_suffix(".checkpoint.parquet")
            sync([entry, *([checkpoint, log / "_last_checkpoint"] if checkpoint.exists() else [])])
        sync([log])

    def _open(self, acknowledged: int) -> DeltaTable:
        try:
            return self._current()
        except TableNotFoundError as error:
            raise damaged(self.dataset, f"its files are gone from {self.folder}") from error
        except (DeltaError, Torn):
            self._table = None
            mend(self.folder, acknowledged, self.dataset)
            with self._telling():
                return self._current()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except DeltaError as error:
            said = str(error).splitlines()[0]
            raise damaged(self.dataset, f"its log in {self.folder} cannot be read: {said}") from error

    def _current(self) -> DeltaTable:
        if self._table is None:
            check_entries((self.folder / "_delta_log").glob("*.json"))
            self._table = DeltaTable(str(self.folder))
            return self._table
        new: list[Path] = []
        while (entry := log_entry(self.folder, self._table.version() + 1 + len(new))).exists():
            new.append(entry)
        if new:
            check_entries(new)
            self._table.update_incremental()
        return self._table

    def _snapshot(self, table: DeltaTable) -> Snapshot:
        version = table.version()
        if version not in self._snapshots:
            while len(self._snapshots) >= SNAPSHOTS_KEPT:
                del self._snapshots[next(iter(self._snapshots))]
            self._snapshots[version] = Snapshot.of(table, self.folder, self.layout)
        return self._snapshots[version]

    def _stored(self, schema: Mapping[str, pl.DataType]) -> DeltaSchema:
        return delta_schema(schema if self.layout is None else self.layout.stored(schema))

    def _give_up(self, change: Change) -> None:
        if change.data_change and not change.staged:
            discard(self.folder, change.add)

    def _linked(self, base: Snapshot, removed: set[str]) -> list[AddAction]:
        linked: list[AddAction] = []
        try:
            for row in base.files.to_dicts():
                if row["path"] not in removed:
                    path = self.folder / second_name(row["path"])
                    os.link(self.folder / row["path"], path)
                    linked.append(describe(path, base.partition_of(row), data_change=False))
            sync([self.folder])
        except BaseException:
            discard(self.folder, linked)
            raise
        return linked


def log_entry(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020d}.json"


def _app_id(stream: str, part: str) -> str:
    return f"{stream}/{part}"


def _properties(note: Version, checkpoint: Checkpoint | None, token: str) -> CommitProperties:
    said = {
        "workbench.commit": token,
        "workbench.operation": note.operation,
        "workbench.principal": note.principal,
        "workbench.time": note.time.isoformat(),
        EFFECT: note.effect.to_text(),
    }
    if note.run is not None:
        said["workbench.run"] = note.run
    marks = [Transaction(_app_id(checkpoint.stream, checkpoint.slice), checkpoint.mark)] if checkpoint else []
    # No retries underneath: whoever lost the race looks at what won before trying again.
    return CommitProperties(custom_metadata=said, max_commit_retries=0, app_transactions=marks)


def _version(entry: Mapping[str, Any]) -> Version:
    said = entry.get("workbench.time")
    when = datetime.fromisoformat(said) if said else datetime.fromtimestamp(entry["timestamp"] / 1000, UTC)
    return Version(
        number=int(entry["version"]),
        time=when,
        operation=str(entry.get("workbench.operation", entry.get("operation", ""))).lower(),
        principal=str(entry.get("workbench.principal", "")),
        run=entry.get("workbench.run"),
        effect=Effect.from_text(entry[EFFECT]) if EFFECT in entry else UNKNOWN,
    )
