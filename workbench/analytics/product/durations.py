"""Durations as bins that add up, so that medians of parts can be put together."""

from __future__ import annotations

import math

import polars as pl

__all__ = ["ERROR", "bin_of", "middle"]

ERROR = 0.01
"""How far a quantile made from bins is from the true one, at most, as a share of it. (The mapping of DDSketch; Masson,
Rim and Lee, 2019.)"""
_STEP = math.log((1 + ERROR) / (1 - ERROR))


def bin_of(microseconds: pl.Expr) -> pl.Expr:
    """The bin of a duration of a millisecond or more; a shorter one is in the bin before all others. Null for null."""
    place = (microseconds.cast(pl.Float64) / 1000).log() / _STEP
    return pl.when(microseconds >= 1000).then(place.ceil().cast(pl.Int32)).when(microseconds >= 0).then(-1)


def middle(bins: pl.Expr) -> pl.Expr:
    """What a duration in a bin is taken for, in seconds."""
    upper = (bins.cast(pl.Float64) * _STEP).exp() / 1000
    return pl.when(bins < 0).then(0.0).otherwise(upper * 2 / (1 + math.exp(_STEP)))
