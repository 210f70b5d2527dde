"""Every kind of expectation about rows finds the rows that a plain loop over them finds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.quality import Suite, check

NUMBERS = st.none() | st.sampled_from([-2.0, 0.0, 0.5, 1.0, 7.25, math.nan, math.inf, -math.inf])
WHOLE = st.none() | st.integers(-3, 3)
TEXTS = st.none() | st.sampled_from(["", "a", "ab", "ABC", "äö", "日本語", "a\nb", "x" * 9]) | st.text(max_size=4)
ROWS = st.lists(st.tuples(NUMBERS, WHOLE, TEXTS), max_size=25)
SCHEMA = {"x": pl.Float64(), "n": pl.Int64(), "t": pl.String()}


def missing(value: Any) -> bool:
    return value is None or value != value


def found(rows: list[tuple[Any, ...]], *expectations: dict[str, Any]) -> list[Any]:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    suite = Suite.model_validate({"dataset": "rows", "expectations": expectations})
    return list(check(frame, suite).outcomes)


KINDS: list[tuple[dict[str, Any], Callable[[Any, Any, Any], bool]]] = [
    ({"expect": "not_null", "column": "x"}, lambda x, n, t: missing(x)),
    ({"expect": "not_null", "column": "t"}, lambda x, n, t: missing(t)),
    ({"expect": "between", "column": "x", "min": 0, "max": 1}, lambda x, n, t: not missing(x) and not 0 <= x <= 1),
    ({"expect": "between", "column": "x", "max": 0.5}, lambda x, n, t: not missing(x) and x > 0.5),
    ({"expect": "between", "column": "n", "min": 1}, lambda x, n, t: n is not None and n < 1),
    ({"expect": "in_set", "column": "n", "values": [1, 2]}, lambda x, n, t: n is not None and n not in (1, 2)),
    ({"expect": "in_set", "column": "x", "values": [1, 0.5]}, lambda x, n, t: not missing(x) and x not in (1, 0.5)),
    ({"expect": "in_set", "column": "t", "values": ["a", ""]}, lambda x, n, t: t is not None and t not in ("a", "")),
    (
        {"expect": "matches", "column": "t", "regex": "^[a-c]+"},
        lambda x, n, t: t is not None and not re.search("^[a-c]+", t),
    ),
    (
        {"expect": "length", "column": "t", "min": 1, "max": 3},
        lambda x, n, t: t is not None and not 1 <= len(t) <= 3,
    ),
    ({"expect": "length", "column": "t", "min": 2}, lambda x, n, t: t is not None and len(t) < 2),
    (
        {"expect": "holds", "sql": "n > x"},
        lambda x, n, t: n is not None and not missing(x) and not n > x,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("expectation", "fails"), KINDS, ids=lambda one: repr(one) if isinstance(one, dict) else "")
@examples(few=20, many=300)
@given(rows=ROWS)
def test_rows_that_do_not_fit_are_those_of_a_loop(
    expectation: dict[str, Any], fails: Callable[..., bool], rows: list[tuple[Any, ...]]
) -> None:
    (outcome,) = found(rows, expectation)
    bad = [place for place, row in enumerate(rows) if fails(*row)]
    assert outcome.problem == ""
    assert (outcome.failed, outcome.rows, outcome.passed) == (len(bad), len(rows), not bad)
    assert [row["row"] for row in outcome.sample] == bad[:5]


@examples(few=30, many=500)
@given(rows=ROWS)
def test_no_two_rows_are_alike_in_several_columns_together(rows: list[tuple[Any, ...]]) -> None:
    for columns, places in ((["n"], (1,)), (["n", "t"], (1, 2)), (["x", "n"], (0, 1))):
        (outcome,) = found(rows, {"expect": "unique", "columns": columns})
        keys = [tuple(row[at] for at in places) for row in rows]
        whole = [key for key in keys if not any(map(missing, key))]
        bad = [at for at, key in enumerate(keys) if key in whole and whole.count(key) > 1]
        assert outcome.failed == len(bad)
        assert [row["row"] for row in outcome.sample] == bad[:5]


@examples(few=30, many=300)
@given(rows=ROWS, least=st.integers(0, 25), more=st.integers(0, 5))
def test_all_kinds_together_find_what_each_finds_alone(rows: list[tuple[Any, ...]], least: int, more: int) -> None:
    kinds = [
        *(expectation for expectation, _ in KINDS),
        {"expect": "row_count", "min": least, "max": least + more},
        {"expect": "type", "column": "x", "type": "number"},
    ]
    together = found(rows, *kinds)
    assert [(one.failed, one.passed, one.problem) for one in together] == [
        (one.failed, one.passed, one.problem) for kind in kinds for one in found(rows, kind)
    ]
    assert together[-2].passed == (least <= len(rows) <= least + more)


@examples(few=50, many=1_000)
@given(
    values=st.lists(st.none() | st.integers(-3, 3), max_size=40),
    low=st.integers(-3, 3),
    hundredths=st.integers(1, 100),
)
def test_mostly_lets_exactly_its_share_of_rows_fail(values: list[int | None], low: int, hundredths: int) -> None:
    rows = [(None, value, None) for value in values]
    (outcome,) = found(rows, {"expect": "between", "column": "n", "min": low, "mostly": hundredths / 100})
    bad = sum(value is not None and value < low for value in values)
    assert outcome.failed == bad
    assert outcome.passed == (not bad or 100 * (len(values) - bad) >= hundredths * len(values))


def test_a_value_that_is_no_number_is_missing_and_shown_as_it_is() -> None:
    (kept,) = found([(math.nan, 1, "a"), (1.0, 2, "b")], {"expect": "not_null", "column": "x"})
    assert kept.failed == 1
    assert math.isnan(kept.sample[0]["x"])


def test_a_column_may_be_called_as_the_number_of_rows_is() -> None:
    frame = pl.DataFrame({"row": [1.0, None], "row as it is": [2.0, 3.0]})
    suite = Suite.model_validate({"dataset": "rows", "expectations": [{"expect": "not_null", "column": "row"}]})
    assert check(frame, suite).outcomes[0].sample == ({"row_": 1, "row": None},)
