"""About where a share of the values lies, from a histogram whose bars are as wide as 2 % of where they stand.

The buckets of Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
guarantees" (PVLDB 12, 2019): the values from g^(i-1) to g^i, with g = 1.01 / 0.99, are bucket i and stand for each
other by 2 g^i / (g + 1), which is at most 1 % off any of them. Negative values have buckets of their own, and so have
0 and the infinities. How many values are in each bucket adds up over parts that may be cut anywhere.

A quantile is taken of the buckets as `quantiles` takes it of values: between the two neighbours of its place, each at
most 1 % off. So it is at most 1 % off itself, where both have one sign; else 1 % of the larger.
"""

from __future__ import annotations

import math
import sys
from typing import Final

import polars as pl

__all__ = ["RELATIVE_ERROR", "bucket", "value_of_bucket"]

RELATIVE_ERROR: Final = 0.01
_LOG_GROWTH: Final = math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR))
_LOG_MIDDLE: Final = math.log(1 - RELATIVE_ERROR)  # of a bucket below its upper end: 2 / (g + 1)
_ONE: Final = 40_000  # the bucket that ends with 1
_FEWEST: Final = 34_500  # so many buckets below it what is left is 0: values nearer to 0 than 1e-299
_MOST: Final = 36_000  # more than there are buckets above it for finite values: that of infinity


def bucket(value: pl.Expr) -> pl.Expr:
    """The bucket of each value: Int32, null for null; in the order of the values.

    Args:
        value: Float64 without NaN.
    """
    place = (value.abs().log() / _LOG_GROWTH).clip(-_FEWEST, _MOST).ceil() + _ONE
    negative = (value < 0) & (place > _ONE - _FEWEST)  # what is nearly 0 has one bucket: there is no other 0 below it
    return pl.when(negative).then(-place).otherwise(place).cast(pl.Int32)


def value_of_bucket(place: pl.Expr) -> pl.Expr:
    """What stands for the values of a bucket: Float64."""
    size = place.abs() - _ONE
    middle = (size.cast(pl.Float64) * _LOG_GROWTH + _LOG_MIDDLE).exp().clip(upper_bound=sys.float_info.max)
    middle = pl.when(size == _MOST).then(pl.lit(math.inf)).when(size > -_FEWEST).then(middle).otherwise(pl.lit(0.0))
    return pl.when(place < 0).then(0.0 - middle).otherwise(middle)
