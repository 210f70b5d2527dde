"""Expectations that look beyond the rows: other datasets, SQL, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.lake import Datasets, Lake
from workbench.data.quality import Outcome, Quality, Suite, check
from workbench.data.sql import Limits, SqlDoor
from workbench.foundation.catalog import Catalog
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Policy, Principal, Role, Security

NOW = datetime(2024, 5, 5, 12, tzinfo=UTC)
ORIGINS = st.none() | st.sampled_from(["JFK", "EWR", "LGA", ""])
FLIGHTS = pl.DataFrame({"id": [1, 2, 3, 4], "origin": ["JFK", "EWR", None, "LGA"], "delay": [5.0, 700.0, None, 9.0]})
AIRPORTS = pl.DataFrame({"faa": ["JFK", "LGA", None], "lat": [40.6, 40.8, 0.0]})
REFERENCE = {"expect": "references", "column": "origin", "dataset": "airports", "key": "faa"}
SLOW = {"expect": "no_rows", "sql": "SELECT id, delay FROM {dataset} WHERE delay > 60 ORDER BY id;"}


class Beside:
    """Datasets given as frames, at a time that is given, too."""

    now = NOW

    def __init__(self, **others: pl.DataFrame) -> None:
        self._others = others

    def rows_of(self, dataset: str | None, version: int | None = None) -> pl.LazyFrame:
        return self._others[str(dataset)].lazy()

    def changed(self) -> datetime:
        return self.now

    def answered(self, sql: str, most: int) -> tuple[int, list[dict[str, Any]]]:
        raise AssertionError(sql)


def alone(expectation: dict[str, Any], frame: pl.DataFrame, **others: pl.DataFrame) -> Outcome:
    suite = Suite.model_validate({"dataset": "rows", "expectations": [expectation]})
    return check(frame, suite, Beside(**others)).outcomes[0]


@pytest.fixture
def look(catalog: Catalog, lake: Lake, runs: Runs, tmp_path: Path, admin: Actor) -> Callable[..., Outcome]:
    lake.create("flights", FLIGHTS, admin)
    lake.create("airports", AIRPORTS, admin)

    def found(expectation: dict[str, Any], subject: Any = "flights", actor: Actor = admin) -> Outcome:
        quality = Quality(catalog, lake, runs, actor, tmp_path, SqlDoor(lake, Limits(60, 2_000)), tmp_path / "held")
        suite = Suite.model_validate({"dataset": "flights", "expectations": [expectation]})
        return quality.check(subject, suite).outcomes[0]

    return found


@examples(few=40, many=500)
@given(values=st.lists(ORIGINS, max_size=20), known=st.lists(ORIGINS, max_size=5))
def test_what_refers_to_nothing_is_what_a_loop_finds(values: list[str | None], known: list[str | None]) -> None:
    here = pl.DataFrame({"origin": values}, schema={"origin": pl.String()})
    outcome = alone(REFERENCE, here, airports=pl.DataFrame({"faa": known}, schema={"faa": pl.String()}))
    bad = [place for place, value in enumerate(values) if value is not None and value not in known]
    assert outcome.problem == ""
    assert outcome.failed == len(bad)
    assert [row["row"] for row in outcome.sample] == bad[:5]


@examples(few=40, many=500)
@given(
    ages=st.lists(st.none() | st.integers(-3, 100), max_size=12),  # in hours; below zero it is still to come
    hours=st.integers(1, 50),
    days=st.booleans(),
)
def test_the_newest_time_that_has_come_is_what_a_loop_finds(ages: list[int | None], hours: int, days: bool) -> None:
    times = [None if age is None else NOW - timedelta(hours=age) for age in ages]
    if days:
        times = [None if time is None else time.replace(hour=0) for time in times]
    frame = pl.DataFrame({"at": times}, schema={"at": pl.Datetime("us", "UTC")})
    frame = frame.with_columns(pl.col("at").dt.date()) if days else frame
    outcome = alone({"expect": "fresh", "column": "at", "within": f"{hours} hours"}, frame)
    come = [time for time in times if time is not None and time <= NOW]
    assert outcome.passed == bool(come and NOW - max(come) <= timedelta(hours=hours))
    assert bool(outcome.problem) != outcome.passed


def test_what_refers_to_nothing_is_counted_and_shown(look: Callable[..., Outcome]) -> None:
    outcome = look(REFERENCE)
    assert (outcome.failed, outcome.rows, outcome.passed) == (1, 4, False)
    assert outcome.sample == ({"row": 1, "origin": "EWR"},)
    assert look({**REFERENCE, "mostly": 0.75}).passed
    assert look({**REFERENCE, "column": "id", "dataset": "flights", "key": "id"}).passed
    assert look(REFERENCE, pl.DataFrame({"origin": ["XXX"]})).failed == 1


def test_rows_that_a_select_gives_do_not_fit(look: Callable[..., Outcome], lake: Lake, datasets: Datasets) -> None:
    outcome = look(SLOW)
    assert (outcome.failed, outcome.passed, outcome.sample) == (1, False, ({"id": 2, "delay": 700.0},))
    assert outcome.sentence.endswith("ORDER BY id;, but 1 does, e.g. id=2, delay=700.0")
    datasets["flights"].append(pl.concat([FLIGHTS.with_columns(delay=pl.lit(100.0))] * 10))
    more = look(SLOW)
    assert (more.failed, len(more.sample)) == (41, 5)
    assert look(SLOW, datasets["flights"].at(version=0)).failed == 1
    assert look({**SLOW, "sql": "SELECT * FROM {dataset} WHERE delay < 0"}).passed


def test_a_dataset_is_as_fresh_as_its_rows_not_as_its_files(
    look: Callable[..., Outcome], lake: Lake, admin: Actor
) -> None:
    assert look({"expect": "fresh", "within": "1 hour"}).passed
    lake.append("flights", FLIGHTS, admin)
    rows = lake.versions("flights", admin)[0].time
    lake.optimize("flights", admin)
    assert lake.versions("flights", admin)[0].operation == "optimize"
    late = look({"expect": "fresh", "within": "0.000001 seconds"})
    assert not late.passed
    assert f"{rows:%Y-%m-%d %H:%M:%S} UTC" in late.problem


@pytest.mark.parametrize(
    ("expectation", "problem"),
    [
        ({**REFERENCE, "column": "orign"}, "there is no column 'orign'; did you mean 'origin'?"),
        ({**REFERENCE, "dataset": "airport"}, "no dataset 'airport'; did you mean 'airports'?"),
        ({**REFERENCE, "key": "fa"}, "no column of 'airports' 'fa'; did you mean 'faa'?"),
        ({**REFERENCE, "key": "lat"}, "that cannot be told: origin is String, and lat is Float64"),
        ({**SLOW, "sql": "SELECT * FROM {dataset} WHERE dely > 1"}, "did you mean"),
        ({**SLOW, "sql": "SELECT FROM WHERE"}, "the statement does not parse"),
        ({**SLOW, "sql": "DELETE FROM {dataset}"}, "one SELECT is"),
        ({**SLOW, "sql": "SELECT * FROM read_csv('/etc/passwd')"}, "read_csv"),
        ({"expect": "fresh", "column": "origin", "within": "1 hour"}, "origin is String, which is no time"),
    ],
)
def test_what_cannot_be_told_says_why(look: Callable[..., Outcome], expectation: dict[str, Any], problem: str) -> None:
    outcome = look(expectation)
    assert not outcome.passed
    assert problem in outcome.problem


def test_a_value_that_sql_stumbles_over_is_not_quoted(look: Callable[..., Outcome]) -> None:
    outcome = look({**SLOW, "sql": "SELECT * FROM {dataset} WHERE CAST(origin AS INT) > 1"})
    assert outcome.problem == "its rows cannot be computed; ask it with wb.sql to see why"


def test_a_frame_has_neither_versions_nor_sql(look: Callable[..., Outcome]) -> None:
    newest = {"expect": "fresh", "column": "at", "within": "1 hour"}
    assert "has no versions" in look({"expect": "fresh", "within": "1 hour"}, FLIGHTS).problem
    assert "is not asked in SQL" in look(SLOW, FLIGHTS).problem
    naive = pl.DataFrame({"at": [NOW]}).with_columns(pl.col("at").dt.replace_time_zone(None))
    assert alone(newest, naive).problem == "at has no time zone"
    assert "there is no time in it" in alone(newest, pl.DataFrame(schema={"at": pl.Date()})).problem


def test_a_clock_that_is_ahead_is_told() -> None:
    frame = pl.DataFrame({"at": [date(2024, 5, 1), date(2030, 1, 1)]})
    assert alone({"expect": "fresh", "column": "at", "within": "2 days"}, frame).problem == (
        "that is 4.5 days ago, 2024-05-01 00:00:00 UTC (one is ahead of now: 2030-01-01 00:00:00 UTC)"
    )


def test_the_policy_holds_for_what_is_compared_with(
    look: Callable[..., Outcome], security: Security, admin: Actor
) -> None:
    vic = Actor(Principal("vic", Role.VIEWER))
    hidden = Policy(dataset="flights", role=Role.VIEWER, row_filter="id <> 4", columns={"delay": "61.0"})
    security.set_policy(hidden, by=admin.principal)
    security.set_policy(Policy(dataset="airports", role=Role.VIEWER, row_filter="faa = 'LGA'"), by=admin.principal)
    outcome = look(REFERENCE, actor=vic)
    assert (outcome.rows, outcome.failed) == (3, 2)
    asked = look(SLOW, actor=vic)
    assert [(row["id"], row["delay"]) for row in asked.sample] == [(1, 61.0), (2, 61.0), (3, 61.0)]
