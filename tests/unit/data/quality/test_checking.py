"""Checks find every row that does not fit, and say which."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import polars as pl
import pytest

from workbench.data.quality import QualityResult, Suite, check, gate
from workbench.foundation.errors import CheckFailed, Invalid

FRAME = pl.DataFrame(
    {
        "id": [1, 2, 2, None, None],
        "carrier": ["UA", "AA", None, "b6", "UA"],
        "delay": [2.0, -70.0, None, 15.0, 2000.0],
        "day": [date(2013, 1, 1)] * 4 + [None],
        "at": [datetime(2013, 1, 1, tzinfo=UTC)] * 5,
    }
)


def outcome(expectation: dict[str, Any], frame: Any = FRAME) -> Any:
    return check(frame, suite(expectation)).outcomes[0]


def suite(*expectations: dict[str, Any]) -> Suite:
    return Suite.model_validate({"dataset": "flights", "expectations": expectations})


@pytest.mark.parametrize(
    ("expectation", "failed", "first"),
    [
        ({"expect": "not_null", "column": "carrier"}, 1, 2),
        ({"expect": "unique", "columns": ["id"]}, 2, 1),
        ({"expect": "unique", "columns": ["id", "carrier"]}, 0, None),
        ({"expect": "between", "column": "delay", "min": -60, "max": 1440}, 2, 1),
        ({"expect": "between", "column": "delay", "min": -70}, 0, None),
        ({"expect": "between", "column": "delay", "max": 14.9}, 2, 3),
        ({"expect": "between", "column": "day", "min": "2013-01-02"}, 4, 0),
        ({"expect": "between", "column": "at", "max": "2012-12-31T23:59:59Z"}, 5, 0),
        ({"expect": "in_set", "column": "carrier", "values": ["UA", "AA"]}, 1, 3),
        ({"expect": "in_set", "column": "id", "values": [1]}, 2, 1),
        ({"expect": "in_set", "column": "id", "values": [1.0, 2.5]}, 2, 1),
        ({"expect": "in_set", "column": "delay", "values": [2, 15]}, 2, 1),
        ({"expect": "matches", "column": "carrier", "regex": "^[A-Z]{2}$"}, 1, 3),
        ({"expect": "holds", "sql": "delay > -60 OR carrier = 'AA'"}, 0, None),
        ({"expect": "holds", "sql": "id = 1 OR delay > 0"}, 1, 1),
    ],
)
def test_rows_that_do_not_fit_are_counted_and_shown(
    expectation: dict[str, Any], failed: int, first: int | None
) -> None:
    found = outcome(expectation)
    assert (found.failed, found.rows, found.passed) == (failed, 5, failed == 0)
    assert [row["row"] for row in found.sample[:1]] == ([] if first is None else [first])
    assert found.problem == ""


@pytest.mark.parametrize(
    ("expectation", "passed", "problem"),
    [
        ({"expect": "row_count", "min": 5, "max": 5}, True, ""),
        ({"expect": "row_count", "min": 6}, False, "there are 5"),
        ({"expect": "row_count", "max": 4}, False, "there are 5"),
        ({"expect": "type", "column": "id", "type": "integer"}, True, ""),
        ({"expect": "type", "column": "id", "type": "number"}, True, ""),
        ({"expect": "type", "column": "delay", "type": "integer"}, False, "it is Float64"),
        ({"expect": "type", "column": "day", "type": "date"}, True, ""),
        ({"expect": "type", "column": "at", "type": "time"}, True, ""),
        ({"expect": "type", "column": "carrier", "type": "text"}, True, ""),
        ({"expect": "type", "column": "carrier", "type": "boolean"}, False, "it is String"),
        ({"expect": "not_null", "column": "carier"}, False, "there is no column 'carier'; did you mean 'carrier'?"),
        ({"expect": "holds", "sql": "dely > 1"}, False, "there is no column 'dely'; did you mean 'delay'?"),
        ({"expect": "holds", "sql": "delay + 1"}, False, "the expectation is not a condition: delay + 1"),
        ({"expect": "holds", "sql": "delay > avg(delay)"}, False, "looks across rows"),
        ({"expect": "between", "column": "carrier", "min": 1}, False, "that cannot be told: carrier is String"),
        ({"expect": "matches", "column": "delay", "regex": "x"}, False, "that cannot be told: delay is Float64"),
        ({"expect": "length", "column": "id", "min": 1}, False, "that cannot be told: id is Int64"),
    ],
)
def test_what_is_not_about_single_rows_says_what_was_found(
    expectation: dict[str, Any], passed: bool, problem: str
) -> None:
    found = outcome(expectation)
    assert found.passed is passed
    assert problem in found.problem


def test_all_failures_are_in_one_result_and_the_gate_names_each() -> None:
    result = check(
        FRAME,
        suite(
            {"expect": "not_null", "column": "carrier"},
            {"expect": "between", "column": "delay", "max": 1440},
            {"expect": "not_null", "column": "day", "severity": "warn"},
            {"expect": "row_count", "min": 1},
            {"expect": "unique", "columns": ["id"]},
        ),
    )
    assert not result.passed
    assert [found.expect for found in result.failures] == ["not_null", "between", "unique"]
    assert [found.expect for found in result.warnings] == ["not_null"]
    with pytest.raises(CheckFailed) as refused:
        gate(result)
    assert str(refused.value) == (
        "the frame does not meet 3 of 5 expectations: "
        "carrier is never null: 1 of 5 rows does not fit (20.00%), e.g. row=2, carrier=null, id=2; "
        "delay is at most 1440: 1 of 5 rows does not fit (20.00%), e.g. row=4, delay=2000.0, id=null; "
        "id is unique: 2 of 5 rows do not fit (40.00%), e.g. row=1, id=2"
    )


def test_what_cannot_be_computed_of_a_value_leaves_the_others_and_quotes_nothing() -> None:
    result = check(
        FRAME,
        suite({"expect": "holds", "sql": "CAST(carrier AS INT) > 1"}, {"expect": "not_null", "column": "carrier"}),
    )
    odd, other = result.outcomes
    assert (odd.passed, odd.failed, odd.problem) == (False, 5, "it cannot be computed of some of the values")
    assert odd.sample == ()
    assert (other.failed, len(other.sample)) == (1, 1)


def test_warnings_pass_the_gate() -> None:
    result = check(FRAME, suite({"expect": "not_null", "column": "day", "severity": "warn"}))
    assert gate(result) is result
    assert result.verdict == "the frame passed: 0 of 1 expectations met over 5 rows, 1 of the others only warn"


def test_no_rows_pass_what_is_about_rows() -> None:
    result = check(FRAME.clear(), suite({"expect": "not_null", "column": "day"}, {"expect": "unique", "columns": "id"}))
    assert result.passed
    assert result.rows == 0


def test_frames_of_other_kinds_are_checked_too() -> None:
    frame = pd.DataFrame({"id": [1, 1], "carrier": ["UA", None]})
    assert outcome({"expect": "not_null", "column": "carrier"}, frame).failed == 1
    with pytest.raises(Invalid, match="not a frame"):
        check({"id": [1]}, suite({"expect": "row_count", "min": 1}))


def test_a_result_shows_itself() -> None:
    result: QualityResult = check(FRAME, suite({"expect": "not_null", "column": "carrier", "note": "<b>"}))
    assert "FAILED carrier is never null" in repr(result)
    assert "carrier is never null" in result._repr_html_()
    table = result.table()
    assert table.frame.to_dicts() == [
        {
            "expectation": "carrier is never null",
            "result": "FAILED",
            "failed": 1,
            "share": 0.2,
            "found": "row=2, carrier=null",
        }
    ]


def test_one_row_is_told_in_the_singular() -> None:
    expected = suite(
        {"expect": "row_count", "min": 1},
        {"expect": "row_count", "max": 1},
        {"expect": "row_count", "min": 1, "max": 2},
        {"expect": "not_null", "column": "a"},
        {"expect": "between", "column": "a", "min": 2},
    )
    found = check(pl.DataFrame({"a": [1]}), expected).outcomes
    assert [one.sentence.partition(", e.g.")[0] for one in found] == [
        "there is at least 1 row",
        "there is at most 1 row",
        "there are between 1 and 2 rows",
        "a is never null: the one row fits",
        "a is at least 2: 1 of 1 row does not fit (100.00%)",
    ]
