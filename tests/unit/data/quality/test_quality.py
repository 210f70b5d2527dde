"""Checks of datasets are kept over time, without the rows they showed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench.data.lake import Datasets, Lake
from workbench.data.quality import Quality, Suite
from workbench.data.sql import Limits, SqlDoor
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import CheckFailed, Invalid, NotFound
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Policy, Principal, Role, Security

SUITES = """
- dataset: flights
  expectations:
    - {expect: not_null, column: carrier}
    - {expect: unique, columns: [id]}
- name: loose
  dataset: flights
  expectations: [{expect: row_count, min: 1}]
"""
FRAME = pl.DataFrame({"id": [1, 2, 3], "carrier": ["UA", None, "AA"]})


@pytest.fixture
def make(catalog: Catalog, lake: Lake, runs: Runs, tmp_path: Path, admin: Actor) -> Callable[..., Quality]:
    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations" / "flights.yaml").write_text(SUITES)
    lake.create("flights", FRAME, admin)
    return lambda actor=admin: Quality(
        catalog, lake, runs, actor, tmp_path / "expectations", SqlDoor(lake, Limits(60, 2_000)), tmp_path / "held"
    )


def test_a_dataset_is_checked_against_the_suite_of_its_name(make: Callable[..., Quality]) -> None:
    result = make().check("flights")
    assert (result.dataset, result.version, result.suite) == ("flights", 0, "flights")
    assert [outcome.passed for outcome in result.outcomes] == [False, True]
    with pytest.raises(CheckFailed, match="'flights' version 0 does not meet 1 of 2 expectations: carrier"):
        make().gate("flights")
    assert make().gate("flights", suite="loose").passed


def test_results_are_kept_without_their_rows(make: Callable[..., Quality], lake: Lake, admin: Actor) -> None:
    made = make().check("flights")
    lake.overwrite("flights", FRAME.drop_nulls(), admin)
    make().check("flights")
    make().check(FRAME, suite="flights")
    newest, oldest = make().history("flights")
    assert (newest.passed, newest.version) == (True, 1)
    assert (oldest.passed, oldest.version, oldest.rows, oldest.checked) == (False, 0, 3, made.checked)
    assert oldest.outcomes[0].failed == 1
    assert oldest.outcomes[0].columns == ("carrier",)
    assert made.outcomes[0].sample
    assert not oldest.outcomes[0].sample


def test_the_policy_holds_for_sample_rows(make: Callable[..., Quality], security: Security, admin: Actor) -> None:
    policy = Policy(dataset="flights", role=Role.VIEWER, row_filter="id > 1", columns={"id": "0"})
    security.set_policy(policy, by=admin.principal)
    result = make(Actor(Principal("vic", Role.VIEWER))).check("flights")
    assert result.rows == 2
    assert result.outcomes[0].sample == ({"row": 0, "carrier": None, "id": 0},)


def test_a_check_in_a_run_is_of_the_version_the_run_reads(
    make: Callable[..., Quality], lake: Lake, admin: Actor, in_run: Callable[[], Actor]
) -> None:
    quality = make(inside := in_run())
    first = quality.check("flights")
    lake.append("flights", FRAME, admin)
    again = quality.check("flights")
    assert (first.version, again.version, again.rows, again.run) == (0, 0, 3, inside.run)


def test_datasets_frames_and_suites_are_taken_as_they_are(make: Callable[..., Quality], datasets: Datasets) -> None:
    quality = make()
    assert quality.check(datasets["flights"].at(version=0)).version == 0
    own = Suite.model_validate({"dataset": "x", "expectations": [{"expect": "row_count", "max": 1}]})
    assert not quality.check(FRAME, own).passed
    assert quality.gate(quality.check("flights", "loose")).passed
    assert repr(quality) == "Quality(flights, loose)"


@pytest.mark.parametrize(
    ("subject", "suite", "error", "says"),
    [
        ("flihgts", None, NotFound, "no suite of expectations 'flihgts'; did you mean 'flights'"),
        ("flihgts", "flights", NotFound, "no dataset 'flihgts'; did you mean 'flights'"),
        (FRAME, None, Invalid, "needs to be told what to expect"),
        (FRAME, "lose", NotFound, "did you mean 'loose'"),
        (42, "loose", Invalid, "not a frame"),
    ],
)
def test_what_cannot_be_checked_is_refused(
    make: Callable[..., Quality], subject: Any, suite: str | None, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        make().check(subject, suite)
    assert make().history("flights") == []


def test_a_dataset_without_a_suite_is_told_how_to_write_one(
    make: Callable[..., Quality], lake: Lake, admin: Actor
) -> None:
    lake.create("weather", FRAME, admin)
    with pytest.raises(NotFound, match="no suite of expectations 'weather'") as caught:
        make().check("weather")
    assert "workbench new expectations weather" in str(caught.value.hint)


def test_a_suite_there_twice_is_refused(make: Callable[..., Quality], tmp_path: Path) -> None:
    (tmp_path / "expectations" / "more.yaml").write_text(SUITES)
    with pytest.raises(Invalid, match="a suite named 'flights' is there already"):
        make().check("flights")
