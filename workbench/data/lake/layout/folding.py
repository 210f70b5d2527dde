"""Folding runs: which ones, and how they become one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from workbench.compute import SUBJECT_HASH
from workbench.data.lake.layout.model import EventLayout
from workbench.data.lake.layout.runs import ROWS_PER_PIECE, period_of

__all__ = ["FOLD_AT", "Fold", "due", "folded", "levels"]

FOLD_AT = 8
"""A period that still gets rows is folded when so many runs lie over each other; one that is over, at two."""
_OVER = 8
"""A period is over when later ones have a row for so many of its: days later, and not by one clock that is wrong."""
_LARGER = 4
"""A run that is this many times as large as all smaller ones is left alone: to write it again costs more than it gives.

Folding at 8, with 4, a month of equal days is written 3.5 times in all, and late rows are gathered among themselves."""
_LARGER_WHEN_OVER = 2
"""The same of a period that is over: what is left of it is not worth writing the rest again."""
_LOW, _HIGH, _EARLIEST, _ROWS, _SIZE = ".low", ".high", ".earliest", "num_records", "size_bytes"


@dataclass(frozen=True)
class Fold:
    """Files of one period that are to become one run."""

    files: tuple[str, ...]
    rows: int


def due(files: pl.DataFrame, layout: EventLayout, *, everything: bool = False) -> list[Fold]:
    """What is to be folded of a version's files, one fold per period at most.

    Args:
        files: Of the snapshot.
        everything: All runs of every period become one, where there are several.
    """
    found = []
    later = 0
    for period, members in reversed(list(periods(files, layout))):
        runs = sorted(levels(members, layout), key=lambda run: int(run[_SIZE].sum()))
        rows = 0 if period is None else int(members[_ROWS].sum())
        is_over = 0 < rows <= later * _OVER
        at, larger = (2, _LARGER_WHEN_OVER) if is_over else (FOLD_AT, _LARGER)
        chosen = runs if everything else _cheap(runs, at, larger)
        if len(chosen) > 1:
            together = pl.concat(chosen)
            found.append(Fold(tuple(together["path"]), int(together[_ROWS].sum())))
        later += rows
    return found[::-1]


def periods(files: pl.DataFrame, layout: EventLayout) -> Iterator[tuple[object, pl.DataFrame]]:
    """The files of each period, oldest first; those of rows without a time last."""
    earliest = f"min.{layout.time}"
    if files.is_empty():
        return
    known = files.with_columns(pl.col(earliest) if earliest in files.columns else pl.lit(None).alias(earliest))
    known = known.with_columns(pl.col(earliest).cast(pl.Datetime("us", "UTC")))
    known = known.with_columns(period_of(pl.col(earliest), layout).alias(_EARLIEST))
    for (period,), rows in sorted(
        known.partition_by(_EARLIEST, as_dict=True, maintain_order=True).items(),
        key=lambda item: (item[0][0] is None, item[0][0]),
    ):
        yield period, rows


def levels(files: pl.DataFrame, layout: EventLayout) -> list[pl.DataFrame]:
    """One period's files as runs: sets of files whose hashes do not overlap, in the order of writing.

    Which files were written together does not matter: what follows each other can be read as one run.
    """
    low, high = f"min.{SUBJECT_HASH}", f"max.{SUBJECT_HASH}"
    ends: list[int] = []
    members: list[list[int]] = []
    bounds = files.select(low, high).rows() if low in files.columns else [(None, None)] * files.height
    order = sorted(range(files.height), key=lambda at: (bounds[at][0] is None, bounds[at][0] or 0))
    for at in order:
        start, end = bounds[at]
        if start is None:
            members.append([at])
            ends.append(1 << 63)
            continue
        place = next((n for n, last in enumerate(ends) if last < start), None)
        if place is None:
            members.append([at])
            ends.append(end)
        else:
            members[place].append(at)
            ends[place] = end
    return [files[sorted(run)] for run in members]


def folded(rows: pl.LazyFrame, layout: EventLayout, total: int) -> Iterator[pl.DataFrame]:
    """The rows of several runs as pieces of one, in the order of hashes, a piece at a time in memory.

    Args:
        rows: With the hash; null hashes go with the first piece, where sorting puts them.
        total: How many they are.
    """
    pieces = 1
    while pieces < layout.buckets and total // (2 * pieces) >= ROWS_PER_PIECE:
        pieces *= 2
    for piece in range(pieces):
        low, high = layout.bounds(piece, pieces)
        inside = pl.col(SUBJECT_HASH).is_between(low, high)
        if piece == 0:
            inside = inside | pl.col(SUBJECT_HASH).is_null()
        found = rows.filter(inside).collect(engine="in-memory").sort(layout.order, maintain_order=True)
        if found.height:
            yield found


def _cheap(runs: Sequence[pl.DataFrame], least: int, larger: int) -> list[pl.DataFrame]:
    """Of runs from the smallest to the largest: those that are worth folding now, where there are `least` of them.

    One that is `larger` times as large as all smaller ones is not.
    """
    if len(runs) < least:
        return []
    chosen = [runs[0]]
    total = int(runs[0][_SIZE].sum())
    for run in runs[1:]:
        size = int(run[_SIZE].sum())
        if size > larger * total and len(chosen) >= least // 2:
            break
        chosen.append(run)
        total += size
    return chosen
