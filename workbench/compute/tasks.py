"""What there is to do of an analysis, the same wherever it is done: a part's share, shares put together, the result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import polars as pl

from workbench.compute import compiled
from workbench.compute.model import Analysis, Combining, Direct, partial_plan
from workbench.compute.parts import Part, Parts
from workbench.compute.polars_versions import collect as on_processors

__all__ = ["Collect", "combined", "from_one", "merged", "plan_of", "share", "stacked"]

# Partials are put together when so many rows of them wait, so that what waits does not grow with the number of parts.
WAITING_ROWS = 4_000_000


class Collect(Protocol):
    """Runs a plan; `ordered` says that it depends on the order of its rows."""

    def __call__(self, plan: pl.LazyFrame, *, ordered: bool) -> pl.DataFrame: ...


def share(analysis: Analysis, part: Part, collect: Collect) -> pl.DataFrame:
    """What one part contributes."""
    compiled.noted(part.rows)
    # Where a GPU collects, compiled code would have the whole plan fall back to the processors.
    return collect(partial_plan(analysis, part, compiled=collect is on_processors), ordered=analysis.ordered)


def from_one(analysis: Analysis, part: Part, collect: Collect) -> pl.DataFrame:
    """The result where all rows are in one part, by the quickest plan that the analysis knows."""
    compiled.noted(part.rows)
    return collect(_plan_of_one(analysis, part), ordered=analysis.ordered)


def plan_of(analysis: Analysis, parts: Parts) -> pl.LazyFrame:
    """The plan that this process runs over the first part: the whole one where there is no other."""
    first = parts.parts[0]
    return _plan_of_one(analysis, first) if len(parts) == 1 else partial_plan(analysis, first, compiled=True)


def _plan_of_one(analysis: Analysis, part: Part) -> pl.LazyFrame:
    if isinstance(analysis, Direct):
        return analysis.whole(part.lazy())
    return analysis.merge(partial_plan(analysis, part, compiled=True))


def stacked(analysis: Analysis, partials: Iterable[pl.DataFrame], collect: Collect) -> list[pl.DataFrame]:
    """Partials as they come, put together whenever too many rows of them wait; no more where that was of little use."""
    kept: list[pl.DataFrame] = []
    shrinks = isinstance(analysis, Combining)
    for partial in partials:
        kept.append(partial)
        waiting = sum(frame.height for frame in kept)
        if shrinks and isinstance(analysis, Combining) and waiting > WAITING_ROWS:
            kept = [combined(analysis, kept, collect)]
            shrinks = kept[0].height < waiting // 2
    return kept


def combined(analysis: Combining, partials: Sequence[pl.DataFrame], collect: Collect) -> pl.DataFrame:
    """One frame of partials that stands for several."""
    return collect(analysis.combine(pl.concat(partials).lazy()), ordered=False)


def merged(analysis: Analysis, partials: Sequence[pl.DataFrame], collect: Collect) -> pl.DataFrame:
    """The result, from all partials."""
    return collect(analysis.merge(pl.concat(partials).lazy()), ordered=False)
