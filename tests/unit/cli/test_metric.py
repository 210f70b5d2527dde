"""`workbench metric` and the tables of `workbench sql`: words for people, raw values for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

FLIGHTS = """id,year,at,carrier,origin,delay,distance
10247,2013,2013-01-01T04:30:00Z,UA,JFK,20,2475.5
10248,2013,2013-01-01T12:00:00Z,AA,EWR,-3.5,1400.123456789012
10249,2013,2013-01-02T12:00:00Z,UA,JFK,,11
"""
METRICS = """
- name: flights
  dataset: flights
  aggregation: count
  time: at
  time_zone: America/New_York
  dimensions: &by [{name: carrier, label: Airline}, origin]
- {name: late, dataset: flights, aggregation: count, filter: delay > 15, time: at, dimensions: *by}
- {name: share_late, type: ratio, numerator: late, denominator: flights, format: ".1%"}
- {name: delay, label: Mean delay, dataset: flights, aggregation: mean, column: delay, unit: min, format: ",.1f",
   time: at, dimensions: *by}
"""


@pytest.fixture
def flights(workspace: Path, command: Command) -> None:
    (workspace / "flights.csv").write_text(FLIGHTS)
    (workspace / "metrics").mkdir()
    (workspace / "metrics" / "flights.yaml").write_text(METRICS)
    assert command("dataset", "load", "flights.csv", "--name", "flights").code == 0


@pytest.mark.usefixtures("flights")
def test_a_query_is_a_table_in_the_metrics_own_words(command: Command) -> None:
    ended = command("metric", "query", "flights", "share_late", "delay", "--by", "carrier,origin")
    assert ended.out.splitlines() == [
        "Airline  Origin  Flights  Share late  Mean delay (min)",
        "AA       EWR           1        0.0%              −3.5",
        "UA       JFK           2       50.0%              20.0",
    ]


@pytest.mark.usefixtures("flights")
def test_for_programs_a_query_is_raw(command: Command) -> None:
    ended = command("metric", "query", "share_late,delay", "--json")
    assert json.loads(ended.out) == [{"share_late": 1 / 3, "delay": 8.25}]


@pytest.mark.usefixtures("flights")
def test_days_are_those_of_the_metrics_time_zone(command: Command) -> None:
    ended = command("metric", "query", "flights", "--from", "2013-01-01", "--to", "2013-01-02", "--json")
    assert json.loads(ended.out) == [{"flights": 1}]
    reversed_ = command("metric", "query", "flights", "--from", "2013-01-02", "--to", "2013-01-01")
    assert (reversed_.code, "not after its start 2013-01-02" in reversed_.err) == (2, True)


@pytest.mark.usefixtures("flights")
def test_a_bad_file_is_told_beside_the_metrics_that_work(command: Command, workspace: Path) -> None:
    (workspace / "metrics" / "more.yaml").write_text("- {name: seats, dataset: planes, aggregation: smu}\n")
    listed = command("metric", "list", "--json")
    assert [row["name"] for row in json.loads(listed.out)] == ["delay", "flights", "late", "share_late"]
    assert "metrics/more.yaml, line 1: metric 'seats' has the aggregation 'smu'" in listed.err
    assert command("metric", "query", "flights").code == 0
    asked = command("metric", "query", "seats")
    assert (asked.code, "metrics/more.yaml, line 1" in asked.err) == (2, True)


@pytest.mark.usefixtures("flights")
def test_values_of_a_dataset_are_printed_as_they_are(command: Command) -> None:
    lines = [
        "   id  year        distance",
        "10247  2013          2475.5",
        "10248  2013     1400.123457",
        "10249  2013            11.0",
    ]
    ended = command("sql", "SELECT id, year, distance FROM flights ORDER BY id")
    assert [line.split() for line in ended.out.splitlines()] == [line.split() for line in lines]
    assert "10247  2013  2013-01-01 04:30:00" in command("dataset", "preview", "flights").out


@pytest.mark.usefixtures("flights")
def test_debug_says_the_hint_once_below_the_error(command: Command) -> None:
    said = command("--debug", "metric", "query", "flights", "--by", "orign").err
    assert "Traceback" in said
    assert said.count("it can be broken down by") == 1
    assert said.splitlines()[-1] == "hint:  it can be broken down by carrier, origin"


@pytest.mark.usefixtures("flights")
def test_what_is_approximate_says_how_far_off_it_may_be(command: Command, workspace: Path) -> None:
    about = "- {name: airlines, dataset: flights, aggregation: count_distinct, column: carrier, approximate: true}\n"
    (workspace / "metrics" / "airlines.yaml").write_text(about)
    ended = command("metric", "query", "airlines")
    assert ended.out.splitlines()[1:] == ["       2", "Approximate: airlines has a standard error of 1.6%."]
    assert json.loads(command("metric", "query", "airlines", "--json").out) == [{"airlines": 2}]


@pytest.mark.usefixtures("flights")
def test_weeks_zones_and_a_condition_on_the_figures_are_given(command: Command) -> None:
    def weeks(*given: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(command("metric", "query", "flights", *given, "--json").out)
        return found

    # 1 January 2013 was a Tuesday; its first flight left at 23:30 of the day before in New York.
    assert weeks("--grain", "week", "--week-start", "2") == [
        {"time": "2012-12-25", "flights": 1}, {"time": "2013-01-01", "flights": 2},
    ]  # fmt: skip
    assert weeks("--grain", "week", "--week-start", "2", "--time-zone", "UTC") == [{"time": "2013-01-01", "flights": 3}]
    assert weeks("--by", "carrier", "--having", "flights > 1") == [{"carrier": "UA", "flights": 2}]


@pytest.mark.usefixtures("flights")
def test_a_comparison_has_what_it_was_and_the_change(command: Command) -> None:
    ended = command(
        "metric", "query", "flights", "--from", "2013-01-02", "--to", "2013-01-03", "--compare", "previous period"
    )  # fmt: skip
    assert ended.out.splitlines() == [
        "Flights  Flights before  Flights, change",
        "      1               1            +0.0%",
    ]


@pytest.mark.usefixtures("flights")
def test_a_metric_is_defined_shown_looked_back_at_and_removed(workspace: Path, command: Command) -> None:
    (workspace / "jfk.yaml").write_text(
        "name: from_jfk\ndataset: flights\naggregation: count\nfilter: origin = 'JFK'\nowner: ops\n"
        "dimensions: [origin, {name: late, sql: delay > 5}]\n"
    )
    assert command("metric", "define", "jfk.yaml", "-m", "new").out.startswith("defined from_jfk, version ")
    assert json.loads(command("metric", "query", "from_jfk", "--json").out) == [{"from_jfk": 2}]
    shown = command("metric", "show", "from_jfk").out
    assert "defined in          the catalog" in shown
    assert "dimensions          origin, late (sql: delay > 5)" in shown
    assert command("metric", "remove", "from_jfk").out == "removed from_jfk\n"
    states = json.loads(command("metric", "history", "from_jfk", "--json").out)
    assert [(one["number"], one["comment"], one["definition"] is None) for one in states] == [
        (2, "", True), (1, "new", False),
    ]  # fmt: skip
    assert command("metric", "query", "from_jfk").code == 2
    (workspace / "wrong.yaml").write_text("- name: x\n  dataset: fligths\n  aggregation: count\n")
    ended = command("metric", "define", "wrong.yaml")
    assert ended.code == 2
    assert "did you mean 'flights'" in ended.err
    assert command("metric", "remove", "flights").code == 1
