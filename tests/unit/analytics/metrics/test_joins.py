"""Columns of datasets beside a metric's own: what they may be used for, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import polars as pl
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.metrics.ingredients import Join
from workbench.analytics.metrics.sources import Sources
from workbench.compute import Parts
from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.runs import Actor, RunKind
from workbench.governance.security import Policy, Principal, Role

SECTION = """
- dataset: flights
  joins:
    - {name: airline, dataset: airlines, on: {carrier: code}, columns: [country, size]}
"""
METRICS = """
- name: departures
  dataset: flights
  aggregation: count
  time: time_hour
  dimensions: [origin, {name: country, sql: airline__country}]
- {name: abroad, dataset: flights, aggregation: count, filter: airline__country <> 'US'}
- {name: seats, dataset: flights, aggregation: sum, column: airline__size}
- {name: share, type: ratio, numerator: abroad, denominator: departures}
"""
AIRLINES = pl.DataFrame({"code": ["UA", "AA", None], "country": ["US", "CA", "??"], "size": [100, 50, 7]})


@pytest.fixture
def joined(room: Any) -> Any:
    room.lake.create("airlines", AIRLINES, room.owner)
    return room.metrics(definitions=METRICS + SECTION)


def test_joined_columns_are_dimensions_filters_and_values(joined: Any) -> None:
    result = joined.query("departures", by="country")
    assert result.frame.rows() == [("CA", 3), ("US", 4), (None, 1)]
    assert result.versions == {"flights": 0, "airlines": 0}
    assert joined.query(["abroad", "seats", "share"]).frame.rows() == [(3, 550, 3 / 8)]
    assert joined.query("departures", where="airline__country = 'CA'").frame.rows() == [(3,)]
    assert joined.query("departures", where="country = 'CA'", by="origin").frame.rows() == [("JFK", 2), ("LGA", 1)]
    assert list(joined.misfits()) == []


def test_what_needs_no_join_reads_nothing_beside(joined: Any) -> None:
    assert joined.query("departures", by="origin").versions == {"flights": 0}


def test_a_join_that_would_double_rows_is_refused(room: Any, joined: Any) -> None:
    room.lake.append("airlines", pl.DataFrame({"code": ["AA"], "country": ["US"], "size": [1]}), room.owner)
    with pytest.raises(Invalid, match="would double rows: 'airlines' has 2 rows with code = AA"):
        joined.query("departures", by="country")
    assert joined.query("departures").frame.rows() == [(8,)]


def test_the_policy_of_the_asker_holds_for_both_sides(room: Any, joined: Any) -> None:
    room.security.set_policy(
        Policy(dataset="airlines", role=Role.VIEWER, row_filter="code <> 'AA'"), by=room.owner.principal
    )
    room.security.set_policy(
        Policy(dataset="flights", role=Role.VIEWER, row_filter="origin <> 'EWR'"), by=room.owner.principal
    )
    seen = room.metrics(Actor(Principal("vera", Role.VIEWER))).query("departures", by="country")
    assert seen.frame.rows() == [("US", 2), (None, 3)]


def test_a_run_keeps_the_versions_of_both_sides(room: Any, joined: Any) -> None:
    run = room.runs.start(RunKind.NOTEBOOK, "n.ipynb", actor=room.owner, parameters={})
    actor = Actor(room.owner.principal, run=run.id)
    room.metrics(actor).query("departures", by="country")
    read = {(edge.kind, edge.name, edge.version) for edge in room.runs.edges(run.id)}
    assert {("dataset", "flights", "0"), ("dataset", "airlines", "0")} <= read


@pytest.mark.parametrize(
    ("join", "says"),
    [
        ("{name: a, dataset: airlins, on: {carrier: code}}", "did you mean 'airlines'"),
        ("{name: a, dataset: airlines, on: {carier: code}}", "called 'carier'; did you mean 'carrier'"),
        ("{name: a, dataset: airlines, on: {carrier: cod}}", "called 'cod'; did you mean 'code'"),
        ("{name: a, dataset: airlines, on: {carrier: code}, columns: [contry]}", "did you mean 'country'"),
        ("{name: a, dataset: airlines, on: {carrier: size}}", "which is String, and 'size' of 'airlines'"),
    ],
)
def test_a_join_that_does_not_fit_is_refused(room: Any, joined: Any, join: str, says: str) -> None:
    text = f"- {{name: m, dataset: flights, aggregation: max, column: a__size, joins: [{join}]}}"
    metrics = room.metrics(definitions=text)
    with pytest.raises((Invalid, NotFound), match=says):
        metrics.query("m")
    assert any(says.split(" '")[-1] in said or says in said for said in metrics.misfits())


def test_sections_are_held_to_the_rules(room: Any) -> None:
    twice = room.metrics(definitions=METRICS + SECTION + SECTION)
    assert any("has the join 'airline' twice" in said for said in twice.problems)
    wrong = room.metrics(definitions="- {dataset: flights, joins: [{name: a, dataset: b, on: {}}]}")
    assert wrong.problems


ROWS = st.lists(st.tuples(st.sampled_from([1, 2, 3, None]), st.sampled_from(["x", "y", None])), max_size=12)


@examples(25, 100)
@given(left=ROWS, right=ROWS)
def test_a_join_is_what_sql_joins_on_the_left(
    left: Sequence[tuple[Any, Any]], right: Sequence[tuple[Any, Any]]
) -> None:
    rows = pl.DataFrame(left, schema={"id": pl.Int64, "kind": pl.String}, orient="row")
    beside = pl.DataFrame(right, schema={"key": pl.Int32, "word": pl.String}, orient="row")
    join = Join(name="j", dataset="beside", on={"id": "key"})
    sources = Sources.__new__(Sources)
    sources.versions, sources._schemas = {}, {}
    sources._parts = {"rows": Parts.of(rows.lazy()), "beside": Parts.of(beside.lazy())}
    sources.telling = lambda dataset: duckdb.connect()  # type: ignore[method-assign,return-value,assignment]
    keys = [key for key, _ in right if key is not None]
    if len(keys) > len(set(keys)):
        with pytest.raises(Invalid, match="would double rows"):
            sources.parts("rows", [join], {"j__word"}).parts[0].lazy()
        return
    found = sources.parts("rows", [join], {"j__word"}).parts[0].lazy().collect()
    database = duckdb.connect()
    database.register("l", rows.to_arrow())
    database.register("r", beside.to_arrow())
    wanted = database.execute("SELECT l.id, l.kind, r.word FROM l LEFT JOIN r ON l.id = r.key").fetchall()
    assert sorted(found.rows(), key=repr) == sorted(wanted, key=repr)
