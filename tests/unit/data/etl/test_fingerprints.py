"""A fingerprint stands for the content of rows: equal for equal rows in any order, different for any difference."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.etl.fingerprints import mark

ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-5, 5),
        st.none() | st.sampled_from(["", "a", "ab", "b"]),
        st.none() | st.sampled_from([0.0, -0.0, 1.5, float("nan")]),
        st.none() | st.booleans(),
    ),
    max_size=12,
)
SCHEMA = {"i": pl.Int64(), "s": pl.String(), "f": pl.Float64(), "b": pl.Boolean()}


def frame(rows: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@settings(deadline=None)
@given(rows=ROWS, shuffle=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[Any], shuffle: Any) -> None:
    other = list(rows)
    shuffle.shuffle(other)
    assert mark(frame(rows)) == mark(frame(other))
    assert 0 <= mark(frame(rows)) < 2**63


@settings(deadline=None)
@given(first=ROWS, second=ROWS)
def test_other_rows_have_another_fingerprint(first: list[Any], second: list[Any]) -> None:
    alike = sorted(map(repr, first)) == sorted(map(repr, second))
    if not alike and "-0.0" not in repr(first) + repr(second):
        assert mark(frame(first)) != mark(frame(second))


def test_a_value_cannot_move_to_its_neighbour() -> None:
    assert mark(pl.DataFrame({"s": ["ab", "c"]})) != mark(pl.DataFrame({"s": ["a", "bc"]}))
    assert mark(pl.DataFrame({"s": [None]})) != mark(pl.DataFrame({"s": [""]}))
    assert mark(pl.DataFrame({"a": [1], "b": [2]})) != mark(pl.DataFrame({"a": [2], "b": [1]}))


def test_names_and_types_count() -> None:
    one = pl.DataFrame({"x": [1]})
    assert mark(one) != mark(one.rename({"x": "y"}))
    assert mark(one) != mark(one.cast(pl.Int32))


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (date(2013, 1, 1), date(2013, 1, 2)),
        (datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, 0, 0, 0, 1, tzinfo=UTC)),
        (Decimal("1.10"), Decimal("1.20")),
        ([1, 2], [12]),
        ({"a": 1}, {"a": 2}),
    ],
)
def test_every_type_of_value_counts(value: Any, other: Any) -> None:
    assert mark(pl.DataFrame({"k": [1], "x": [value]}), ["k"]) == mark(pl.DataFrame({"k": [1], "x": [value]}), ["k"])
    assert mark(pl.DataFrame({"k": [1], "x": [value]}), ["k"]) != mark(pl.DataFrame({"k": [1], "x": [other]}), ["k"])


def test_it_never_changes_between_versions() -> None:
    # Written down once: every checkpoint in every lake stands on it.
    rows = frame([(1, "a", 0.5, True), (None, None, None, None)]).with_columns(
        t=pl.Series([datetime(2013, 1, 1, tzinfo=UTC), None], dtype=pl.Datetime("us", "UTC")), d=date(2013, 1, 1)
    )
    assert mark(rows) == 4_002_148_737_552_463_938


def test_no_rows_and_no_columns_have_one_too() -> None:
    assert mark(frame([])) != mark(pl.DataFrame())
