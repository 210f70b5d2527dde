"""Taking out the rows whose keys somebody else no longer has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from workbench.data.lake.counts import Tally
from workbench.data.lake.deltalog import Change, DeltaLog
from workbench.data.lake.model import Checkpoint, DatasetRecord
from workbench.data.lake.snapshot import Snapshot
from workbench.data.lake.writing import Plan, written
from workbench.foundation.errors import Conflict, Invalid, unknown

__all__ = ["keeping"]


def keeping(
    log: DeltaLog, record: DatasetRecord, keys: pl.DataFrame, key: Sequence[str], since: Checkpoint, removed: list[int]
) -> Plan:
    """Leaves only rows with one of the keys; files without another one stay as they are.

    Args:
        keys: The key columns of all rows that are to stay.
        since: What was loaded before the keys were found: refused, when the dataset has gone on from there.
        removed: Gets how many rows went.
    """

    def plan(base: Snapshot) -> Change | None:
        if log.mark(since.stream, since.slice, record.version) != since.mark:
            raise Conflict(f"somebody else went on loading '{record.name}' meanwhile", hint="run it again")
        known = _fitted(base, keys, key)
        going = {name: count for name in base.names if (count := _others(base, name, known, key))}
        removed[:] = [sum(going.values())]
        if not going:
            return None

        def kept() -> Iterator[pl.DataFrame]:
            for name in going:
                staying = base.scan([name]).join(known.lazy(), on=list(key), how="semi", maintain_order="left")
                rows = staying.collect(engine="in-memory")
                if rows.height:
                    yield rows

        return Change("delete", written(log, kept(), base), list(going), tally=Tally(removed=sum(removed)))

    return plan


def _others(base: Snapshot, name: str, known: pl.DataFrame, key: Sequence[str]) -> int:
    """How many rows of a file have none of the keys."""
    rows = base.scan([name]).select(key).join(known.lazy(), on=list(key), how="anti")
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def _fitted(base: Snapshot, keys: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    for name in key:
        if name not in base.schema:
            raise unknown("key column", name, base.schema, error=Invalid)
    try:
        return keys.select(pl.col(name).cast(base.schema[name]) for name in key)
    except pl.exceptions.PolarsError as error:
        types = ", ".join(f"'{name}' is {keys.schema[name]} where the dataset has {base.schema[name]}" for name in key)
        raise Invalid(f"keys cannot be compared: {types}", hint="give the column one type at the source") from error
