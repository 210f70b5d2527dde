"""Runs of events cut by the hash of the subject: which files have rows of a bucket, and about how many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from workbench.compute import SUBJECT_HASH, Part
from workbench.data.lake.layout import EventLayout

__all__ = ["Run", "by_bucket", "of_runs", "runs_of"]

LARGEST = 1_600_000
"""A part reads little besides its own rows, so it may be small enough for several to be computed on side by side."""
SMALLEST = 700_000
"""Below, a part's files take longer to open than its rows to be computed on."""


@dataclass(frozen=True)
class Run:
    """A data file, as the log tells of it.

    Attributes:
        bytes: Of the file.
        low: The smallest hash in it, or None where no row has a subject.
        high: The largest.
        begins: The earliest time in it, or None where no row has one.
        ends: The latest.
    """

    path: str
    rows: int
    bytes: int
    low: int | None
    high: int | None
    begins: datetime | None
    ends: datetime | None

    def within(self, first: int, last: int) -> float:
        """About which share of its rows has a hash between the two, both included: hashes are spread evenly."""
        if self.low is None or self.high is None or self.low > last or self.high < first:
            return 0.0
        return (min(self.high, last) - max(self.low, first) + 1) / (self.high - self.low + 1)


def runs_of(paths: Iterable[Path], files: pl.DataFrame, layout: EventLayout) -> list[Run]:
    """The files of a dataset, in the order of the times at which they begin; those without a time come last.

    Args:
        paths: Where the files are.
        files: A row for each, with the log's statistics.
    """
    told = files.select(
        "num_records",
        "size_bytes",
        *(f"{bound}.{name}" for name in (SUBJECT_HASH, layout.time) for bound in ("min", "max")),
    )
    runs = [Run(str(path), *row) for path, row in zip(paths, told.iter_rows(), strict=True)]
    timed = [run for run in runs if run.begins is not None]
    return [*sorted(timed, key=_place), *(run for run in runs if run.begins is None)]


def by_bucket(whole: Part, runs: Sequence[Run], layout: EventLayout) -> list[Part]:
    """A part per bucket, of the files that have rows of it: as many buckets as make parts of a good size.

    Args:
        whole: Everything that a part has besides its files.
    """
    number = layout.buckets
    while whole.rows // number > LARGEST:
        number *= 2
    while number > 1 and whole.rows // number < SMALLEST:
        number //= 2
    cut = []
    for at in range(number):
        first, last = layout.bounds(at, number)
        frames = (frame.filter(pl.col(SUBJECT_HASH).is_between(first, last)) for frame in whole.frames)
        part = replace(whole, hashes=(first, last), frames=tuple(frame for frame in frames if frame.height))
        shares = [(run, share) for run in runs if (share := run.within(first, last))]
        rows = sum(share * run.rows for run, share in shares) + sum(frame.height for frame in part.frames)
        cut.append(replace(of_runs(part, [run for run, _ in shares]), rows=round(rows)))
    return cut


def of_runs(part: Part, runs: Sequence[Run]) -> Part:
    """The part with these files, in this order."""
    return replace(
        part,
        files=tuple(run.path for run in runs),
        chronological=not part.frames and _follow(runs),
        rows=sum(run.rows for run in runs) + sum(frame.height for frame in part.frames),
        bytes=sum(run.bytes for run in runs),
    )


def _follow(runs: Sequence[Run]) -> bool:
    """Whether no subject has a row in a file that is not later than all of its rows in the files before."""
    before: list[Run] = []
    for run in runs:
        if run.begins is None:
            return False
        before = [one for one in before if one.ends is None or one.ends >= run.begins]
        if run.low is not None and run.high is not None and any(one.within(run.low, run.high) for one in before):
            return False
        before.append(run)
    return True


def _place(run: Run) -> tuple[datetime | None, bool, int]:
    return run.begins, run.low is None, run.low or 0
