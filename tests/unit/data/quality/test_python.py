"""Expectations that are functions: found beside the suites, told alike, and their errors named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.lake import Lake
from workbench.data.quality import Outcome, Quality, Suite, check
from workbench.foundation.errors import CheckFailed, Forbidden
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Security

CHECKS = """
import polars as pl

def on_time(rows):
    return pl.col("arrived") >= pl.col("departed")

def first_of_its_day(rows):
    return rows.select(pl.col("departed") == pl.col("departed").min().over("day"))

def enough(rows):
    return rows.select(pl.len() > 2)

def breaks(rows):
    secret = rows.collect()["departed"].to_list()
    raise ValueError(f"the secret is {secret}")
"""
FLIGHTS = pl.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "day": [1, 1, 2, 2],
        "departed": [5.0, 9.0, float("nan"), 7.0],
        "arrived": [6.0, 8.0, 3.0, 9.0],
    }
)


def suite(*functions: Any, **more: Any) -> Suite:
    listed = [{"expect": "python", "function": one, **more} for one in functions]
    return Suite.model_validate({"dataset": "flights", "expectations": listed})


def alone(function: Any, frame: pl.DataFrame = FLIGHTS, **more: Any) -> Outcome:
    return check(frame, suite(function, **more)).outcomes[0]


@pytest.fixture
def quality(make_quality: Callable[..., Quality], lake: Lake, admin: Actor, tmp_path: Path) -> Quality:
    (tmp_path / "expectations" / "checks.py").write_text(CHECKS)
    lake.create("flights", FLIGHTS, admin, key="id")
    return make_quality()


def test_functions_beside_the_suite_say_which_rows_fit(quality: Quality, tmp_path: Path) -> None:
    (tmp_path / "expectations" / "flights.yaml").write_text(
        "dataset: flights\nexpectations:\n"
        "  - {expect: python, function: 'checks:on_time', columns: [departed, arrived]}\n"
        "  - {expect: python, function: 'checks:on_time', mostly: 0.75, severity: warn}\n"
        "  - {expect: python, function: 'checks:first_of_its_day'}\n"
        "  - {expect: python, function: 'checks:enough'}\n"
    )
    strict, loose, first, enough = quality.check("flights").outcomes
    assert strict.sentence == (
        "checks:on_time is true: 1 of 4 rows does not fit (25.00%), e.g. row=1, departed=9.0, arrived=8.0"
    )
    assert (strict.passed, loose.passed, loose.failed, enough.passed) == (False, True, 1, True)
    assert (first.failed, [row["id"] for row in first.sample]) == (1, [2])
    with pytest.raises(CheckFailed, match="checks:on_time is true"):
        quality.gate("flights")
    assert quality.function("checks:on_time")(FLIGHTS.lazy()).meta.root_names() == ["arrived", "departed"]


def test_rows_that_do_not_fit_are_held_back_and_a_truth_of_all_stops_them(quality: Quality) -> None:
    screened = quality.screen(FLIGHTS, into="flights", suite=suite("checks:on_time", "checks:first_of_its_day"))
    assert screened.rows["id"].to_list() == [1, 3, 4]
    assert screened.held is not None
    assert screened.held.reasons == {"checks:on_time is true": 1, "checks:first_of_its_day is true": 1}
    with pytest.raises(CheckFailed, match="checks:enough is true, but it is not"):
        quality.screen(FLIGHTS.head(2), into="flights", suite=suite("checks:enough"))


def test_an_error_in_a_function_names_the_expectation_and_quotes_nothing(quality: Quality, tmp_path: Path) -> None:
    (outcome,) = quality.check("flights", suite("checks:breaks")).outcomes
    assert (outcome.passed, outcome.failed) == (False, 4)
    assert outcome.problem.startswith("the function fails: ValueError in line 15; wb.quality.function")
    assert "5.0" not in outcome.sentence
    with pytest.raises(ValueError, match="the secret is"):
        quality.function("checks:breaks")(FLIGHTS.lazy())
    (tmp_path / "expectations" / "flights.yaml").write_text(
        "dataset: flights\nexpectations: [{expect: python, function: 'checks:breaks'}]\n"
    )
    with pytest.raises(CheckFailed, match="checks:breaks is true, but the function fails"):
        quality.screen(FLIGHTS, into="flights")


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("checks:on_tine", "no function of checks.py 'on_tine'; did you mean 'on_time'?"),
        ("check:on_time", "there is no expectations/check.py; did you mean 'checks:on_time'?"),
        ("bad:x", "bad.py is no Python, line 1: "),
        ("worse:x", "worse.py cannot be run: ZeroDivisionError in line 2"),
        ("ends:x", "ends.py cannot be run: SystemExit in line 1"),
    ],
)
def test_what_is_not_there_or_cannot_be_run_is_told(
    quality: Quality, tmp_path: Path, reference: str, problem: str
) -> None:
    for name, text in {"bad": "def x(:", "worse": "a = 1\na / 0\n", "ends": "raise SystemExit(3)"}.items():
        (tmp_path / "expectations" / f"{name}.py").write_text(text)
    (outcome,) = quality.check("flights", suite(reference)).outcomes
    assert problem in outcome.problem


def test_a_function_that_was_edited_is_the_one_that_is_asked(quality: Quality, tmp_path: Path) -> None:
    assert not quality.check("flights", suite("checks:on_time")).passed
    (tmp_path / "expectations" / "checks.py").write_text("def on_time(rows):\n    return True\n")
    assert quality.check("flights", suite("checks:on_time")).passed


def test_who_may_run_no_notebook_runs_no_function(
    quality: Quality, make_quality: Callable[..., Quality], security: Security, admin: Actor
) -> None:
    viewer = make_quality(Actor(Principal("vic", Role.VIEWER)))
    (outcome,) = viewer.check("flights", suite("checks:on_time")).outcomes
    assert (outcome.passed, outcome.problem) == (
        False, "vic (viewer) may not run Python: that takes the role analyst"
    )  # fmt: skip
    with pytest.raises(Forbidden):
        viewer.function("checks:on_time")
    security.set_policy(Policy(dataset="flights", role=Role.ANALYST, row_filter="id <> 2"), by=admin.principal)
    analyst = make_quality(Actor(Principal("ann", Role.ANALYST)))
    assert analyst.check("flights", suite("checks:on_time")).passed


MASKS: list[tuple[str, Callable[[pl.LazyFrame], Any]]] = [
    ("expression", lambda rows: pl.col("x") > 0),
    ("lazy frame", lambda rows: rows.select(pl.col("x") > 0)),
    ("frame", lambda rows: rows.collect().select(pl.col("x") > 0)),
    ("series", lambda rows: rows.collect()["x"] > 0),
]


@examples(few=25, many=300)
@given(
    values=st.lists(st.sampled_from([1.0, -1.0, None, float("nan")]), max_size=12),
    form=st.sampled_from([form for _, form in MASKS]),
)
def test_all_that_says_it_of_each_row_says_what_a_loop_says(values: list[float | None], form: Any) -> None:
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float64})
    wrong = [n for n, value in enumerate(values) if value is not None and value <= 0]
    outcome = alone(form, frame)
    assert (outcome.problem, outcome.failed) == ("", len(wrong))
    assert [row["row"] for row in outcome.sample] == wrong[:5]


@pytest.mark.parametrize(
    "truth",
    [
        lambda rows: False,
        lambda rows: np.bool_(False),
        lambda rows: pl.col("id").sum() > 100,
        lambda rows: rows.select(pl.len() > 100),
        lambda rows: rows.collect()["id"].sum() > 100,
    ],
)
def test_a_single_truth_is_told_of_all_rows(truth: Callable[..., Any]) -> None:
    outcome = alone(truth)
    assert (outcome.passed, outcome.failed, outcome.problem) == (False, 0, "it is not")
    assert "has no 'mostly'" in alone(truth, mostly=0.5).problem


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda rows: 3, "the function gives a int where it should say true or false"),
        (lambda rows: rows, "the function gives 4 columns"),
        (lambda rows: pl.col("id"), "the function gives values of type Int64"),
        (lambda rows: rows.select(pl.col("id") > 0).head(3), "the function gives 3 values for 4 rows"),
        (lambda rows: pl.col("nobody") > 0, "the function asks for a column that is not there"),
        (lambda rows: rows.select("id").collect()["id"].cast(pl.Int8).reshape((2, 2)), "the function gives values"),
    ],
)
def test_what_is_no_answer_is_told(function: Callable[..., Any], problem: str) -> None:
    assert problem in alone(function).problem


def test_a_function_gets_the_columns_that_are_named() -> None:
    assert alone(lambda rows: rows.collect_schema().names() == ["id", "day"], columns=["id", "day"]).passed
    assert alone(lambda rows: True, columns=["dya"]).problem == "there is no column 'dya'; did you mean 'day'?"


def test_what_is_no_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="it is written module:function"):
        suite("checks.on_time")
    assert "there is no workspace to find it in" in alone("checks:on_time").problem
