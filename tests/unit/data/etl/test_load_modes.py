"""The five ways to load, each held against a plain dictionary or list of what it is to leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data.etl import Etl
from workbench.data.lake import Checkpoint, Lake, Mode
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Conflict, Invalid
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Principal, Role, Security

ADMIN = Actor(Principal("ada", Role.ADMIN))
SCHEMA = {"k": pl.Int64, "p": pl.String, "v": pl.Float64}
START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 9), st.sampled_from(["a", "b", None]), st.sampled_from([None, 0.0, -0.0, 1.5, float("nan")])
    ),
    max_size=6,
    unique_by=lambda row: row[0],
)
MODES = st.sampled_from(list(Mode))
_names = count()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Etl, Lake]:
    folder: Path = tmp_path_factory.mktemp("modes")
    catalog = Catalog(f"sqlite:///{folder / 'catalog.db'}")
    catalog.prepare()
    runs = Runs(catalog, Settings(home=folder))
    lake = Lake(folder / "lake", catalog, runs, Security(catalog))
    return Etl(lake, runs, ADMIN, folder), lake


def frame(rows: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def shown(rows: Any) -> list[str]:
    """Rows that NaN and a negative zero can be told apart in, or not, as the workbench does: NaN is NaN, -0 is 0."""
    return sorted(repr(tuple(value + 0.0 if isinstance(value, float) else value for value in row)) for row in rows)


def there(lake: Lake, name: str) -> Any:
    return lake.read(name, ADMIN).collect()


@settings(examples(15, 40), suppress_health_check=[HealthCheck.too_slow])
@given(loads=st.lists(st.tuples(st.sampled_from(["append", "upsert", "delete-insert", "replace"]), ROWS), max_size=7))
@pytest.mark.parametrize("streamed", [False, True])
def test_loads_leave_what_a_dictionary_says(
    world: tuple[Etl, Lake], streamed: bool, loads: list[tuple[str, list[Any]]]
) -> None:
    etl, lake = world
    name = f"t{next(_names)}"
    lake.create(name, SCHEMA, ADMIN, key="k", partition_by="p")
    model: dict[int, Any] = {}
    for mode, rows in loads:
        given = frame(rows)
        if streamed and mode in ("append", "replace"):
            given = pa.RecordBatchReader.from_batches(
                given.to_arrow().schema, given.to_arrow().to_batches(max_chunksize=2)
            )
        before = lake.version(name)
        parts = {row[1] for row in rows}
        kept = {key: row for key, row in model.items() if row[1] not in parts} if mode == "delete-insert" else model
        if mode in ("append", "delete-insert") and any(row[0] in kept for row in rows):
            replaced = [row for row in model.values() if row[1] in parts]
            if mode == "append" or shown(replaced) != shown(rows):
                with pytest.raises(Conflict, match="have a key"):
                    etl.load(given, into=name, mode=mode)
                assert lake.version(name) == before
                continue
        done = etl.load(given, into=name, mode=mode)
        new = {row[0]: row for row in rows}
        if mode == "upsert":
            same = [key for key in new if key in model and shown([new[key]]) == shown([model[key]])]
            assert (done.added, done.unchanged) == (len(new.keys() - model.keys()), len(same))
            assert done.changed == len(new) - done.added - done.unchanged
            assert (done.version == before) == (len(same) == len(new))
        model = new if mode == "replace" else {**kept, **new}
        assert done.rows == len(rows)
        assert shown(there(lake, name).rows()) == shown(model.values())


EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 9), st.sampled_from(["x", "y", None])),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row[:2],
)


def intervals(events: dict[int, dict[int, Any]]) -> list[Any]:
    """Rows of a history, from every event by key and time; an event that says what held is none."""
    found = []
    for key, times in events.items():
        held: list[tuple[int, Any]] = []
        for time, value in sorted(times.items()):
            if not held or held[-1][1] != value:
                held.append((time, value))
        for (time, value), after in zip(held, [*held[1:], None], strict=True):
            if value != "gone":
                found.append((key, value, time, after[0] if after else None, after is None))
        times.clear()
        times.update(held)
    return sorted(map(repr, found))


def history(lake: Lake, name: str) -> list[str]:
    hours = (pl.col(one).sub(pl.lit(START)).dt.total_hours() for one in ("valid_from", "valid_to"))
    return sorted(map(repr, there(lake, name).select("k", "v", *hours, "is_current").rows()))


@settings(examples(20, 50), suppress_health_check=[HealthCheck.too_slow])
@given(loads=st.lists(EVENTS, min_size=1, max_size=5))
def test_a_history_is_what_its_events_say_in_whatever_order_they_come(
    world: tuple[Etl, Lake], loads: list[list[Any]]
) -> None:
    etl, lake = world
    name = f"h{next(_names)}"
    known: dict[int, dict[int, Any]] = {}
    for rows in loads:
        given = pl.DataFrame(rows, schema={"k": pl.Int64, "at": pl.Int64, "v": pl.String}, orient="row")
        given = given.with_columns(since=pl.lit(START) + pl.duration(hours=pl.col("at")))
        load = given.select("k", "v", "since")
        for key, at, value in rows:
            known.setdefault(key, {})[at] = value
        etl.load(load, into=name, mode="snapshot", key="k", at="since")
        assert history(lake, name) == intervals(known)
        version = lake.version(name)
        again = etl.load(load, into=name, mode="snapshot", key="k", at="since")
        assert (again.version, again.unchanged) == (version, len({row[0] for row in rows}))


def snapshot(etl: Etl, name: str, values: dict[int, str], hour: int, **more: Any) -> tuple[int, ...]:
    rows = pl.DataFrame({"k": list(values), "v": list(values.values())}, schema={"k": pl.Int64, "v": pl.String})
    done = etl.load(rows, into=name, mode="snapshot", key="k", at=START + timedelta(hours=hour), **more)
    return done.added, done.changed, done.unchanged, done.removed, done.late


def test_a_snapshot_ends_keys_that_it_lacks_only_when_asked(world: tuple[Etl, Lake]) -> None:
    etl, lake = world
    assert snapshot(etl, "prices", {1: "a", 2: "b"}, 0) == (2, 0, 0, 0, 0)
    assert lake.key("prices") == ("k", "valid_from")
    assert snapshot(etl, "prices", {1: "a"}, 1) == (0, 0, 1, 0, 0)
    assert snapshot(etl, "prices", {1: "c"}, 2, missing="close") == (0, 1, 0, 1, 0)
    assert history(lake, "prices") == sorted(
        map(repr, [(1, "a", 0, 2, False), (1, "c", 2, None, True), (2, "b", 0, 2, False)])
    )
    assert snapshot(etl, "prices", {1: "c"}, 3, missing="close") == (0, 0, 1, 0, 0)
    assert snapshot(etl, "prices", {2: "b"}, 4) == (0, 1, 0, 0, 0)
    assert snapshot(etl, "prices", {1: "b"}, 1) == (0, 1, 0, 0, 1)
    assert history(lake, "prices")[:3] == sorted(
        map(repr, [(1, "a", 0, 1, False), (1, "b", 1, 2, False), (1, "c", 2, None, True)])
    )
    with pytest.raises(Invalid, match="would end every key's history"):
        snapshot(etl, "prices", {}, 5, missing="close")


def test_a_partition_that_is_as_it_was_is_not_written_again(world: tuple[Etl, Lake]) -> None:
    etl, _ = world
    rows = frame([(1, "a", 1.0), (2, "a", None), (3, "b", 2.0)])
    etl.load(rows, into="parts", mode="delete-insert", partition="p")
    done = etl.load(rows.reverse(), into="parts", mode="delete-insert", partition="p")
    assert (done.version, done.unchanged) == (0, 3)
    done = etl.load(frame([(1, "a", 1.0), (3, "b", 2.0)]), into="parts", mode="delete-insert")
    assert (done.version, done.unchanged, done.added, done.removed) == (1, 1, 1, 2)


def test_a_load_and_its_checkpoint_are_one_commit(world: tuple[Etl, Lake]) -> None:
    etl, lake = world
    for mode in Mode:
        name, done = f"marked-{mode}", Checkpoint("orders", "all", 7)
        for _ in range(2):
            etl.load(frame([(1, "a", 1.0)]), into=name, mode=mode, key="k", partition="p", checkpoint=done)
        assert lake.checkpoint(name, "orders", "all") == 7
        assert lake.version(name) == 1
        assert lake.rows(name) == 1


def test_a_stream_that_breaks_off_leaves_nothing(world: tuple[Etl, Lake]) -> None:
    etl, lake = world
    etl.load(frame([(1, "a", 1.0)]), into="kept", mode="append")

    def breaking() -> Iterator[pa.RecordBatch]:
        for _ in range(3):
            yield frame([(2, "a", 1.0)]).to_arrow().to_batches()[0]
        raise OSError("the connection was reset")

    for mode in ("append", "replace"):
        reader = pa.RecordBatchReader.from_batches(frame([]).to_arrow().schema, breaking())
        with pytest.raises(OSError, match="was reset"):
            etl.load(reader, into="kept", mode=mode)
        assert lake.rows("kept") == 1
    folder = lake.root / lake.id_of("kept")
    assert len(list(folder.glob("*.parquet"))) == 1


def test_a_stream_that_is_overtaken_is_committed_on_top(world: tuple[Etl, Lake]) -> None:
    etl, lake = world
    etl.load(frame([(1, "a", 1.0)]), into="raced", mode="append", key="k")

    def raced(rows: list[Any]) -> Iterator[pa.RecordBatch]:
        yield frame(rows).to_arrow().to_batches()[0]
        lake.append("raced", frame([(5 + lake.rows("raced"), "b", 0.0)]), ADMIN)

    schema = frame([]).to_arrow().schema
    etl.load(pa.RecordBatchReader.from_batches(schema, raced([(2, "a", 1.0)])), into="raced", mode="append")
    assert sorted(row[0] for row in there(lake, "raced").rows()) == [1, 2, 6]
    with pytest.raises(Conflict, match="have a key"):
        etl.load(pa.RecordBatchReader.from_batches(schema, raced([(8, "a", 1.0)])), into="raced", mode="append")
    etl.load(pa.RecordBatchReader.from_batches(schema, raced([(9, "a", 1.0)])), into="raced", mode="replace")
    assert [row[0] for row in there(lake, "raced").rows()] == [9]
    live = set(lake.plans("raced", ADMIN)[0].collect().columns)
    assert live == set(SCHEMA)


def test_updated_rows_stay_in_their_file_so_that_bounds_go_on_telling(world: tuple[Etl, Lake]) -> None:
    etl, lake = world
    for start in (0, 100, 200):
        etl.load(frame([(start + n, "a", 1.0) for n in range(100)]), into="bounded", mode="append", key="k")
    etl.load(frame([(150, "a", 9.0), (400, "a", 9.0)]), into="bounded", mode="upsert")
    bounds = sorted(
        (rows["k"].min(), rows["k"].max()) for rows in (plan.collect() for plan in lake.plans("bounded", ADMIN))
    )
    assert (0, 99) in bounds
    assert (200, 299) in bounds
    assert len(bounds) <= 4


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"mode": "apend"}, "no mode of loading 'apend'; did you mean 'append'"),
        ({"mode": "upsert"}, "needs a key"),
        ({"mode": "snapshot"}, "needs a key"),
        ({"mode": "delete-insert"}, "needs partitions"),
        ({"mode": "snapshot", "key": "k", "at": "whne"}, "no key column 'whne'"),
        ({"mode": "snapshot", "key": "k", "at": "p"}, "'p' is String, and not a time"),
        ({"mode": "snapshot", "key": "k", "at": datetime(2026, 1, 1)}, "has no time zone"),  # noqa: DTZ001
        ({"mode": "append", "missing": "drop"}, "no way with missing keys 'drop'"),
    ],
)
def test_loads_that_cannot_be_are_refused_and_make_nothing(
    world: tuple[Etl, Lake], asked: dict[str, Any], says: str
) -> None:
    etl, lake = world
    with pytest.raises(Invalid, match=says):
        etl.load(frame([(1, "a", 1.0)]), into="nothing", **asked)
    assert not lake.exists("nothing")
