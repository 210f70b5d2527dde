"""The engine of this process."""

from __future__ import annotations

import time

import polars as pl

from workbench.compute.model import Analysis, Computed, Direct, EngineUse, partial_plan
from workbench.compute.parts import Parts
from workbench.compute.polars_versions import collect
from workbench.compute.refusing import check, telling

__all__ = ["LocalEngine"]


class LocalEngine:
    """Runs an analysis in this process: one plan over a single part, else part after part.

    Going part after part bounds memory by the largest part; whoever makes the parts decides how large that is. Rows
    that fit in memory are best given as one part, which Polars then spreads over all cores by itself.
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
            frame = _computed(analysis, parts)
        use = EngineUse(
            engine=self.name,
            polars=pl.__version__,
            fell_back=False,
            load_seconds=opened - begin,
            compute_seconds=time.perf_counter() - opened,
            parts=len(parts),
            rows_out=frame.height,
        )
        return Computed(frame, use)


def _computed(analysis: Analysis, parts: Parts) -> pl.DataFrame:
    if len(parts) > 1:
        partials = [collect(partial_plan(analysis, part), ordered=analysis.ordered) for part in parts.parts]
        return collect(analysis.merge(pl.concat(partials).lazy()))
    part = parts.parts[0]
    if isinstance(analysis, Direct):
        return collect(analysis.whole(part.lazy()), ordered=analysis.ordered)
    return collect(analysis.merge(partial_plan(analysis, part)), ordered=analysis.ordered)
