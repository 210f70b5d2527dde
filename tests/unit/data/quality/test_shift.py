"""Distribution shift: what SciPy says of the same bins, and what a reference may be."""

from __future__ import annotations

import bisect
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.special import rel_entr
from scipy.stats import ks_2samp

from workbench.data.lake import Datasets, Lake
from workbench.data.quality import Outcome, Suite, check, shift
from workbench.data.quality.shift import LEAST_SHARE, Shift
from workbench.data.quality.surroundings import Surroundings
from workbench.data.sql import Limits, SqlDoor
from workbench.governance.runs import Actor

NUMBERS = st.lists(st.none() | st.floats(-50, 50) | st.just(math.nan) | st.integers(-2, 2).map(float), max_size=60)
TEXTS = st.lists(st.none() | st.sampled_from(["a", "b", "c", "d", "e"]), max_size=40)
PROBLEM = "there are no values to compare"


class Before:
    """A reference that is given as a frame."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def rows_of(self, dataset: str | None, version: int | None = None) -> pl.LazyFrame:
        return self._frame.lazy()


def frame(values: list[Any], kind: Any) -> pl.DataFrame:
    return pl.DataFrame({"x": values}, schema={"x": kind})


def figures(now: pl.DataFrame, before: pl.DataFrame, bins: int, *, ordered: bool = True) -> tuple[float, float | None]:
    """PSI and KS of what the expectation measures, of texts only PSI."""
    wanted = Shift(expect="shift", column="x", dataset="before", psi=1e-9, bins=bins)
    prepared = wanted.prepared(now.schema, Before(before), now.lazy())  # type: ignore[arg-type]
    measured = now.lazy().select(one.alias(f"{at}") for at, one in enumerate(prepared.measures)).collect().row(0)
    held = Before(before).rows_of(None).select(pl.col("x").cast(pl.Float64).fill_nan(None) if ordered else "x")
    names = held.drop_nulls().rename({"x": "value"})
    bounds: Any = shift._quantiles(names, bins) if ordered else shift._most_frequent(names, bins)
    counted = names.select(
        one.alias(f"{at}") for at, one in enumerate(shift._measures(pl.col("value"), bounds))
    ).collect()
    p, q = shift._shares(measured, ordered), shift._shares(counted.row(0), ordered)
    return shift.psi(p, q), shift.ks(p, q) if ordered else None


def present(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None and value == value]


def floored_psi(p: list[float], q: list[float]) -> float:
    high, low = np.maximum(p, LEAST_SHARE), np.maximum(q, LEAST_SHARE)
    return float(np.sum(rel_entr(high, low) + rel_entr(low, high)))


@examples(few=40, many=500)
@given(now=NUMBERS.filter(present), before=NUMBERS.filter(present), bins=st.integers(2, 12))
def test_numbers_differ_as_scipy_says(now: list[Any], before: list[Any], bins: int) -> None:
    mine, yours = present(now), sorted(present(before))
    ends = sorted({yours[math.floor((len(yours) - 1) * (part / bins))] for part in range(bins + 1)})

    def bin_of(value: float) -> int:  # 0 is below the least; the last is above the greatest
        return 0 if value < ends[0] else 1 + bisect.bisect_left(ends, value)

    places = [[bin_of(value) for value in values] for values in (mine, yours)]
    p, q = ([one.count(at) / len(one) for at in range(len(ends) + 2)] for one in places)
    psi, ks = figures(frame(now, pl.Float64()), frame(before, pl.Float64()), bins)
    assert psi == pytest.approx(floored_psi(p, q), abs=1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):  # its p-value, which nobody asks for
        assert ks == pytest.approx(ks_2samp(places[0], places[1], method="asymp").statistic, abs=1e-12)
        assert ks <= ks_2samp(mine, yours, method="asymp").statistic + 1e-12


@examples(few=40, many=500)
@given(now=TEXTS.filter(present), before=TEXTS.filter(present), bins=st.integers(2, 6))
def test_texts_differ_as_scipy_says(now: list[Any], before: list[Any], bins: int) -> None:
    mine, yours = present(now), present(before)
    listed = sorted(set(yours), key=lambda value: (-yours.count(value), value))[:bins]
    p, q = ([one.count(value) / len(one) for value in listed] for one in (mine, yours))
    psi, _ = figures(frame(now, pl.String()), frame(before, pl.String()), bins, ordered=False)
    assert psi == pytest.approx(floored_psi([*p, 1 - sum(p)], [*q, 1 - sum(q)]), abs=1e-9)


@pytest.fixture
def compare(lake: Lake, admin: Actor, datasets: Datasets) -> Any:
    lake.create("sales", frame([float(value % 100) for value in range(1_000)], pl.Float64()), admin)
    lake.create("texts", frame(["a", "b"], pl.String()), admin)

    def found(**keys: Any) -> Outcome:
        given = {"expect": "shift", "column": "x", "psi": 0.2, **keys}
        suite = Suite.model_validate({"dataset": "sales", "expectations": [given]})
        around = Surroundings(lake, SqlDoor(lake, Limits(60, 500)), admin, "sales", lake.version("sales"))
        return check(datasets["sales"].lazy(), suite, around).outcomes[0]

    return found


def test_a_version_and_another_dataset_are_references(compare: Any, lake: Lake, admin: Actor) -> None:
    assert compare(version=0, ks=0.01).passed
    lake.overwrite("sales", frame([float(50 + value % 100) for value in range(1_000)], pl.Float64()), admin)
    shifted = compare(version=0, ks=0.2)
    assert not shifted.passed
    assert shifted.problem.startswith("PSI is ")
    assert shifted.problem.endswith(" and KS is 0.5")
    assert compare(dataset="sales").passed
    assert compare(version=0, psi=None, ks=0.5).passed


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"dataset": "sale"}, "no dataset 'sale'; did you mean 'sales'?"),
        ({"version": 9}, "9"),
        ({"dataset": "texts"}, "that cannot be told: x is Float64, and in the reference String"),
        ({"column": "y", "version": 0}, "there is no column 'y'"),
    ],
)
def test_a_reference_that_is_none_is_told(compare: Any, keys: dict[str, Any], problem: str) -> None:
    outcome = compare(**keys)
    assert not outcome.passed
    assert problem in outcome.problem


def test_without_values_there_is_nothing_to_compare(compare: Any, lake: Lake, admin: Actor) -> None:
    lake.overwrite("sales", frame([None, math.nan], pl.Float64()), admin)
    assert compare(version=0).problem == PROBLEM
    assert compare(version=1).problem == "the reference has no values"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"psi": 0.1}, "needs a dataset, a version or both"),
        ({"version": 1}, "needs a bound: psi, ks or both"),
        ({"version": 1, "ks": 2}, "less than or equal to 1"),
        ({"version": 1, "psi": 0.1, "mostly": 0.5}, "has no 'mostly'"),
    ],
)
def test_keys_that_say_too_little_are_refused(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Shift.model_validate({"expect": "shift", "column": "x", **keys})
