"""What is known of a dataset without reading its rows."""

from __future__ import annotations

import polars as pl

from workbench.data.lake.model import Column, DatasetInfo, DatasetRecord, Outline, Version
from workbench.data.lake.restricting import restricted
from workbench.data.lake.snapshot import Snapshot
from workbench.governance.security import Policy

__all__ = ["described", "outlined"]


def described(record: DatasetRecord, snapshot: Snapshot, committed: Version, policy: Policy | None) -> DatasetInfo:
    """Under a policy with a row filter the rows have to be counted after all: only those that it leaves are told.

    Raises:
        Forbidden: The policy cannot be applied.
    """
    plan = restricted(snapshot.scan(), policy)
    rows = snapshot.rows
    if policy is not None and policy.row_filter is not None:
        rows = int(plan.select(pl.len()).collect(engine="streaming").item())
    return DatasetInfo(
        name=record.name,
        id=record.id,
        rows=rows,
        columns=tuple(
            Column(name, str(dtype), nullable=name not in record.key) for name, dtype in plan.collect_schema().items()
        ),
        bytes=snapshot.bytes,
        files=len(snapshot.names),
        version=snapshot.version,
        updated=committed.time,
        created=record.created,
        owner=record.owner,
        key=record.key,
        partition_by=record.partition_by,
        description=record.description,
        source=record.source,
        layout=record.layout,
        sort_by=record.sort_by,
    )


def outlined(snapshot: Snapshot, committed: Version) -> Outline:
    return Outline(snapshot.rows, snapshot.bytes, tuple(snapshot.schema), committed.time)
