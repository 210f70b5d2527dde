"""Sums and means of numbers at the edges of their types, against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.metrics import Key, Measure, Measures
from workbench.compute import Parts, engines
from workbench.foundation.errors import Invalid

ASKED = Measures((Key("g", "g"),), (Measure("total", "sum", "v"), Measure("average", "mean", "v")))
ALONE = Measures((Key("g", "g"),), (Measure("average", "mean", "v"),))
LARGEST = 2**63 - 1


def computed(values: list[float], dtype: pl.DataType, parts: int = 1, asked: Measures = ASKED) -> dict[str, float]:
    rows = pl.DataFrame({"g": ["a"] * len(values), "v": values}, schema={"g": pl.String(), "v": dtype})
    cuts = [rows[n::parts].lazy() for n in range(parts)]
    return engines.get("local").run(asked, Parts.of(*cuts)).frame.to_dicts()[0]


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([2**62, -(2**62), 5], 5),
        ([LARGEST, -1], LARGEST - 1),
        ([-(2**63), LARGEST, 1], 0),
        ([LARGEST, LARGEST, -(2**63), -(2**63)], -2),
    ],
)
def test_whole_numbers_may_leave_64_bits_on_the_way(values: list[int], total: int, parts: int) -> None:
    found = computed(values, pl.Int64(), parts)
    assert found == {"g": "a", "total": total, "average": total / len(values)}


@pytest.mark.parametrize("parts", [1, 2])
def test_a_sum_beyond_64_bits_is_refused_and_its_mean_is_told(parts: int) -> None:
    with pytest.raises(Invalid, match="cannot be computed on its rows"):
        computed([LARGEST, 1], pl.Int64(), parts)
    assert computed([LARGEST, 1], pl.Int64(), parts, ALONE)["average"] == 2.0**62
    assert computed([2**64 - 1, 2**64 - 1], pl.UInt64(), parts, ALONE)["average"] == 2.0**64
    assert computed([2**62, 2**62], pl.UInt64(), parts, ALONE)["average"] == 2.0**62


@given(st.lists(st.integers(-(2**63), LARGEST), min_size=1, max_size=20), st.integers(1, 3))
def test_the_mean_of_whole_numbers_is_the_nearest_float(values: list[int], parts: int) -> None:
    assert computed(values, pl.Int64(), parts, ALONE)["average"] == pytest.approx(
        float(Fraction(sum(values), len(values))), rel=1e-15, abs=1e-300
    )


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize(
    "values", [[6.6e-34, 6.6e-34], [1e-20, 1e-20], [3e-22, 1e-21], [1e-300, -1e-300], [5e-324], [1e-25, 3.0]]
)
def test_small_floats_are_not_lost(values: list[float], parts: int) -> None:
    found = computed(values, pl.Float64(), parts)
    assert found["total"] == pytest.approx(math.fsum(values), rel=1e-15)
    assert found["average"] == pytest.approx(math.fsum(values) / len(values), rel=1e-15)


@given(st.lists(st.floats(-1e30, 1e30, allow_subnormal=True), min_size=1, max_size=20), st.integers(1, 3))
def test_a_sum_of_floats_is_as_near_as_floats_add_up(values: list[float], parts: int) -> None:
    bound = 1e-15 * sum(map(abs, values)) + 5e-324
    assert computed(values, pl.Float64(), parts)["total"] == pytest.approx(math.fsum(values), abs=bound)
