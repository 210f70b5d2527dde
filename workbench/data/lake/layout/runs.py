"""Sorted runs: rows on their way to disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl
from deltalake.transaction import AddAction

from workbench.compute import SUBJECT_HASH, grains, hash_of
from workbench.data.lake import datafiles
from workbench.data.lake.layout.model import EventLayout
from workbench.foundation.errors import IntegrityError

__all__ = ["ROWS_PER_PIECE", "period_of", "write", "write_sorted"]

ROWS_PER_PIECE = 65_536
"""A folded run is cut into so many files that each has this many rows or more, one per bucket at most."""
_SMALLEST_GROUP = 32_768
_CODEC: Final = "lz4"
"""What is written once is read often: a fifth larger than zstd, and quicker to decode."""


def write(
    folder: Path, frames: Iterable[pl.DataFrame], layout: EventLayout, *, data_change: bool = True
) -> list[AddAction]:
    """Writes frames of rows as new runs, one per frame and period, and waits until they are on disk.

    A run is one file unless it is large: a batch of a day that is cut by bucket would be many small files, and a bucket
    is found in one large file by its row groups.
    """
    return datafiles.write_pieces(folder, _runs(frames, layout), data_change=data_change)


def write_sorted(
    folder: Path, pieces: Iterable[pl.DataFrame], layout: EventLayout, *, data_change: bool = False
) -> list[AddAction]:
    """Writes pieces of runs that are sorted and have the hash already, one file each."""
    sorted_pieces = (datafiles.Piece(checked(piece, layout), codec=_CODEC) for piece in pieces)
    return datafiles.write_pieces(folder, sorted_pieces, data_change=data_change)


def period_of(time: pl.Expr, layout: EventLayout) -> pl.Expr:
    """The first day of the period that a time is in."""
    return grains.truncate(time, pl.Datetime("us", "UTC"), layout.period)


def checked(rows: pl.DataFrame, layout: EventLayout) -> pl.DataFrame:
    """
    Raises:
        IntegrityError: Rows are not in the order that readers count on. That is a mistake of ours, never of the rows.
    """
    subject, time, tie = (pl.col(name) for name in layout.order)
    before = [column.shift(1) for column in (subject, time, tie)]
    same_subject = subject.eq_missing(before[0])
    same_time = time.eq_missing(before[1])
    wrong = (subject < before[0]) | (same_subject & ((time < before[1]) | (same_time & (tie < before[2]))))
    if rows.select(wrong.any()).item():
        raise IntegrityError("a run of events is not sorted by subject and time", hint="please report this")
    return rows


def _runs(frames: Iterable[pl.DataFrame], layout: EventLayout) -> Iterator[datafiles.Piece]:
    for frame in frames:
        hashed = frame.with_columns(hash_of(frame[layout.subject]).alias(SUBJECT_HASH))
        ordered = hashed.select(*layout.in_files(frame.schema)).sort(layout.order, maintain_order=True)
        periods = ordered.select(period_of(pl.col(layout.time), layout)).to_series()
        for period in periods.unique().sort():
            run = checked(ordered.filter(periods.eq_missing(pl.Series([period], dtype=periods.dtype))), layout)
            group = min(max(run.height // layout.buckets, _SMALLEST_GROUP), datafiles.ROWS_PER_GROUP)
            for piece in datafiles.pieces(run, group):
                yield replace(piece, codec=_CODEC)
