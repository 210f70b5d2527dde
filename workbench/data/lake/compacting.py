"""The same rows in fewer files: what is small merged, runs of events folded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import polars as pl

from workbench.data.lake import datafiles
from workbench.data.lake.deltalog import Change, DeltaLog
from workbench.data.lake.layout import EventLayout, folding, runs
from workbench.data.lake.snapshot import Snapshot
from workbench.data.lake.writing import Plan

__all__ = ["compacting", "folding_runs"]

SMALL_BYTES = 32 << 20


def compacting(log: DeltaLog) -> Plan:
    """Merges each partition's small files into larger ones of the dataset's present columns; of a dataset of events,
    each period's runs into one.
    """

    def plan(base: Snapshot) -> Change | None:
        if base.layout is not None:
            folds = folding.due(base.files, base.layout, everything=True)
            return _folded(log, base, base.layout, folds) if folds else None
        small = base.files.filter(pl.col("size_bytes") < SMALL_BYTES)
        groups: dict[tuple[str | None, ...], list[str]] = {}
        for row in small.to_dicts():
            groups.setdefault(tuple(base.partition_of(row).values()), []).append(row["path"])
        many = [names for names in groups.values() if len(names) > 1]
        if not many:
            return None
        merged = (base.scan(names).collect(engine="in-memory") for names in many)
        add = datafiles.write(log.folder, merged, base.partition_by, data_change=False)
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


def _folded(log: DeltaLog, base: Snapshot, layout: EventLayout, folds: Sequence[folding.Fold]) -> Change:
    pieces = chain.from_iterable(
        folding.folded(base.scan(fold.files, hashed=True), layout, fold.rows) for fold in folds
    )
    add = runs.write_sorted(log.folder, pieces, layout)
    return Change("optimize", add, list(chain.from_iterable(fold.files for fold in folds)), data_change=False)
