"""Metrics of datasets of events: the same numbers as everywhere, from fewer files and without the subjects' values."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from workbench.analytics.metrics import Metrics
from workbench.compute import Part, Parts
from workbench.data.lake import EventLayout, parting
from workbench.foundation.errors import IntegrityError
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role

LAYOUT = EventLayout(subject="who", event="what", time="at", id="id", buckets=4)
START = datetime(2024, 1, 20, tzinfo=UTC)
DEFINITIONS = """
- {name: events, dataset: events, aggregation: count, time: at, dimensions: &by [country]}
- {name: people, dataset: events, aggregation: count_distinct, column: who, time: at, dimensions: *by}
- {name: buyers, dataset: events, aggregation: count_distinct, column: who, filter: what = 'buy', time: at,
   dimensions: *by}
- {name: amount, dataset: events, aggregation: sum, column: amount, time: at, dimensions: *by}
- {name: kinds, dataset: events, aggregation: count_distinct, column: what, time: at, dimensions: *by}
- {name: about, dataset: events, aggregation: count_distinct, column: who, approximate: true, time: at, dimensions: *by}
- {name: people_7d, type: cumulative, metric: people, window: 7 days}
- {name: visits, dataset: events, aggregation: count, filter: what = 'visit', time: at, dimensions: *by}
- {name: buys, dataset: events, aggregation: count, filter: what = 'buy', time: at, dimensions: *by}
- {name: bought, type: conversion, base_metric: visits, conversion_metric: buys, entity: who, window: 2 days,
   calculation: conversions}
"""
SQL = """
SELECT {keys} count(*), count(DISTINCT who), count(DISTINCT who) FILTER (what = 'buy'), sum(amount),
       count(DISTINCT what)
FROM events WHERE {where} GROUP BY ALL ORDER BY ALL NULLS LAST
"""
NAMES = ("events", "people", "buyers", "amount", "kinds")


def drawn() -> pl.DataFrame:
    """Sixty people over a hundred days, in no order: four periods, some rows of nobody, some that came twice."""
    chance = random.Random(3)
    rows = [
        (
            n - n % 40 if n % 40 == 1 else n,
            None if n % 23 == 0 else f"p{chance.randrange(60)}",
            chance.choice(("visit", "buy", "share")),
            START + timedelta(minutes=chance.randrange(100 * 24 * 60)),
            chance.choice(("DE", "FR", None)),
            chance.choice((None, 1, 5, -2)),
        )
        for n in range(1_200)
    ]
    schema = {
        "id": pl.Int64,
        "who": pl.String,
        "what": pl.String,
        "at": pl.Datetime("us", "UTC"),
        "country": pl.String,
        "amount": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


_DRAWN = drawn()
BATCHES = (_DRAWN[:500], _DRAWN[500:800], _DRAWN[800:1_100], _DRAWN[1_000:])
EVENTS = pl.concat(BATCHES)


@pytest.fixture
def metrics(room: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Metrics]:
    """Parts of a hundred rows, so that there are several of so few."""
    monkeypatch.setattr(parting, "ONE_PART", 100)
    monkeypatch.setattr(parting, "LARGEST_PART", 400)
    room.lake.create("events", BATCHES[0], room.owner, layout=LAYOUT)
    for batch in BATCHES[1:]:
        room.lake.append("events", batch, room.owner)
    return room.metrics(definitions=DEFINITIONS)


def sql(keys: str = "", where: str = "true") -> list[tuple[Any, ...]]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("events", EVENTS.to_arrow())
    found: list[tuple[Any, ...]] = connection.execute(SQL.format(keys=keys, where=where)).fetchall()
    return found


def asked_of(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> list[Parts]:
    """What engines are given from now on."""
    given: list[Parts] = []
    run = metrics._engine.run

    class Watching:
        name = "watching"

        def run(self, analysis: Any, parts: Parts) -> Any:
            given.append(parts)
            return run(analysis, parts)

    monkeypatch.setattr(metrics, "_engine", Watching())
    return given


def rows_of(parts: Parts) -> int:
    return pl.concat([part.lazy().select("id") for part in parts.parts]).collect().height


def test_they_are_what_sql_says(metrics: Metrics) -> None:
    assert metrics.query(NAMES).frame.rows() == sql()
    assert metrics.query(NAMES, by="country").frame.rows() == sql("country,")
    by_day = metrics.query(NAMES, by="country", grain="day").frame.rows()
    assert by_day == sql('"at"::DATE, country,')


def test_rows_of_nobody_are_counted_where_parts_are_cut_by_subject(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = asked_of(metrics, monkeypatch)
    assert metrics.query(["events", "people"]).frame["events"].item() == EVENTS.height
    (parts,) = given
    assert parts.by_subject
    assert len(parts) == LAYOUT.buckets + 1  # nobody's rows are a part of their own
    assert rows_of(parts) == EVENTS.height
    nobody = parts.parts[-1]
    assert nobody.lazy().collect()["who"].null_count() == EVENTS["who"].null_count()


def test_the_subjects_values_do_not_travel(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics.query("events", by="country")
    given: list[pl.DataFrame] = []
    monkeypatch.setattr("workbench.compute.local.merged", _kept(given))
    metrics.query(["events", "people", "buyers"], by="country")
    assert sum(frame.height for frame in given) <= 3 * (LAYOUT.buckets + 1)
    assert all(frame.schema[name].is_integer() for frame in given for name in ("people.n", "buyers.n"))


def _kept(given: list[pl.DataFrame]) -> Any:
    from workbench.compute.tasks import merged

    def kept(analysis: Any, partials: Any, collect: Any) -> pl.DataFrame:
        given.extend(partials)
        return merged(analysis, partials, collect)

    return kept


def test_files_outside_the_time_range_are_not_read(
    room: Any, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    march = ("2024-03-01", "2024-04-01")
    wanted = 'month("at") = 3'
    before = {name: metrics.query(name, grain="day", between=march).frame for name in ("people_7d", "bought", "about")}
    whole, _ = room.lake.parts("events", room.owner)
    needed, _ = room.lake.parts("events", room.owner, window=("at", datetime(2024, 2, 20, tzinfo=UTC), None))
    spoilt = sorted({path for part in whole.parts for path in part.files} - {p for x in needed.parts for p in x.files})
    assert spoilt
    for path in spoilt:
        file = Path(path)
        held = file.read_bytes()
        foot = 8 + int.from_bytes(held[-8:-4], "little")  # of one file it is read, for the columns
        file.write_bytes(held[:4] + b"\0" * (len(held) - foot - 4) + held[-foot:])
    given = asked_of(metrics, monkeypatch)
    assert metrics.query(NAMES, between=march).frame.rows() == sql(where=wanted)
    assert metrics.query("events", between=march).frame.rows() == [sql(where=wanted)[0][:1]]
    assert all(parts.files < parts.total_files for parts in given)
    for name, frame in before.items():
        assert metrics.query(name, grain="day", between=march).frame.equals(frame)
    with pytest.raises(IntegrityError):
        metrics.query(NAMES)


def test_a_time_range_ends_to_the_microsecond(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of files is rounded to milliseconds."""
    edge = datetime(2024, 2, 10, 12, 0, 0, 500_600, tzinfo=UTC)
    times = [edge + timedelta(microseconds=step) for step in (-1, 0, 1)]
    frame = EVENTS.head(3).with_columns(at=pl.Series(times, dtype=pl.Datetime("us", "UTC")))
    for n in range(3):
        part = frame[n : n + 1]
        room.lake.create("events", part, room.owner, layout=LAYOUT) if n == 0 else room.lake.append(
            "events", part, room.owner
        )
    metrics = room.metrics(definitions=DEFINITIONS)
    after = edge + timedelta(days=1)
    assert metrics.query("events", between=(edge, after)).frame.item() == 2
    assert metrics.query("events", between=(edge - timedelta(days=1), edge)).frame.item() == 1


def test_a_compared_range_is_of_the_same_version(room: Any, metrics: Metrics) -> None:
    result = metrics.query("people", between=("2024-03-01", "2024-04-01"), compare="previous period")
    assert result.versions == {"events": room.lake.version("events")}
    people = [sql(where=f'month("at") = {month}')[0][1] for month in (3, 2)]
    assert list(result.frame.row(0)[:2]) == people


@pytest.mark.parametrize(
    ("columns", "people"),
    [({}, "count(DISTINCT who)"), ({"who": "left(who, 2)"}, "count(DISTINCT left(who, 2))")],
)
def test_under_a_policy_they_are_what_it_lets_be_seen(
    room: Any, metrics: Metrics, columns: dict[str, str], people: str
) -> None:
    policy = Policy(dataset="events", role=Role.VIEWER, row_filter="country = 'DE'", columns=columns)
    room.security.set_policy(policy, by=room.owner.principal)
    viewer = room.metrics(Actor(Principal("vic", Role.VIEWER)))
    found = viewer.query(["events", "people"], grain="month").frame.rows()
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("events", EVENTS.to_arrow())
    wanted = f"""
    SELECT date_trunc('month', "at")::DATE, count(*), {people} FROM events WHERE country = 'DE' GROUP BY ALL
    ORDER BY ALL
    """
    assert found == connection.execute(wanted).fetchall()


def test_a_policy_on_the_time_says_which_rows_are_in_a_range(room: Any, metrics: Metrics) -> None:
    """Bounds of files are of the times that lie there; the viewer sees everything a year later."""
    policy = Policy(dataset="events", role=Role.VIEWER, columns={"at": "at + INTERVAL '366 days'"})
    room.security.set_policy(policy, by=room.owner.principal)
    viewer = room.metrics(Actor(Principal("vic", Role.VIEWER)))
    everything = viewer.query(["events", "people"]).frame
    assert viewer.query(["events", "people"], between=("2025-01-01", "2026-01-01")).frame.equals(everything)


def test_a_part_of_nobody_is_left_out_where_everybody_has_a_name(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parting, "ONE_PART", 100)
    named = EVENTS.drop_nulls("who")
    room.lake.create("events", named, room.owner, layout=LAYOUT)
    parts, _ = room.lake.parts("events", room.owner, subject="who", unowned=True)
    assert len(parts) == LAYOUT.buckets
    assert abs(parts.rows - named.height) < named.height / 10
    assert all(isinstance(part, Part) for part in parts.parts)
