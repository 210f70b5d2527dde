"""The same rows in fewer files: what is small merged, runs of events folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import polars as pl

from workbench.data.lake import datafiles, sorting
from workbench.data.lake.deltalog import Change, DeltaLog
from workbench.data.lake.layout import EventLayout, folding, runs
from workbench.data.lake.snapshot import Snapshot
from workbench.data.lake.writing import Plan

__all__ = ["compacting", "folding_runs"]

SMALL_BYTES = 32 << 20


def compacting(log: DeltaLog) -> Plan:
    """Merges each partition's small files into larger ones of the dataset's present columns, with a sort order also
    those that lie over each other; of a dataset of events, each period's runs into one.
    """

    def plan(base: Snapshot) -> Change | None:
        if base.layout is not None:
            folds = folding.due(base.files, base.layout, everything=True)
            return _folded(log, base, base.layout, folds) if folds else None
        parts = _by_partition(base)
        merged: Iterator[pl.DataFrame]
        if log.sort_by:
            many = [names for files in parts for names in sorting.unsorted(files, log.sort_by[0])]
            merged = chain.from_iterable(sorting.by_ranges(base, names, log.sort_by[0]) for names in many)
        else:
            many = [names for files in parts if len(names := _small(files)) > 1]
            merged = (base.scan(names).collect(engine="in-memory") for names in many)
        if not many:
            return None
        some = (rows for rows in merged if rows.height)
        add = datafiles.write(log.folder, some, base.partition_by, log.sort_by, data_change=False)
        return Change("optimize", add, list(chain.from_iterable(many)), data_change=False)

    return plan


def folding_runs(log: DeltaLog) -> Plan:
    """Folds what is due of one period, the one with the most rows to fold; see `layout.folding`."""

    def plan(base: Snapshot) -> Change | None:
        folds = folding.due(base.files, base.layout) if base.layout is not None else []
        if base.layout is None or not folds:
            return None
        return _folded(log, base, base.layout, [max(folds, key=lambda fold: fold.rows)])

    return plan


def _by_partition(base: Snapshot) -> list[pl.DataFrame]:
    """The files of each partition."""
    columns = [name for part in base.partition_by if (name := f"partition.{part}") in base.files.columns]
    if not columns:
        return [base.files]
    return base.files.partition_by(columns, maintain_order=True)


def _small(files: pl.DataFrame) -> list[str]:
    small = files.filter((pl.col("size_bytes") < SMALL_BYTES) & (pl.col("num_records") < datafiles.ROWS_PER_FILE))
    return small["path"].to_list()


def _folded(log: DeltaLog, base: Snapshot, layout: EventLayout, folds: Sequence[folding.Fold]) -> Change:
    pieces = chain.from_iterable(
        folding.folded(base.scan(fold.files, hashed=True), layout, fold.rows) for fold in folds
    )
    add = runs.write_sorted(log.folder, pieces, layout)
    return Change("optimize", add, list(chain.from_iterable(fold.files for fold in folds)), data_change=False)
