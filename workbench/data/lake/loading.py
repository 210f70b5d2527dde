"""Loads: what becomes of the rows that are there when rows come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace as dc_replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import polars as pl
from deltalake.transaction import AddAction

from workbench.compute import frames
from workbench.data.lake import datafiles, historizing
from workbench.data.lake.contracting import Contract, Rule, check_types, fit
from workbench.data.lake.counts import Counts
from workbench.data.lake.deltalog import Change, DeltaLog
from workbench.data.lake.incoming import collected, stream_of
from workbench.data.lake.model import DatasetRecord
from workbench.data.lake.schema import TIME, storable
from workbench.data.lake.snapshot import Snapshot
from workbench.data.lake.upserting import as_columns, check_columns, check_key, check_new, hits, upserted, without
from workbench.data.lake.writing import Plan, fitted, scan_files, written
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Conflict, Invalid, unknown

__all__ = [
    "Mode",
    "batch_by_batch",
    "changing",
    "columns_of",
    "delete_inserting",
    "historizing_rows",
    "settled",
    "streaming",
]


EVOLVING = Contract(columns=Rule.EVOLVE, data_type=Rule.EVOLVE)


class Mode(StrEnum):
    """What a load does with the rows that are there.

    Attributes:
        APPEND: They stay; the rows are added.
        UPSERT: Those of the same key are replaced; the others stay.
        DELETE_INSERT: Those of the partitions that the rows are in go; the others stay.
        SNAPSHOT: They stay as history: `valid_from`, `valid_to` and `is_current` say when a row held.
        REPLACE: They go.
    """

    APPEND = "append"
    UPSERT = "upsert"
    DELETE_INSERT = "delete-insert"
    SNAPSHOT = "snapshot"
    REPLACE = "replace"

    @classmethod
    def named(cls, name: str) -> Mode:
        """
        Raises:
            Invalid: No such mode; says the nearest.
        """
        if name not in list(cls):
            raise unknown("mode of loading", str(name), list(cls), error=Invalid)
        return cls(name)


def columns_of(
    frame: Any, key: Sequence[str], mode: Mode, at: datetime | str | None
) -> tuple[pl.Schema, tuple[str, ...]]:
    """The columns and the key of the dataset that a load of such a frame makes."""
    stream = stream_of(frame)
    empty = frames.to_lazy(frame) if stream is None else stream[0]
    if mode is not Mode.SNAPSHOT:
        return storable(empty.collect_schema()), tuple(key)
    schema = storable(historizing.dated(empty, at or utcnow()).collect_schema())
    own = {name: dtype for name, dtype in schema.items() if name != historizing.FROM}
    return historizing.widened(own), (*key, historizing.FROM)


def streaming(
    log: DeltaLog,
    record: DatasetRecord,
    stream: Iterator[pl.DataFrame],
    empty: pl.LazyFrame,
    *,
    replace: bool,
    evolve: bool,
    contract: Contract,
    counts: Counts,
) -> Plan:
    """Appends a stream, or puts it in the place of all rows, a batch in memory at a time; of its keys all at once.

    A stream is read once: whoever is overtaken commits the files that are written already.

    Args:
        empty: Its columns, without a row.
    """
    add: list[AddAction] | None = None
    planned_on = pl.Schema()

    def plan(base: Snapshot) -> Change:
        nonlocal add, planned_on
        if add is not None and base.schema != planned_on:
            datafiles.discard(log.folder, add)
            raise Conflict(f"the columns of '{record.name}' were changed meanwhile", hint="load it again")
        # A replacement that may evolve has columns of its own; another keeps to those that are there.
        schema = settled(record, base, empty, contract, anew=replace and evolve)
        if add is None:
            planned_on = base.schema
            add = written(log, batch_by_batch(stream, schema, contract, counts), base)
        try:
            if record.key and add:
                keys = scan_files(log.folder, add, schema).select(record.key)
                check_key(keys, record.key)
                if not replace:
                    check_new(base, keys.collect(engine="streaming"), record.key, record.name)
        except BaseException:
            datafiles.discard(log.folder, add)
            raise
        counts.added, counts.removed = counts.rows - counts.discarded, base.rows if replace else 0
        operation = "overwrite" if replace else "append"
        gone = base.names if replace else ()
        return Change(operation, add, gone, schema, staged=True, tally=counts.tally)

    return plan


def changing(
    log: DeltaLog, record: DatasetRecord, frame: pl.LazyFrame, *, key: Sequence[str], contract: Contract, counts: Counts
) -> Plan:
    """An upsert that writes no row which is there as it is; nothing, where all are."""

    def plan(base: Snapshot) -> Change | None:
        counts.reset()
        check_columns(base, key)
        lazy, schema = fitted(record, base, frame, contract, counts)
        rows = collected(lazy)
        check_key(rows.lazy(), key)
        counts.rows = rows.height + counts.discarded
        gone, pieces = upserted(base, schema, rows, key, counts=counts, sparing=True)
        add = written(log, pieces, base)
        if not add and not gone and schema == base.schema:
            return None
        return Change("upsert", add, gone, schema, tally=counts.tally)

    return plan


def delete_inserting(
    log: DeltaLog, record: DatasetRecord, frame: pl.LazyFrame, *, contract: Contract, counts: Counts
) -> Plan:
    """Replaces the partitions that the rows are in; a partition that holds exactly its rows is left alone."""
    if not record.partition_by:
        raise Invalid(
            f"'{record.name}' has no partitions, so none can be replaced",
            hint="make it with partition=[...], or load it with mode='upsert' or 'replace'",
        )

    def plan(base: Snapshot) -> Change | None:
        counts.reset()
        lazy, schema = fitted(record, base, frame, contract, counts)
        rows = collected(lazy)
        counts.rows = rows.height + counts.discarded
        if record.key:
            check_key(rows.lazy(), record.key)
        gone: list[str] = []
        new: list[pl.DataFrame] = []
        for values, part in rows.partition_by(list(base.partition_by), as_dict=True, maintain_order=True).items():
            texts = (datafiles.partition_text(value) for value in values)
            files = base.in_partition(dict(zip(base.partition_by, texts, strict=True)))
            there = int(files["num_records"].sum())
            if schema == base.schema and there == part.height and _alike(base, files["path"].to_list(), part):
                counts.unchanged += part.height
                continue
            gone += files["path"].to_list()
            new.append(part)
            counts.added += part.height
            counts.removed += there
        if not new:
            return None
        if record.key:
            for part in new:
                check_new(base, part, record.key, record.name, but=gone)
        return Change("delete-insert", written(log, new, base), gone, schema, tally=counts.tally)

    return plan


def historizing_rows(
    log: DeltaLog,
    record: DatasetRecord,
    frame: pl.LazyFrame,
    *,
    key: Sequence[str],
    at: datetime | str,
    close: bool,
    contract: Contract,
    counts: Counts,
) -> Plan:
    """Keeps what rows were: see `historizing.history`.

    Args:
        at: Since when the rows hold, or the column that says it.
        close: Keys that are current and that the frame lacks are current no more.
    """

    def plan(base: Snapshot) -> Change | None:
        counts.reset()
        historizing.check(record.name, base.schema)
        check_columns(base, key)
        own = pl.Schema({name: dtype for name, dtype in base.schema.items() if name not in historizing.COLUMNS})
        lazy, shown = fit(historizing.dated(frame, at), {**own, historizing.FROM: TIME}, contract, counts)
        schema = historizing.widened({name: shown[name] for name in shown if name != historizing.FROM})
        rows = collected(lazy)
        check_key(rows.lazy(), [*key, historizing.FROM])
        counts.rows = rows.height + counts.discarded
        if close:
            rows = historizing.closing(rows, collected(base.scan().filter(historizing.CURRENT).select(key)), key)
        keys = rows.select(key).unique(maintain_order=True)
        before = _of_keys(base, schema, keys, key)
        after = historizing.history(before, rows, key, schema)
        touched, tally = historizing.compared(before, after, rows, key, counts)
        if not touched.height:
            return None
        new = after.join(touched, on=list(key), how="semi", maintain_order="left")
        gone, pieces = without(base, schema, touched, key, new)
        return Change("snapshot", written(log, pieces, base), gone, schema, tally=tally)

    return plan


def _of_keys(base: Snapshot, schema: pl.Schema, keys: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    files = [hit.name for hit in hits(base, keys, key)]
    there = base.scan(files).join(keys.lazy(), on=list(key), how="semi", maintain_order="left")
    return there.select(as_columns(base, schema)).collect(engine="streaming")


def settled(record: DatasetRecord, base: Snapshot, empty: pl.LazyFrame, contract: Contract, *, anew: bool) -> pl.Schema:
    """The columns that a dataset has once rows are in that come in batches: settled before the first one.

    Args:
        empty: The batches' columns, without a row.
        anew: The columns take the place of those that are there.

    Raises:
        Invalid: The columns do not fit.
    """
    wanted = pl.Schema() if anew else base.schema
    schema = fit(empty, wanted, EVOLVING if anew else contract, streamed=True)[1]
    datafiles.check_kept(schema, record.key, record.partition_by, record.sort_by)
    if anew:
        check_types(schema, base.schema, contract, record.name)
    return schema


def batch_by_batch(
    batches: Iterable[pl.DataFrame], schema: pl.Schema, contract: Contract, counts: Counts
) -> Iterator[pl.DataFrame]:
    """Batches with columns that are settled; a value that does not fit them is refused, or discarded.

    Raises:
        Invalid: It is refused; says the row.
    """
    rule = contract.data_type
    rules = dc_replace(contract, data_type=Rule.FREEZE if rule is Rule.EVOLVE else rule)
    for batch in batches:
        rows = fit(batch.lazy(), schema, rules, counts, before=counts.rows)[0]
        counts.rows += batch.height
        yield collected(rows)


def _alike(base: Snapshot, files: list[str], rows: pl.DataFrame) -> bool:
    there = base.scan(files).collect(engine="in-memory")
    order = rows.columns
    if any(dtype.is_nested() for dtype in rows.dtypes):
        return bool(there.equals(rows))
    return bool(there.sort(order).equals(rows.sort(order)))
