"""How a version's files lie, in numbers."""

from __future__ import annotations

from datetime import date

import polars as pl

from workbench.compute import SUBJECT_HASH
from workbench.data.lake.layout.folding import levels, periods
from workbench.data.lake.layout.model import EventLayout, LayoutReport, PeriodReport

__all__ = ["reported"]


def reported(
    dataset: str,
    version: int,
    files: pl.DataFrame,
    layout: EventLayout | None,
    rows: pl.LazyFrame,
    sort_by: tuple[str, ...] = (),
    overlapping: int = 0,
) -> LayoutReport:
    """
    Args:
        files: Of the snapshot.
        rows: With the hash of the subject, for a dataset of events; its column is read.
    """
    found = () if layout is None else tuple(_period(start, some, layout) for start, some in periods(files, layout))
    return LayoutReport(
        dataset=dataset,
        version=version,
        layout=layout,
        rows=int(files["num_records"].sum() or 0),
        bytes=int(files["size_bytes"].sum() or 0),
        files=files.height,
        periods=found,
        skew=None if layout is None else _skew(rows, layout),
        sort_by=sort_by,
        overlapping=overlapping,
    )


def _period(start: object, files: pl.DataFrame, layout: EventLayout) -> PeriodReport:
    return PeriodReport(
        period=start.isoformat() if isinstance(start, date) else "no time",
        rows=int(files["num_records"].sum()),
        bytes=int(files["size_bytes"].sum()),
        files=files.height,
        runs=len(levels(files, layout)),
    )


def _skew(rows: pl.LazyFrame, layout: EventLayout) -> float | None:
    size = (1 << 64) // layout.buckets
    bucket = pl.col(SUBJECT_HASH) // size if layout.buckets > 1 else pl.lit(0)
    counted = rows.drop_nulls(SUBJECT_HASH).group_by(bucket.alias("bucket")).len().collect(engine="streaming")
    return None if counted.is_empty() else float(counted["len"].max()) * layout.buckets / float(counted["len"].sum())  # type: ignore[arg-type]
