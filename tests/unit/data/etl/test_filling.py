"""Missing values, against naive loops."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.etl import fill_nulls
from workbench.foundation.errors import Conflict, Invalid, NotFound

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]), st.integers(-5, 5), st.none() | st.integers(-9, 9) | st.just(math.nan)
    ),
    max_size=25,
)


def frame_of(rows: list[tuple[Any, int, Any]]) -> pl.DataFrame:
    values = [None if value is None else float(value) for _, _, value in rows]
    schema = {"g": pl.String(), "o": pl.Int64(), "x": pl.Float64()}
    return pl.DataFrame({"g": [g for g, _, _ in rows], "o": [o for _, o, _ in rows], "x": values}, schema=schema)


def missing(value: float | None) -> bool:
    return value is None or math.isnan(value)


def filled(values: list[float | None], how: str) -> list[float | None]:
    there = [value for value in values if value is not None and not math.isnan(value)]
    found: list[float | None] = []
    for at, value in enumerate(values):
        if value is not None and not math.isnan(value):
            found.append(value)
            continue
        before = next(((n, v) for n, v in reversed(list(enumerate(values[:at]))) if not missing(v)), None)
        after = next(((n, v) for n, v in enumerate(values) if n > at and not missing(v)), None)
        made: float | None = None
        if how == "mean" and there:
            made = sum(there) / len(there)
        elif how == "median" and there:
            middle = sorted(there)
            made = (middle[(len(middle) - 1) // 2] + middle[len(middle) // 2]) / 2
        elif how == "mode" and there:
            counted = Counter(there)
            made = min(v for v, n in counted.items() if n == max(counted.values()))
        elif how == "forward" and before:
            made = before[1]
        elif how == "backward" and after:
            made = after[1]
        elif how == "interpolate" and before and after:
            assert before[1] is not None
            assert after[1] is not None
            made = before[1] + (after[1] - before[1]) * (at - before[0]) / (after[0] - before[0])
        found.append(made)
    return found


@pytest.mark.parametrize("how", ["mean", "median", "mode", "forward", "backward", "interpolate"])
@given(rows=ROWS, grouped=st.booleans(), ordered=st.booleans())
def test_filling_is_what_a_loop_does(how: Any, rows: list[tuple[Any, int, Any]], grouped: bool, ordered: bool) -> None:
    frame = frame_of(rows)
    made = fill_nulls(frame, "x", how=how, by="g" if grouped else (), order="-o" if ordered else (), flag=True)
    expected: list[float | None] = [None] * len(rows)
    order = sorted(range(len(rows)), key=lambda at: -rows[at][1]) if ordered else list(range(len(rows)))
    for key in {rows[at][0] for at in order} if grouped else {None}:
        mine = [at for at in order if not grouped or rows[at][0] == key]
        for at, value in zip(mine, filled(frame["x"].gather(mine).to_list(), how), strict=True):
            expected[at] = value
    assert made["x"].to_list() == pytest.approx(expected)
    assert made["x_missing"].to_list() == [missing(value) for value in frame["x"].to_list()]
    assert made.select("g", "o").equals(frame.select("g", "o"))


def test_texts_have_a_mode_and_a_value_before() -> None:
    frame = pl.DataFrame({"x": ["b", None, "a", "a", "b", None], "n": [1, None, None, 3, None, 5]})
    assert fill_nulls(frame, "x", how="mode")["x"].to_list() == ["b", "a", "a", "a", "b", "a"]
    assert fill_nulls(frame, "x", "n", how="forward")["n"].to_list() == [1, 1, 1, 3, 3, 5]
    assert fill_nulls(frame, "n", how="mean")["n"].to_list() == [1, 3, 3, 3, 3, 5]
    assert fill_nulls(frame, "n", how="mean").schema["n"] == pl.Float64
    both = fill_nulls(frame, "x", how="backward", n=0, flag=True)
    assert both["n"].to_list() == [1, 0, 0, 3, 0, 5]
    assert both["n_missing"].to_list() == [False, True, True, False, True, False]
    assert both["x"].to_list() == ["b", "a", "a", "a", "b", None]


def test_what_cannot_be_filled_is_refused() -> None:
    frame = pl.DataFrame({"x": ["b", None], "y": [1, None], "y_missing": [1, 2]})
    with pytest.raises(Invalid, match="'x' is String, which has no mean"):
        fill_nulls(frame, "x", how="mean")
    with pytest.raises(Invalid, match="did you mean 'median'"):
        fill_nulls(frame, "y", how="medain")  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="needs columns"):
        fill_nulls(frame, how="mean")
    with pytest.raises(NotFound, match="no column 'z'"):
        fill_nulls(frame, "y", how="mean", by="z")
    with pytest.raises(Conflict, match="'y_missing' already"):
        fill_nulls(frame, y=0, flag=True)
