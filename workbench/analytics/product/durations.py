"""Durations as bins that add up, so that medians of parts can be put together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

__all__ = ["ERROR", "bin_of", "in_fitting_unit", "middle"]

ERROR = 0.01
"""How far a quantile made from bins is from the true one, at most, as a share of it. (The mapping of DDSketch; Masson,
Rim and Lee, 2019.)"""
_UNITS = ((86_400, "days"), (3_600, "h"), (60, "min"))
_STEP = math.log((1 + ERROR) / (1 - ERROR))


def bin_of(microseconds: pl.Expr) -> pl.Expr:
    """The bin of a duration of a millisecond or more; a shorter one is in the bin before all others. Null for null."""
    place = (microseconds.cast(pl.Float64) / 1000).log() / _STEP
    return pl.when(microseconds >= 1000).then(place.ceil().cast(pl.Int32)).when(microseconds >= 0).then(-1)


def middle(bins: pl.Expr) -> pl.Expr:
    """What a duration in a bin is taken for, in seconds."""
    upper = (bins.cast(pl.Float64) * _STEP).exp() / 1000
    return pl.when(bins < 0).then(0.0).otherwise(upper * 2 / (1 + math.exp(_STEP)))


def in_fitting_unit(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[pl.DataFrame, str]:
    """Columns of seconds in the largest unit of which half of their lengths are two or more, and that unit's sign."""
    lengths = (
        pl.concat([frame[name].cast(pl.Float64) for name in columns]) if columns else pl.Series([], dtype=pl.Float64)
    )
    middle_length = lengths.filter(lengths > 0).median()
    found = middle_length if isinstance(middle_length, float) else 0.0
    size, sign = next(((size, sign) for size, sign in _UNITS if found >= 2 * size), (1, "s"))
    return frame.with_columns(pl.col(name) / size for name in columns), sign
