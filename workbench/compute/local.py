"""The engine of this process."""

from __future__ import annotations

import time
from collections.abc import Sequence

import polars as pl

from workbench.compute.model import Analysis, Computed, Direct, EngineUse
from workbench.compute.polars_versions import collect
from workbench.foundation.errors import Invalid

__all__ = ["LocalEngine"]


class LocalEngine:
    """Runs an analysis in this process: one plan over a single part, else part after part.

    Going part after part bounds memory by the largest part; whoever makes the parts decides how large that is. Rows
    that fit in memory are best given as one part, which Polars then spreads over all cores by itself.
    """

    name = "local"

    def run(self, analysis: Analysis, parts: Sequence[pl.LazyFrame]) -> Computed:
        """Runs `analysis` over `parts`.

        Raises:
            Invalid: There is no part, or the parts' columns do not fit the analysis or each other.
        """
        if not parts:
            raise Invalid(f"the analysis '{analysis.name}' got no rows to run on, not even an empty part")
        begin = time.perf_counter()
        schemas = [part.collect_schema() for part in parts]
        if any(schema != schemas[0] for schema in schemas[1:]):
            raise Invalid(f"the parts given to the analysis '{analysis.name}' do not have the same columns")
        opened = time.perf_counter()
        try:
            frame = collect(_plan(analysis, parts))
        except (pl.exceptions.ColumnNotFoundError, pl.exceptions.SchemaError) as error:
            raise Invalid(f"the analysis '{analysis.name}' does not fit its rows: {_first_line(error)}") from error
        except pl.exceptions.InvalidOperationError as error:
            raise _not_computed(analysis, error) from error
        except (pl.exceptions.ComputeError, pl.exceptions.PanicException) as error:
            if "overflow" not in str(error):
                raise
            raise _not_computed(analysis, error) from error
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


def _plan(analysis: Analysis, parts: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    if len(parts) > 1:
        return analysis.merge(pl.concat([collect(analysis.partial(part)) for part in parts]).lazy())
    if isinstance(analysis, Direct):
        return analysis.whole(parts[0])
    return analysis.merge(analysis.partial(parts[0]))


def _not_computed(analysis: Analysis, error: BaseException) -> Invalid:
    return Invalid(
        f"the analysis '{analysis.name}' cannot be computed on its rows: {_first_line(error)}",
        hint="a value does not fit the type it is cast to, or a result is too large for its own",
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0]
