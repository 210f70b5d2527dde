"""Landing in slices and loading what changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from workbench.data.etl import Etl, Slice, days
from workbench.data.lake import Lake
from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.runs import Actor, Runs

KEY = ["day", "flight"]


@pytest.fixture
def etl(lake: Lake, runs: Runs, admin: Actor, tmp_path: Path) -> Etl:
    return Etl(lake, runs, admin, tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Callable[[str], None]:
    """A source with five days of two flights each; a function that changes it."""

    def change(statement: str) -> None:
        with sqlite3.connect(tmp_path / "ops.db") as connection:
            connection.executescript(statement)
        connection.close()

    change("CREATE TABLE flights (year INTEGER, month INTEGER, day INTEGER, flight INTEGER, carrier TEXT)")
    for day in (5, 3, 1, 2, 4):
        change(f"INSERT INTO flights VALUES (2013, 1, {day}, 2, 'UA'), (2013, 1, {day}, 1, NULL)")
    return change


JANUARY = days("2013-01-01", "2013-01-08")


def rows(lake: Lake, admin: Actor, name: str = "landed") -> list[tuple[Any, ...]]:
    return lake.read(name, admin).select("day", "flight", "carrier").sort("day", "flight").collect().rows()


ALL = [(day, flight, "UA" if flight == 2 else None) for day in range(1, 6) for flight in (1, 2)]


def test_a_source_is_landed_slice_by_slice(etl: Etl, lake: Lake, admin: Actor, database: Any) -> None:
    landed = etl.land("sqlite:///ops.db", "flights", into="landed", slices=JANUARY, key=KEY, description="As it is")
    assert (landed.written, landed.skipped, landed.empty, landed.rows, landed.version) == (5, 0, 2, 10, 5)
    assert repr(landed).startswith("landed: 5 slices written (10 rows), 2 empty; version 5, ")
    assert rows(lake, admin) == ALL
    info = lake.info("landed", admin)
    assert info.partition_by == ("year", "month", "day")
    assert info.description == "As it is"
    assert info.source.endswith("ops.db, table flights")


def test_only_slices_that_changed_are_written_again(etl: Etl, lake: Lake, admin: Actor, database: Any) -> None:
    def land() -> tuple[int, int, int, int]:
        landed = etl.land("sqlite:///ops.db", "flights", into="landed", slices=JANUARY, key=KEY)
        return landed.written, landed.skipped, landed.empty, landed.version

    assert land() == (5, 0, 2, 5)
    assert land() == (0, 5, 2, 5)
    database("UPDATE flights SET carrier = 'AA' WHERE day = 3 AND flight = 1")
    assert land() == (1, 4, 2, 6)
    assert (3, 1, "AA") in rows(lake, admin)
    database("DELETE FROM flights WHERE day = 4; INSERT INTO flights VALUES (2013, 1, 6, 1, 'B6')")
    assert land() == (2, 4, 1, 8)
    assert land() == (0, 6, 1, 8)
    days_there = {row[0] for row in rows(lake, admin)}
    assert days_there == {1, 2, 3, 5, 6}


def test_a_range_leaves_the_other_slices_alone(etl: Etl, lake: Lake, admin: Actor, database: Any) -> None:
    etl.land("sqlite:///ops.db", "flights", into="landed", slices=days("2013-01-02", "2013-01-04"))
    assert {row[0] for row in rows(lake, admin)} == {2, 3}
    etl.land("sqlite:///ops.db", "flights", into="landed", slices=[JANUARY[0], JANUARY[4]])
    assert {row[0] for row in rows(lake, admin)} == {1, 2, 3, 5}


def test_without_slices_every_value_of_the_columns_is_one(etl: Etl, lake: Lake, admin: Actor, database: Any) -> None:
    with pytest.raises(Invalid, match="5 rows have no value in carrier"):
        etl.land("sqlite:///ops.db", "flights", into="landed", slice_by=["carrier"])
    assert etl.land("sqlite:///ops.db", "flights", into="by_day", slice_by=["day"]).written == 5


def test_files_are_landed_too_and_rows_converted(etl: Etl, lake: Lake, admin: Actor, tmp_path: Path) -> None:
    frame = pl.DataFrame({"day": [date(2013, 1, 2), date(2013, 1, 1)], "flight": [2, 1], "carrier": [" UA", "AA "]})
    frame.write_csv(tmp_path / "flights.csv")
    landed = etl.land(
        "flights.csv",
        into="landed",
        slices=days("2013-01-01", "2013-01-03", columns=["day"]),
        convert=lambda rows: rows.with_columns(pl.col("carrier").str.strip_chars()),
    )
    assert landed.written == 2
    assert rows(lake, admin) == [(date(2013, 1, 1), 1, "AA"), (date(2013, 1, 2), 2, "UA")]
    assert lake.checkpoint("landed", "flights.csv", "2013-01-01") is not None


def test_progress_is_told_in_lines(etl: Etl, database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr("workbench.data.etl.etl.time.perf_counter", lambda: float(next(clock)))
    told: list[str] = []
    etl.land("sqlite:///ops.db", "flights", into="landed", slices=JANUARY, on_progress=told.append)
    assert told[0] == "landed: 1 of 7 slices, now 2013-01-01"
    assert told[-1] == "landed: 7 of 7 slices, now 2013-01-07"


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({}, Invalid, "landing needs slices"),
        ({"slices": [Slice("a", {"dya": 1})]}, NotFound, "no column 'dya'; did you mean 'day'"),
        ({"slices": [Slice("a", {"day": 1}), Slice("b", {"month": 1})]}, Invalid, "slice 'b' is of month, not of day"),
        ({"slices": JANUARY, "table": "fligths"}, NotFound, "did you mean 'flights'"),
        ({"slices": JANUARY, "source": "sqlite:///nowhere.db"}, NotFound, "nowhere.db"),
    ],
)
def test_what_cannot_be_landed_is_refused_and_makes_nothing(
    etl: Etl, lake: Lake, database: Any, asked: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        etl.land(**{"source": "sqlite:///ops.db", "table": "flights", "into": "landed", **asked})
    assert not lake.exists("landed")


def test_days_are_slices() -> None:
    assert days("2012-02-28", date(2012, 3, 1)) == [
        Slice("2012-02-28", {"year": 2012, "month": 2, "day": 28}),
        Slice("2012-02-29", {"year": 2012, "month": 2, "day": 29}),
    ]
    assert days("2013-01-01", datetime(2013, 1, 2, tzinfo=UTC), columns=["on"])[0].values == {"on": date(2013, 1, 1)}
    for start, end, columns, says in (
        ("2013-01-02", "2013-01-02", ["on"], "there is no day"),
        ("2013-01-32", "2013-02-02", ["on"], "'2013-01-32' is not a day"),
        ("2013-01-01", "2013-01-02", ["year", "day"], "not 2"),
    ):
        with pytest.raises(Invalid, match=says):
            days(start, end, columns=columns)


FRAME = pl.DataFrame({"day": [1, 1, 2], "flight": [1, 2, 1], "carrier": ["UA", None, "AA"]})


def counts(done: Any) -> tuple[int, ...]:
    return done.version, done.added, done.changed, done.unchanged, done.removed


def test_loading_writes_only_what_changed(etl: Etl, lake: Lake, admin: Actor) -> None:
    assert counts(etl.load(FRAME, into="flights", key=KEY)) == (0, 3, 0, 0, 0)
    assert counts(etl.load(FRAME.reverse().to_pandas(), into="flights", key=KEY)) == (0, 0, 0, 3, 0)
    changed = pl.DataFrame({"flight": [2, 9, 1], "day": [1, 9, 1], "carrier": ["B6", "B6", "UA"]})
    done = etl.load(changed, into="flights", key=KEY)
    assert counts(done) == (1, 1, 1, 1, 0)
    assert repr(done).startswith("flights: 3 rows, 1 added, 1 changed; version 1, ")
    assert rows(lake, admin, "flights") == [(1, 1, "UA"), (1, 2, "B6"), (2, 1, "AA"), (9, 9, "B6")]
    assert lake.key("flights") == ("day", "flight")


def test_a_single_name_is_a_key_and_not_its_letters(etl: Etl, lake: Lake, admin: Actor, database: Any) -> None:
    frame = pl.DataFrame({"day": [1, 2], "carrier": ["UA", "AA"]})
    etl.load(frame, into="t", key="day")
    assert etl.load(frame.with_columns(carrier=pl.lit("UA")), into="t", key="day").changed == 1
    assert etl.replace(frame, into="t", key="day").unchanged == 1
    assert lake.key("t") == ("day",)
    assert etl.land("sqlite:///ops.db", "flights", into="landed", slice_by="day", key=KEY).written == 5
    assert [piece.values for piece in days("2013-01-01", "2013-01-02", columns="at")] == [{"at": date(2013, 1, 1)}]


def test_a_new_column_is_loaded_when_it_is_asked_for(etl: Etl, lake: Lake, admin: Actor) -> None:
    etl.load(FRAME, into="flights", key=KEY)
    wider = FRAME.with_columns(gate=pl.lit("A1"))
    with pytest.raises(Invalid, match="gate"):
        etl.load(wider, into="flights", key=KEY)
    assert counts(etl.load(wider, into="flights", key=KEY, evolve=True)) == (1, 0, 3, 0, 0)
    assert counts(etl.load(wider, into="flights", key=KEY, evolve=True)) == (1, 0, 0, 3, 0)


def test_rows_of_before_and_after_a_new_column_are_loaded(etl: Etl, lake: Lake, admin: Actor) -> None:
    etl.load(pl.DataFrame({"id": [1, 2], "a": [1, 2]}), into="t", key="id")
    small = pl.DataFrame({"id": [2, 3], "a": [2, 3], "b": [2, 3]}, schema_overrides={"id": pl.Float64})
    loaded = etl.load(small, into="t", key="id", evolve=True)
    assert (loaded.added, loaded.changed) == (1, 1)
    loaded = etl.load(pl.DataFrame({"id": [1, 3, 5], "a": [1, 30, 5], "b": [1, 3, 5]}), into="t", key="id")
    assert (loaded.added, loaded.changed) == (1, 2)
    assert sorted(lake.read("t", admin).collect().rows()) == [(1, 1, 1), (2, 2, 2), (3, 30, 3), (5, 5, 5)]


def test_replacing_makes_the_dataset_exactly_the_frame(etl: Etl, lake: Lake, admin: Actor) -> None:
    assert counts(etl.replace(FRAME, into="flights", key=KEY)) == (0, 3, 0, 0, 0)
    assert counts(etl.replace(FRAME.reverse(), into="flights", key=KEY)) == (0, 0, 0, 3, 0)
    other = pl.DataFrame({"day": [1, 3], "flight": [1, 1], "carrier": ["B6", "B6"]})
    done = etl.replace(other, into="flights", key=KEY)
    assert counts(done) == (1, 1, 1, 0, 2)
    assert rows(lake, admin, "flights") == [(1, 1, "B6"), (3, 1, "B6")]
    assert counts(etl.replace(other.rename({"carrier": "line"}), into="flights", key=KEY, evolve=True))[0] == 2


def test_small_types_are_not_a_change(etl: Etl) -> None:
    small = FRAME.with_columns(pl.col("day").cast(pl.UInt8))
    etl.replace(small, into="flights")
    assert counts(etl.replace(small, into="flights")) == (0, 0, 0, 3, 0)


def test_a_small_source_is_copied_when_it_changed(etl: Etl, lake: Lake, admin: Actor, tmp_path: Path) -> None:
    FRAME.write_csv(tmp_path / "flights.csv")
    assert counts(etl.copy("flights.csv", into="copied")) == (0, 3, 0, 0, 0)
    assert counts(etl.copy("flights.csv", into="copied")) == (0, 0, 0, 3, 0)
    FRAME.head(2).write_csv(tmp_path / "flights.csv")
    assert etl.copy("flights.csv", into="copied").version == 1
    assert lake.read("copied", admin).collect().height == 2
    assert lake.info("copied", admin).source.endswith("flights.csv")


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (FRAME.with_columns(pl.lit(1).alias("flight")), "2 rows share their key with another, e.g. day=1, flight=1"),
        (FRAME.with_columns(pl.lit(None).alias("flight")), "3 rows have no 'flight', which is part of the key"),
        (
            FRAME.with_columns(pl.lit(float("nan")).alias("flight")),
            "3 rows have NaN for 'flight', which is part of the",
        ),
        (FRAME.drop("flight"), "no key column 'flight'"),
        ({"day": [1]}, "not a frame"),
    ],
)
def test_rows_that_their_key_does_not_tell_apart_are_refused(etl: Etl, lake: Lake, frame: Any, says: str) -> None:
    for write in (etl.load, etl.replace):
        with pytest.raises(Invalid, match=says):
            write(frame, into="flights", key=KEY)
    with pytest.raises(Invalid, match="needs a key"):
        etl.load(FRAME, into="flights", key=[])
    assert not lake.exists("flights")


def test_looking_at_what_is_there_is_no_read_of_the_run(
    lake: Lake, runs: Runs, in_run: Callable[[], Actor], tmp_path: Path, database: Any
) -> None:
    actor = in_run()
    inside = Etl(lake, runs, actor, tmp_path)
    inside.land("sqlite:///ops.db", "flights", into="landed", slices=JANUARY)
    inside.load(FRAME, into="flights", key=KEY)
    inside.load(pd.DataFrame({"day": [7], "flight": [7], "carrier": ["UA"]}), into="flights", key=KEY)
    edges = {(edge.direction, edge.kind, edge.name.rsplit("/", 1)[-1]) for edge in runs.edges(str(actor.run))}
    assert edges == {
        ("read", "source", "ops.db#flights"),
        ("write", "dataset", "landed"),
        ("write", "dataset", "flights"),
    }
