"""The engine of this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from workbench.compute.model import Analysis, Compact, Computed, EngineUse
from workbench.compute.parts import Parts
from workbench.compute.polars_versions import collect
from workbench.compute.refusing import check, telling
from workbench.compute.sharing import read_once
from workbench.compute.tasks import from_one, merged, share, stacked

__all__ = ["LocalEngine"]

# Parts run side by side while they have at most so many rows together: a small part does not keep the cores busy, and
# what is computed on at a time, which memory has to hold, stays as bounded as by one part of that size.
ROWS_AT_A_TIME = 4_000_000


class LocalEngine:
    """Runs an analysis in this process: one plan over a single part, else part after part, small ones side by side.

    That bounds memory by the largest part; whoever makes the parts decides how large that is. Rows that fit in memory
    are best given as one part, which Polars then spreads over all cores by itself.
    """

    name = "local"

    def run(self, analysis: Analysis, parts: Parts) -> Computed:
        """Runs `analysis` over `parts`.

        Raises:
            Invalid: There is no part, or the parts' columns do not fit the analysis or each other, or the analysis is
                by subject and the parts are not.
        """
        begin = time.perf_counter()
        check(analysis, parts)
        opened = time.perf_counter()
        with telling(analysis):
            frame, why = _computed(analysis, parts)
        use = EngineUse(
            engine=self.name,
            polars=pl.__version__,
            fell_back=False,
            load_seconds=opened - begin,
            compute_seconds=time.perf_counter() - opened,
            parts=len(parts),
            rows_out=frame.height,
            why=why,
        )
        return Computed(frame, use)


def _computed(analysis: Analysis, parts: Parts) -> tuple[pl.DataFrame, str]:
    """The result, and a sentence where it was not computed by the plan."""
    if isinstance(analysis, Compact) and (found := analysis.compact(parts)) is not None:
        return found, "compiled code went through the columns in place of the plan"
    if len(parts) == 1:
        return from_one(analysis, parts.parts[0], collect), ""
    return merged(analysis, stacked(analysis, _shares(analysis, read_once(analysis, parts)), collect), collect), ""


def _shares(analysis: Analysis, parts: Parts) -> Iterator[pl.DataFrame]:
    """What each part contributes, in the parts' order."""
    at_a_time = _at_a_time(parts)
    if at_a_time == 1:
        yield from (share(analysis, part, collect) for part in parts.parts)
        return
    pool = ThreadPoolExecutor(at_a_time, thread_name_prefix="parts")
    try:
        yield from pool.map(lambda part: share(analysis, part, collect), parts.parts)
    finally:
        pool.shutdown(cancel_futures=True)


def _at_a_time(parts: Parts) -> int:
    """How many parts run side by side; one where a part does not say how many rows it has."""
    largest = max(part.rows for part in parts.parts)
    if any(part.plan is not None for part in parts.parts):
        return 1
    # Twice the cores: while a part opens its files, another one has rows to compute on.
    return max(1, min(2 * pl.thread_pool_size(), len(parts), ROWS_AT_A_TIME // max(1, largest)))
