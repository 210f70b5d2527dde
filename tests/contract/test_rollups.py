"""A query through rollups gives what the rows give, to the bit, whatever was done to the rows since it was made."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from workbench.analytics.metrics import MetricResult, Metrics, MetricStore, RollupStore
from workbench.compute import engines
from workbench.data.lake import EventLayout, Lake
from workbench.foundation.catalog import Catalog
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Principal, Role, Security

ADA = Actor(Principal("ada", Role.ADMIN))
ZONE = "America/New_York"
SCHEMA = {
    "id": pl.Int64(),
    "user": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "kind": pl.String(),
    "size": pl.Int64(),
    "amount": pl.Float64(),
}
DEFINITIONS = """
- {name: events, dataset: DATASET, aggregation: count, time: at, time_zone: America/New_York,
   dimensions: &by [kind, {name: big, sql: "size > 1"}, size]}
- {name: users, dataset: DATASET, aggregation: count_distinct, column: user, time: at, dimensions: *by}
- {name: amount, dataset: DATASET, aggregation: sum, column: amount, filter: amount > 0, time: at, dimensions: *by}
- {name: mean_amount, dataset: DATASET, aggregation: mean, column: amount, time: at, dimensions: *by}
- {name: least, dataset: DATASET, aggregation: min, column: amount, time: at, dimensions: *by}
- {name: middle, dataset: DATASET, aggregation: median, column: amount, time: at, dimensions: *by}
- {name: sizes, dataset: DATASET, aggregation: sum, column: size, time: at, dimensions: *by}
- {name: closing, dataset: DATASET, aggregation: last, column: user, tie: id, time: at, dimensions: *by}
- {name: about, dataset: DATASET, aggregation: count_distinct, column: user, approximate: true, time: at,
   dimensions: *by}
- {name: about_95, dataset: DATASET, aggregation: percentile, percentile: 95, column: amount, approximate: true,
   time: at, dimensions: *by}
- {name: share, type: ratio, numerator: amount, denominator: events}
- {name: users_3d, type: cumulative, metric: users, window: 3 days}
- {name: amount_mtd, type: cumulative, metric: amount, grain_to_date: month, period_agg: last}
- {name: events_ever, type: cumulative, metric: events}
- name: growth
  type: derived
  expr: events - earlier
  inputs: [{metric: events, alias: earlier, offset: 1 week}, {metric: sizes, filter: kind = 'a', alias: of_a}]
- {name: of_a, type: derived, expr: sizes_of_a * 2, inputs: [{metric: sizes, alias: sizes_of_a, filter: kind = 'a'}]}
"""
NAMES = [
    "growth", "events", "users", "amount", "mean_amount", "least", "middle", "sizes", "closing", "share", "users_3d",
    "amount_mtd", "events_ever", "of_a",
    "about", "about_95",
]  # fmt: skip
# Half an hour before midnight in New York, a day whose clocks change, months' ends, a year's end.
TIMES = [
    datetime(2013, 1, 1, 4, 30, tzinfo=UTC),
    datetime(2013, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2013, 2, 1, tzinfo=UTC),
    datetime(2013, 3, 10, 6, 59, tzinfo=UTC),
    datetime(2013, 3, 10, 7, 1, tzinfo=UTC),
    datetime(2013, 3, 31, 3, 30, tzinfo=UTC),
    datetime(2012, 12, 31, 12, tzinfo=UTC),
    datetime(2013, 11, 3, 5, 30, tzinfo=UTC),
    datetime(2013, 11, 3, 6, 30, tzinfo=UTC),
]
ROW = st.fixed_dictionaries(
    {
        "id": st.integers(0, 40),
        "user": st.sampled_from(["ann", "bob", "cyd", None]),
        "at": st.none() | st.sampled_from(TIMES) | st.integers(0, 24 * 80).map(lambda h: TIMES[0] + timedelta(hours=h)),
        "kind": st.sampled_from(["a", "b", None]),
        "size": st.sampled_from([0, 1, 2, 2**40, None]),
        "amount": st.none() | st.sampled_from([0.1, 0.2, -1.0, 3.0, float("nan"), -0.0]),
    }
)
ROWS = st.lists(ROW, max_size=12)
# Whole days, weeks and months in New York, and not; open at an end, and empty of rows.
RANGES = [
    (date(2013, 1, 1), date(2013, 2, 1)),
    (date(2013, 1, 14), date(2013, 3, 11)),
    (date(2013, 3, 10), None),
    (None, date(2013, 3, 1)),
    (None, None),
    (datetime(2013, 2, 3, 5, tzinfo=UTC), date(2013, 11, 4)),
    (datetime(2013, 2, 3, 5, 30, tzinfo=UTC), datetime(2013, 3, 10, 7, tzinfo=UTC)),
    (date(2014, 1, 1), date(2015, 1, 1)),
]
QUERY = st.fixed_dictionaries(
    {
        "metrics": st.lists(st.sampled_from(NAMES[1:]) | st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
        "by": st.lists(st.sampled_from(["kind", "big", "size"]), max_size=2, unique=True),
        "grain": st.sampled_from([None, "hour", "day", "week", "month", "quarter", "year"]),
        "where": st.sampled_from(
            [None, "kind = 'a'", "big", "kind = 'a' AND NOT big", "amount > 0", "kind IS NULL OR big", "size = 2"]
        ),
        "between": st.none() | st.sampled_from(RANGES),
        "time_zone": st.sampled_from([None, None, None, "UTC"]),
        "week_start": st.sampled_from([None, None, None, 7]),
    }
)
ROLLUP = st.fixed_dictionaries(
    {
        "metrics": st.just(NAMES) | st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
        "dimensions": st.just(["kind", "big", "size"]) | st.lists(st.sampled_from(["kind", "big"]), unique=True),
        "grain": st.sampled_from(["hour", "day", "week", "month"]),
        "filter": st.sampled_from([None, None, "kind = 'a'"]),
    }
)
# One that fits most queries, so that rollups really answer; the other may be anything.
WIDE = st.fixed_dictionaries(
    {
        "metrics": st.just(NAMES),
        "dimensions": st.just(["kind", "big", "size"]),
        "grain": st.sampled_from(["hour", "day"]),
    }
)
CHANGE = st.one_of(
    st.tuples(st.just("append"), ROWS),
    st.tuples(st.just("upsert"), ROWS),
    st.tuples(st.just("delete"), st.integers(0, 40)),
    st.tuples(st.just("fold"), st.none()),
    st.tuples(st.just("widen"), st.none()),
    st.tuples(st.just("refresh"), st.none()),
)


class World:
    """A lake with one dataset, its metrics and its rollups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalog = Catalog(f"sqlite:///{folder / 'catalog.db'}")
        self.catalog.prepare()
        self.runs = Runs(self.catalog, Settings(home=folder))
        self.security = Security(self.catalog)
        self.lake = Lake(folder / "lake", self.catalog, self.runs, self.security)
        self.name = ""

    def begin(self, rows: list[dict[str, Any]], layout: EventLayout | None) -> None:
        """Another dataset, without rollups."""
        if self.name:
            for summary in list(self.metrics.rollups):
                self.metrics.rollups.remove(summary.rollup.name)
            self.lake.delete(self.name, ADA)
        self.name = "d" + str(int(self.name[1:] or 0) + 1 if self.name else 1)
        shutil.rmtree(self.folder / "metrics", ignore_errors=True)
        (self.folder / "metrics").mkdir()
        (self.folder / "metrics" / "events.yaml").write_text(DEFINITIONS.replace("DATASET", self.name))
        self.lake.create(self.name, frame(rows), ADA, layout=layout)
        self.metrics = self.seen_by(ADA)

    def seen_by(self, actor: Actor) -> Metrics:
        return Metrics(
            self.lake, self.runs, engines.get("local"), actor, self.folder / "metrics",
            MetricStore(self.catalog, self.security), RollupStore(self.catalog, self.security),
        )  # fmt: skip

    def change(self, doing: str, what: Any) -> None:
        match doing:
            case "append":
                self.lake.append(self.name, frame(what), ADA, evolve=True)
            case "upsert":
                rows = frame(what).unique("id", keep="first", maintain_order=True)
                self.lake.upsert(self.name, rows, ADA, key=["id"], evolve=True)
            case "delete":
                left = self.lake.read(self.name, ADA).filter(pl.col("id") != what).collect()
                self.lake.overwrite(self.name, left, ADA)
            case "fold":
                self.lake.optimize(self.name, ADA)
            case "widen":
                self.lake.append(self.name, frame([]).with_columns(more=pl.lit(1)), ADA, evolve=True)
            case "refresh":
                for summary in list(self.metrics.rollups):
                    self.metrics.rollups.refresh(summary.rollup.name)


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("rollups"))
    yield made
    made.catalog.close()


def asked(metrics: Metrics, query: dict[str, Any], rollups: str) -> MetricResult | str:
    """The answer, or what is said where it is refused."""
    try:
        return metrics.query(**query, rollups=rollups)  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001 - the same has to be said with rollups and without
        return str(error)


used: dict[str, int] = {"rollup": 0, "rows": 0}


def compare(world: World, query: dict[str, Any]) -> None:
    through, without = asked(world.metrics, query, "use"), asked(world.metrics, query, "off")
    if isinstance(through, str) or isinstance(without, str):
        assert through == without
        return
    assert_frame_equal(through.frame, without.frame, check_exact=True)
    assert through.frame.schema == without.frame.schema
    assert through.versions == without.versions
    for one in through.passes:
        used["rollup" if one.rollup else "rows"] += 1
        assert one.rollup or one.why_no_rollup


@settings(examples(10, 60), suppress_health_check=list(HealthCheck))
@given(
    rows=ROWS,
    laid_out=st.booleans(),
    rollups=st.tuples(ROLLUP, WIDE) | st.tuples(ROLLUP, ROLLUP),
    changes=st.lists(CHANGE, max_size=4),
    queries=st.lists(QUERY, min_size=4, max_size=8),
)
def a_history(
    world: World,
    rows: list[dict[str, Any]],
    laid_out: bool,
    rollups: tuple[dict[str, Any], ...],
    changes: list[tuple[str, Any]],
    queries: list[dict[str, Any]],
) -> None:
    layout = EventLayout(subject="user", time="at", event="kind", id="id") if laid_out else None
    world.begin(rows, layout)
    for at, rollup in enumerate(rollups):
        world.metrics.rollups.define({"name": f"r{at}", **rollup})
        world.metrics.rollups.refresh(f"r{at}")
    for query in queries[:3]:
        compare(world, query)
    for doing, what in changes:
        world.change(doing, what)
        compare(world, queries[0])
    for query in queries:
        compare(world, query)
    world.change("refresh", None)
    assert {summary.status for summary in world.metrics.rollups} == {"current"}
    for query in queries:
        compare(world, query)


def test_rollups_say_what_the_rows_say(world: World) -> None:
    a_history(world)
    assert used["rollup"] > 25, used


def test_a_folder_that_came_back_from_a_backup_has_other_rows_by_the_same_number(world: World) -> None:
    def sold(month: int) -> dict[str, Any]:
        return {"id": month, "user": "ann", "at": datetime(2013, month, 5, tzinfo=UTC), "kind": "a", "size": 1}

    world.begin([sold(1)], None)
    folder = world.lake.root / world.lake.id_of(world.name)
    shutil.copytree(folder, world.folder / "backup")
    world.lake.append(world.name, frame([sold(2)]), ADA)
    world.metrics.rollups.define({"name": "r", "metrics": ["events"]})
    world.metrics.rollups.refresh("r")
    shutil.rmtree(folder)
    shutil.copytree(world.folder / "backup", folder)
    world.lake = Lake(world.lake.root, world.catalog, world.runs, world.security)  # as another process has it
    world.metrics = world.seen_by(ADA)
    compare(world, {"metrics": ["events"], "grain": "month"})
    world.lake.append(world.name, frame([sold(3), sold(4)]), ADA)
    compare(world, {"metrics": ["events"], "grain": "month"})
    assert world.metrics.rollups.summary("r").status == "behind"
    world.metrics.rollups.refresh("r")
    compare(world, {"metrics": ["events"], "grain": "month"})
    assert world.metrics.rollups.summary("r").status == "current"
