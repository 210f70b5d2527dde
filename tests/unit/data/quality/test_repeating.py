"""Values that are there more than once, against a loop: in places of their own, and sorted."""

from __future__ import annotations

from collections import Counter
from datetime import date

import polars as pl
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.quality.repeating import repeated

WIDE = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), 2**63 - 1, 0])
VALUES = st.lists(st.none() | st.integers(-20, 20), max_size=30) | st.lists(st.none() | WIDE, max_size=30)


@examples(few=60, many=1_000)
@given(values=VALUES, cut=st.integers(0, 30))
def test_whole_numbers_close_together_and_far_apart(values: list[int | None], cut: int) -> None:
    series = pl.Series(values, dtype=pl.Int64)
    series = series[:cut].append(series[cut:])  # in two chunks
    counts = Counter(value for value in values if value is not None)
    assert repeated(series) == sum(count for count in counts.values() if count > 1)


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64])
def test_the_ends_of_each_type(dtype: pl.DataType) -> None:
    least, most = (pl.select(bound).item() for bound in (dtype.min(), dtype.max()))
    assert repeated(pl.Series([least, most, least + 1], dtype=dtype)) == 0
    assert repeated(pl.Series([least, most, least, most, most], dtype=dtype)) == 5
    assert repeated(pl.Series(range(100), dtype=dtype)) == 0
    assert repeated(pl.Series([*range(100), 7], dtype=dtype)) == 2


def test_others_than_whole_numbers() -> None:
    assert repeated(pl.Series([date(2013, 1, 1), date(2013, 1, 2), date(2013, 1, 1), None, None])) == 2
    assert repeated(pl.Series([0.5, 1.5, 0.5, None])) == 2
    assert repeated(pl.Series([1, 1], dtype=pl.Int128)) == 2
