"""The one file that knows what differs between Polars 1.44 (what the GPU set imposes) and 2.x.

- `collect()` without an engine means in-memory on 1.44 and streaming on 2.x: the engine is always named.
- `LazyFrame.profile()` is gone in 2.x, so nobody asks for per-node timings.
- SQL `a / b` and `round()` give Decimals on 2.x where a literal is written with a decimal point, floats on 1.44:
  results of expressions are cast by whoever needs one type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

__all__ = ["collect", "collect_all", "collect_batches"]


def collect(plan: pl.LazyFrame, *, ordered: bool = False) -> pl.DataFrame:
    """Runs a plan in this process.

    Args:
        ordered: The plan depends on the order of its rows (shifts, fills, cumulative sums without a sort of their
            own) and runs on the in-memory executor, which keeps it. Others run on the streaming one.
    """
    return plan.collect(engine="in-memory" if ordered else "streaming")


def collect_all(plans: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
    """Runs several plans at once; what they share (a scan, a derived column) is done once."""
    return pl.collect_all(list(plans), engine="streaming")


def collect_batches(plan: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    """Runs a plan as its result is asked for, in frames of about so many rows, in order; none where it has no rows."""
    return plan.collect_batches(chunk_size=rows, maintain_order=True, lazy=True, engine="streaming")
