"""Small files that lie across parts, as runs that are not folded yet do, are read once for all of them: for few rows a
file takes longer to open than to read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from workbench.compute.hashing import SUBJECT_HASH
from workbench.compute.model import Analysis, partial_plan
from workbench.compute.parts import Part, Parts
from workbench.compute.polars_versions import collect_all
from workbench.compute.projection import columns_taken

__all__ = ["read_once"]

MOST_BYTES: Final = 64_000_000
"""Of files that are kept in memory while parts are computed; of more, each takes long enough to read for its opening
not to matter.
"""


def read_once(analysis: Analysis, parts: Parts) -> Parts:
    """The same rows, with those of small files that several parts have in common in memory: the columns that the
    analysis takes of them.
    """
    across = [path for path, times in Counter(path for part in parts.parts for path in part.files).items() if times > 1]
    eligible = all(part.sorted and part.hashes is not None and part.plan is None for part in parts.parts)
    if not across or not eligible or sum(Path(path).stat().st_size for path in across) > MOST_BYTES:
        return parts
    first = parts.parts[0]
    taken = columns_taken(first, lambda bare: partial_plan(analysis, bare, compiled=True))
    columns = [name for name in first.schema if name in taken or name == SUBJECT_HASH]
    cut: list[dict[str, pl.DataFrame]] = [{} for _ in parts.parts]
    for path, run in zip(across, collect_all([_plain(first, path).select(columns) for path in across]), strict=True):
        rows = run.drop_nulls(SUBJECT_HASH) if run[SUBJECT_HASH].null_count() else run
        for read, part, begin, end in zip(cut, parts.parts, *_ends(rows[SUBJECT_HASH], parts.parts), strict=True):
            if path in part.files:
                read[path] = rows.slice(begin, end - begin)
    return replace(parts, parts=tuple(replace(part, read=read) for part, read in zip(parts.parts, cut, strict=True)))


def _ends(hashes: pl.Series, parts: Sequence[Part]) -> tuple[list[int], list[int]]:
    """Where the rows of each part begin and end among sorted hashes."""
    low, high = zip(*(part.hashes for part in parts if part.hashes is not None), strict=True)
    numbers = hashes.to_numpy()
    return numbers.searchsorted(low, "left").tolist(), numbers.searchsorted(high, "right").tolist()


def _plain(part: Part, path: str) -> pl.LazyFrame:
    """The rows of one file as they lie there."""
    return replace(part, files=(path,), frames=(), hashes=None, without=(), shape=()).lazy()
