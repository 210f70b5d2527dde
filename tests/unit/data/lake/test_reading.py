from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import replace

import deltalake
import polars as pl
import pytest

from workbench.data.lake import Datasets, Lake
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Policy, Principal, Role, Security


def numbers(*values: int) -> pl.DataFrame:
    return pl.DataFrame({"k": list(values), "v": [f"v{value}" for value in values]})


@pytest.fixture
def three(lake: Lake, admin: Actor) -> Lake:
    """Dataset `t` with versions 0, 1 and 2, which have that many rows and one."""
    lake.create("t", numbers(0), admin)
    lake.append("t", numbers(1), admin)
    lake.append("t", numbers(2), admin)
    return lake


def height(lake: Lake, actor: Actor, **which: object) -> int:
    return lake.read("t", actor, **which).collect().height  # type: ignore[arg-type]


def test_a_version_is_read_by_number_or_time(three: Lake, admin: Actor) -> None:
    assert [height(three, admin, version=number) for number in range(3)] == [1, 2, 3]
    history = three.versions("t", admin)
    assert [version.operation for version in history] == ["append", "append", "create"]
    for version in history:
        assert height(three, admin, at=version.time) == version.number + 1
        assert version.time.tzinfo is dt.UTC or version.time.utcoffset() == dt.timedelta(0)
    with pytest.raises(NotFound, match="did not exist yet"):
        three.read("t", admin, at=history[-1].time - dt.timedelta(microseconds=1))
    with pytest.raises(NotFound, match="'t' has no version 3") as caught:
        three.read("t", admin, version=3)
    assert caught.value.hint == "they go from 0 to 2"
    with pytest.raises(NotFound):
        three.read("t", admin, version=-1)
    with pytest.raises(Invalid, match="in the future"):
        three.read("t", admin, at=dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    with pytest.raises(Invalid, match="no time zone"):
        three.read("t", admin, at=dt.datetime(2013, 1, 1))  # noqa: DTZ001


def test_an_unknown_dataset_gets_the_nearest_name(three: Lake, admin: Actor) -> None:
    three.create("flights", numbers(1), admin)
    with pytest.raises(NotFound, match="no dataset 'flihgts'; did you mean 'flights'"):
        three.read("flihgts", admin)


def test_a_run_reads_one_version_however_often_it_looks(
    three: Lake, admin: Actor, runs: Runs, in_run: Callable[[], Actor]
) -> None:
    inside = in_run()
    assert height(three, inside) == 3
    three.append("t", numbers(3), admin)
    assert height(three, inside) == 3
    assert height(three, in_run()) == 4
    run = str(inside.run)
    assert [(edge.direction, edge.version) for edge in runs.edges(run)] == [("read", "2")]
    (dataset_id,) = (path.name for path in three.root.iterdir() if path.is_dir())
    assert runs.pinned(dataset_id) == {2, 3}


def test_a_run_reads_what_it_wrote(three: Lake, admin: Actor, runs: Runs, in_run: Callable[[], Actor]) -> None:
    inside = in_run()
    assert height(three, inside) == 3
    three.append("t", numbers(3), admin)
    three.append("t", numbers(4), inside)
    three.append("t", numbers(5), admin)
    assert height(three, inside) == 5
    assert [(edge.direction, edge.version) for edge in runs.edges(str(inside.run))] == [
        ("read", "2"),
        ("write", "4"),
        ("read", "4"),
    ]
    assert three.versions("t", admin)[1].run == inside.run


def test_a_version_asked_for_by_number_does_not_seal_the_others(
    three: Lake, in_run: Callable[[], Actor], runs: Runs
) -> None:
    inside = in_run()
    assert height(three, inside, version=0) == 1
    assert height(three, inside) == 3
    assert height(three, inside, version=0) == 1
    assert [edge.version for edge in runs.edges(str(inside.run))] == ["0", "2"]


def test_a_version_asked_for_by_number_and_then_read_seals_too(
    three: Lake, admin: Actor, in_run: Callable[[], Actor]
) -> None:
    inside = in_run()
    assert height(three, inside, version=2) == 3
    assert height(three, inside) == 3
    three.append("t", numbers(3), admin)
    assert height(three, inside) == 3
    assert three.info("t", inside).version == 2
    assert three.info("t", in_run()).version == 3


def test_pins_of_a_replay_win_over_what_is_newest(three: Lake, in_run: Callable[[], Actor]) -> None:
    replay = replace(in_run(), pins={"t": 1})
    assert height(three, replay) == 2
    assert three.read_with_version("t", replay)[1] == 1
    assert height(three, replay, version=0) == 1


def test_a_policy_filters_by_true_values_and_replaces_columns(three: Lake, security: Security, admin: Actor) -> None:
    viewer = Actor(Principal("vera", Role.VIEWER))
    policy = Policy(dataset="t", role=Role.VIEWER, row_filter="v <> 'v1'", columns={"v": "'***'"})
    security.set_policy(policy, by=admin.principal)
    assert three.read("t", viewer).collect().rows() == [(0, "***"), (2, "***")]
    assert three.read("t", viewer).filter(pl.col("v") == "v2").collect().height == 0
    assert three.info("t", viewer).rows == 2
    assert three.info("t", admin).rows == 3
    three.rename("t", "u", admin)
    assert three.read("u", viewer).collect().rows() == [(0, "***"), (2, "***")]
    security.clear_policy("u", Role.VIEWER, by=admin.principal)
    assert three.read("u", viewer).collect().height == 3


def test_an_expression_that_fails_never_meets_a_hidden_row(three: Lake, security: Security, admin: Actor) -> None:
    viewer = Actor(Principal("vera", Role.VIEWER))
    three.overwrite("t", pl.DataFrame({"k": [1, 2], "v": ["1", "salary"]}), admin)
    security.set_policy(Policy(dataset="t", role=Role.VIEWER, row_filter="k = 1"), by=admin.principal)
    number = pl.col("v").cast(pl.Int64, strict=True)
    for engine in ("in-memory", "streaming"):
        plan = three.read("t", viewer)
        assert plan.filter(number > 0).select("v").collect(engine=engine).rows() == [("1",)]
        assert plan.select(number).filter(pl.col("v") > 0).collect(engine=engine).rows() == [(1,)]


@pytest.mark.parametrize(
    "policy",
    [
        {"row_filter": "nothing = 1"},
        {"row_filter": "k ="},
        {"row_filter": "k + 1"},
        {"row_filter": "v > 1 AND upper(k) = 'x'"},
        {"columns": {"nothing": "NULL"}},
        {"columns": {"v": "nothing"}},
        {"columns": {"v": "nosuchfunction(v)"}},
    ],
)
def test_a_policy_that_cannot_be_applied_closes_the_dataset(
    three: Lake, security: Security, admin: Actor, policy: dict[str, object]
) -> None:
    viewer = Actor(Principal("vera", Role.VIEWER))
    security.set_policy(Policy.model_validate({"dataset": "t", "role": Role.VIEWER, **policy}), by=admin.principal)
    with pytest.raises(Forbidden, match="'t' stays closed to the role viewer") as caught:
        three.read("t", viewer)
    assert "\n" not in str(caught.value)
    assert three.lists.infos(viewer) == []
    assert height(three, admin) == 3


def test_planning_a_read_over_hundreds_of_commits_is_quick(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin)
    for value in range(1, 200):
        lake.append("t", numbers(value), admin)
    plan = lake.read("t", admin)
    took = []
    for _ in range(9):
        start = time.process_time()  # that others keep the machine busy is not its fault
        plan = lake.read("t", admin)
        plan.collect_schema()
        took.append(time.process_time() - start)
    assert min(took) < 0.010 * 3  # 3 ms alone
    assert plan.collect().height == 200


def test_other_readers_of_delta_tables_read_the_same_rows(lake: Lake, admin: Actor) -> None:
    day = [dt.date(2013, 1, 1), dt.date(2013, 1, 2), None]
    lake.create("t", pl.DataFrame({"day": day, "k": [1, 2, 3]}), admin, key=["k"], partition_by=["day"])
    lake.append("t", pl.DataFrame({"day": day, "k": [4, 5, 6], "x": ["a", "b", "c"]}), admin, evolve=True)
    lake.upsert("t", pl.DataFrame({"day": [day[1]], "k": [1], "x": ["new"]}), admin)
    lake.optimize("t", admin)
    (folder,) = (path for path in lake.root.iterdir() if path.is_dir())
    expected = lake.read("t", admin).collect().sort("k")
    table = deltalake.DeltaTable(str(folder))
    by_delta = pl.DataFrame(table.to_pyarrow_table()).select(expected.columns).sort("k")
    assert by_delta.equals(expected)
    assert pl.scan_delta(str(folder)).select(expected.columns).collect().sort("k").equals(expected)


def test_the_arrow_dataset_and_the_parts_hold_the_same_rows(lake: Lake, admin: Actor, datasets: Datasets) -> None:
    lake.create("t", numbers(1), admin)
    lake.append("t", pl.DataFrame({"k": [2], "x": [0.5]}), admin, evolve=True)
    expected = lake.read("t", admin).collect()
    assert pl.DataFrame(lake.arrow_dataset("t", admin).to_table()).equals(expected)
    parts = lake.plans("t", admin)
    assert len(parts) == 2
    assert pl.concat(parts).collect().equals(expected)
    assert datasets["t"].to_dask().compute()["k"].tolist() == [1, 2]
