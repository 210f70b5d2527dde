"""How many values are there more than once, of types whose values have a fixed size."""

from __future__ import annotations

import numpy as np
import polars as pl

__all__ = ["countable", "repeated"]

# A place per value between the least and the greatest is looked up by the value itself; so many places per value.
_PLACES = 16
_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)


def countable(dtype: pl.DataType) -> bool:
    """Whether `repeated` tells it of values of this type."""
    return dtype.is_integer() or dtype.is_float() or dtype.is_temporal()


def repeated(values: pl.Series) -> int:
    """How many values some other one is equal to; exact, and null is equal to nothing.

    Whole numbers that lie close together, as keys do, are marked in a row of places, which takes a tenth of the time of
    sorting; others are sorted, so that equal ones lie together, which takes a third of the time of hashing.
    """
    values = values.drop_nulls()
    if len(values) < 2 or _marked_apart(values.to_physical()):
        return 0
    values = values.sort()
    as_before = (values == values.shift()).fill_null(False)
    return int((as_before | as_before.shift(-1, fill_value=False)).sum())


def _marked_apart(values: pl.Series) -> bool:
    """Whether each has a place of its own; False also where it takes too many places to tell."""
    if values.dtype not in _WHOLE:
        return False
    least, most = values.min(), values.max()
    assert isinstance(least, int)
    assert isinstance(most, int)
    if most - least >= _PLACES * len(values):
        return False
    places = np.zeros(most - least + 1, np.bool_)
    for chunk in values.get_chunks():
        places[chunk.cast(pl.Int64).to_numpy() - least] = True
    return int(np.count_nonzero(places)) == len(values)
