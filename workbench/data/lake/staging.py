"""Rows on their way into a dataset: on disk beside its files, named by no version, until one commit takes them in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import polars as pl
from deltalake.transaction import AddAction

from workbench.data.lake import datafiles
from workbench.data.lake.contracting import Contract
from workbench.data.lake.counts import Counts, Tally
from workbench.data.lake.deltalog import Change, DeltaLog
from workbench.data.lake.incoming import collected
from workbench.data.lake.loading import batch_by_batch, settled
from workbench.data.lake.model import Checkpoint, DatasetRecord, Version
from workbench.data.lake.snapshot import Snapshot
from workbench.data.lake.upserting import check_columns, check_key, check_new, upserted, upserted_but, without
from workbench.data.lake.writing import Plan, scan_files, written
from workbench.foundation.errors import Conflict, Invalid

__all__ = ["Staged", "discard", "write_aside"]

Commit = Callable[[str, Plan, Checkpoint | None], Version]


@dataclass(frozen=True)
class Staged:
    """Rows that wait for a commit; gone at the end of the block that staged them, unless one took them in.

    Every commit may say which mark of its checkpoint it goes on from, `after`: it is refused when the dataset has
    another one by then, so that somebody who was held up cannot write over what a successor did.

    Attributes:
        rows: How many.
        schema: The columns that the dataset has once they are in.
    """

    log: DeltaLog
    record: DatasetRecord
    base: pl.Schema
    schema: pl.Schema
    files: Sequence[AddAction]
    rows: int
    commit: Commit

    def lazy(self) -> pl.LazyFrame:
        """The rows, to be looked at before anybody else sees them."""
        return scan_files(self.log.folder, self.files, self.schema).select(list(self.schema))

    def pieces(self) -> Iterator[pl.DataFrame]:
        """The rows in their order, those of a file at a time."""
        for action in self.files:
            yield self._piece(action)

    @contextmanager
    def only(self, fits: pl.Series) -> Iterator[Staged]:
        """Some of the rows, staged likewise; files of which all rows are among them are these very files.

        Args:
            fits: Whether a row is one of them.
        """
        base = self.log.newest(self.record.version)
        files: list[AddAction] = []
        made: list[AddAction] = []
        first = 0
        try:
            for action in self.files:
                count = datafiles.rows_in(action)
                of_file = fits.slice(first, count)
                first += count
                if of_file.all():
                    files.append(action)
                    continue
                made += (fresh := written(self.log, [self._piece(action).filter(of_file)], base))
                files += fresh
            yield replace(self, files=files, rows=int(fits.sum()))
        finally:
            datafiles.discard(self.log.folder, made)

    def _piece(self, action: AddAction) -> pl.DataFrame:
        return collected(scan_files(self.log.folder, [action], self.schema).select(list(self.schema)))

    def append(self, checkpoint: Checkpoint, *, after: int | None) -> Version:
        """Adds the rows.

        Raises:
            Invalid: A key is null or doubled in them.
            Conflict: A row's key is in the dataset already; or its columns or its checkpoint changed meanwhile.
        """

        def plan(base: Snapshot) -> Change:
            self._check(base, checkpoint, after)
            if self.record.key:
                check_key(self.lazy(), self.record.key)
                check_new(base, collected(self.lazy().select(self.record.key)), self.record.key, self.record.name)
            return Change("append", self._linked(), schema=self.schema, tally=Tally(self.rows))

        return self.commit("append", plan, checkpoint)

    def overwrite(
        self,
        checkpoint: Checkpoint,
        *,
        after: int | None,
        key: Sequence[str] = (),
        latest: str = "",
        marked: pl.Expr | None = None,
    ) -> Version:
        """Puts the rows in the place of all that are there; see `upsert`.

        Raises:
            Invalid: A key is null or doubled in them.
            Conflict: The dataset's columns or its checkpoint changed meanwhile.
        """

        def plan(base: Snapshot) -> Change:
            self._check(base, checkpoint, after)
            rows = self._settled(key or self.record.key, latest, marked)
            left = None if rows is None else _left(rows, marked)
            add = self._linked() if left is None else written(self.log, [left], base)
            tally = Tally(added=self.rows if left is None else left.height, removed=base.rows)
            return Change("overwrite", add, base.names, self.schema, tally=tally)

        return self.commit("overwrite", plan, checkpoint)

    def overwrite_partition(
        self, partition: Mapping[str, Any], checkpoint: Checkpoint, *, after: int | None
    ) -> Version:
        """Puts the rows, all of which are in one partition, in the place of those in it.

        Args:
            partition: A value for each column that the dataset is partitioned by.

        Raises:
            Invalid: The dataset is partitioned otherwise, or a key is null or doubled in the rows.
            Conflict: The dataset's columns or its checkpoint changed meanwhile.
        """

        def plan(base: Snapshot) -> Change:
            self._check(base, checkpoint, after)
            if self.record.key:
                check_key(self.lazy(), self.record.key)
            gone = self._of(base, partition)
            tally = Tally(added=self.rows, removed=int(gone["num_records"].sum()))
            return Change("overwrite", self._linked(), gone["path"].to_list(), self.schema, tally=tally)

        return self.commit("overwrite", plan, checkpoint)

    def upsert(
        self,
        key: Sequence[str],
        checkpoint: Checkpoint,
        *,
        after: int | None,
        latest: str = "",
        marked: pl.Expr | None = None,
    ) -> Version:
        """Puts the rows in the place of those with their keys, and adds the others.

        Args:
            latest: Of rows with one key the one with the highest value of this column counts, the last of several.
            marked: Rows for which this is true are not put in: those of their keys are only taken out.

        Raises:
            Invalid: A key is null in the rows, or doubled and no column says which counts.
            Conflict: The dataset's columns or its checkpoint changed meanwhile.
        """

        def plan(base: Snapshot) -> Change:
            self._check(base, checkpoint, after)
            rows = self._settled(key, latest, marked)
            if rows is None and not base.rows:
                return Change("upsert", self._linked(), schema=self.schema, tally=Tally(self.rows))
            check_columns(base, key)
            rows = collected(self.lazy()) if rows is None else rows
            counts = Counts()
            if marked is None:
                gone, pieces = upserted(base, self.schema, rows, key, counts=counts)
            else:
                gone, pieces = upserted_but(base, self.schema, rows, key, _is(marked), counts=counts)
            add = written(self.log, pieces, base)
            return Change("upsert", add, gone, self.schema, tally=counts.tally)

        return self.commit("upsert", plan, checkpoint)

    def exchange(self, by: Sequence[str], checkpoint: Checkpoint, *, after: int | None) -> Version:
        """Puts the rows in the place of those of the same groups; of a group's columns any may be null.

        Args:
            by: The columns that tell groups apart; of files without a row of one of the groups none is rewritten.

        Raises:
            Conflict: The dataset's columns or its checkpoint changed meanwhile.
        """

        def plan(base: Snapshot) -> Change:
            self._check(base, checkpoint, after)
            rows = collected(self.lazy())
            gone, pieces = without(base, self.schema, rows.select(by), by, rows, nulls=True)
            return Change("upsert", written(self.log, pieces, base), gone, self.schema)

        return self.commit("upsert", plan, checkpoint)

    def rows_in(self, partition: Mapping[str, Any]) -> int:
        """How many rows there are in a partition by now."""
        return int(self._of(self.log.newest(self.record.version), partition)["num_records"].sum())

    def _of(self, base: Snapshot, partition: Mapping[str, Any]) -> pl.DataFrame:
        """The files of a partition."""
        if set(partition) != set(self.record.partition_by):
            by = (
                f"partitioned by {', '.join(self.record.partition_by)}" if self.record.partition_by else "one partition"
            )
            raise Invalid(
                f"'{self.record.name}' is {by}, where this needs it by {', '.join(partition)}",
                hint="load into another dataset, which is made as it is needed",
            )
        return base.in_partition({name: datafiles.partition_text(value) for name, value in partition.items()})

    def _settled(self, key: Sequence[str], latest: str, marked: pl.Expr | None) -> pl.DataFrame | None:
        """The rows in memory, one per key; None where the files have just these, and all of them are to come in."""
        if not key:
            return None
        lazy = self.lazy()
        doubled = False
        if latest:
            most = lazy.group_by(key).len().select(pl.col("len").max()).collect(engine="streaming").item()
            doubled = (most or 0) > 1
        if not doubled:
            check_key(lazy, key)
            return None if marked is None else collected(lazy)
        rows = collected(lazy).sort(latest, maintain_order=True).unique(key, keep="last", maintain_order=True)
        check_key(rows.lazy(), key)
        return rows

    def _check(self, base: Snapshot, checkpoint: Checkpoint, after: int | None) -> None:
        if base.schema != self.base:
            raise Conflict(f"the columns of '{self.record.name}' were changed meanwhile", hint="run it again")
        if self.log.mark(checkpoint.stream, checkpoint.slice, self.record.version) != after:
            raise Conflict(
                f"somebody else went on loading '{self.record.name}' meanwhile; nothing was written over",
                hint="run it again",
            )

    def _linked(self) -> list[AddAction]:
        """The files under second names, which the commit may give up and ask for again."""
        linked: list[AddAction] = []
        try:
            for action in self.files:
                path = self.log.folder / datafiles.second_name(action.path)
                os.link(self.log.folder / action.path, path)
                linked.append(datafiles.describe(path, action.partition_values, data_change=True))
        except BaseException:
            datafiles.discard(self.log.folder, linked)
            raise
        return linked


def write_aside(
    log: DeltaLog,
    record: DatasetRecord,
    base: Snapshot,
    frames: Iterable[pl.DataFrame],
    commit: Commit,
    *,
    contract: Contract,
    counts: Counts,
    anew: bool,
) -> Staged:
    """Writes frames, all of the same columns, as files that no version names.

    Args:
        frames: One in memory at a time; none: no rows.
        counts: Told what the contract lets go of.
        anew: The frames' columns are to replace those of the dataset.

    Raises:
        Invalid: The columns or values do not fit the dataset.
    """
    rest = iter(frames)
    first = next(rest, pl.DataFrame(schema=base.schema))
    schema = settled(record, base, first.clear().lazy(), contract, anew=anew)
    files = written(log, batch_by_batch(chain([first], rest), schema, contract, counts), base)
    rows = counts.rows - counts.discarded
    return Staged(log, record, base.schema, schema, files, rows, commit)


def _left(rows: pl.DataFrame, marked: pl.Expr | None) -> pl.DataFrame:
    return rows if marked is None else rows.filter(_is(marked).not_())


def _is(marked: pl.Expr) -> pl.Expr:
    return marked.fill_null(value=False)


def discard(staged: Staged) -> None:
    """Removes what was staged; what a commit took in has names of its own."""
    datafiles.discard(staged.log.folder, staged.files)
