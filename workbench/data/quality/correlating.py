"""How columns of numbers go together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from workbench.data.quality.profile import Correlations

__all__ = ["correlated"]

MOST_COLUMNS = 100
_LEAST_ROWS = 3
_AT_A_TIME = 65_536
# A column whose spread, measured by its size, is less than this is one value and rounding.
_ROUNDING = 1e-12


def correlated(columns: Mapping[str, pl.Series]) -> Correlations:
    """Pearson's correlation of each pair, over the rows where both are finite.

    Args:
        columns: Numbers, as many in each; the first hundred are looked at.
    """
    names = tuple(columns)[:MOST_COLUMNS]
    if not names:
        return Correlations((), (), ())
    # About a column's own middle and in its own measure, sums of squares lose no digits and do not overflow.
    measures = [_measure(columns[name].cast(pl.Float64)) for name in names]
    sizes, middles, spreads = (np.array(one) for one in zip(*measures, strict=True))
    flat = spreads < _ROUNDING
    width = len(names)
    pairs, sums, squares, together = (np.zeros((width, width)) for _ in range(4))
    for start in range(0, len(columns[names[0]]), _AT_A_TIME):
        block = [columns[name].slice(start, _AT_A_TIME).cast(pl.Float64).to_numpy() for name in names]
        values = np.column_stack(block)
        there = np.isfinite(values)
        values = np.where(there, values, 0.0) / sizes - middles
        values = np.where(there, values, 0.0) / np.where(flat, 1.0, spreads)
        mask = there.astype(np.float64)
        pairs += mask.T @ mask
        sums += values.T @ mask
        squares += (values**2).T @ mask
        together += values.T @ values
    many = np.maximum(pairs, 1.0)
    alone = np.maximum(squares - sums**2 / many, 0.0)
    below = np.sqrt(alone) * np.sqrt(alone.T)
    varies = np.minimum(alone, alone.T) > _ROUNDING * many
    told = (pairs >= _LEAST_ROWS) & varies & ~flat[:, None] & ~flat[None, :]
    found = np.divide(together - sums * sums.T / many, below, out=np.zeros_like(below), where=told).clip(-1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return Correlations(
        names,
        tuple(
            tuple(float(value) if known else None for value, known in zip(row, knows, strict=True))
            for row, knows in zip(found, told, strict=True)
        ),
        tuple(tuple(int(count) for count in row) for row in pairs),
    )


def _measure(values: pl.Series) -> tuple[float, float, float]:
    """A column's size, and its middle and spread where that is one; of what is finite."""
    finite = values.filter(values.is_finite())
    if not finite.len():
        return 1.0, 0.0, 0.0
    size = max(1e-300, float(finite.abs().max()))  # type: ignore[arg-type]
    scaled = finite / size
    return size, float(scaled.mean()), float(scaled.std(ddof=0) or 0.0)  # type: ignore[arg-type]
