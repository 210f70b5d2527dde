"""`workbench.connect()` against a real server: the same rows, numbers and runs as in the workspace itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from inspect import signature
from pathlib import Path

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal
from site_of_servers import SECRET, Site, made, rendered, running

import workbench
from workbench.data.quality import Suite
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.runs import RunKind, RunStatus
from workbench.governance.security import Policy, Role, Scope
from workbench.remote import Connection, ReadsOnly, door

KINDS = pl.DataFrame(
    {
        "day": [date(2013, 1, 31), date(2013, 1, 31), date(2013, 2, 1), None],
        "at": [datetime(2013, 1, 31, 5, 15, 0, 1, tzinfo=UTC), datetime(2013, 2, 1, 3, tzinfo=UTC)] * 2,
        "small": [-128, 127, None, 0],
        "big": [2**63 - 1, -(2**63), 2**53 + 1, None],
        "single": [0.1, float("nan"), None, float("inf")],
        "double": [0.1, float("nan"), None, float("-inf")],
        "price": [Decimal("0.10"), Decimal("-99999999.99"), None, Decimal("1.00")],
        "yes": [True, None, False, True],
        "text": ["", "Zoë \U0001f6eb", None, "a\nb"],
        "raw": [b"\x00\xff", b"", None, b"a"],
        "tags": [["a", None], [], None, ["b"]],
        "place": [{"x": 1, "y": "a"}, {"x": None, "y": None}, None, {"x": 2, "y": "b"}],
    },
    schema_overrides={"small": pl.Int8, "single": pl.Float32, "price": pl.Decimal(10, 2)},
)
MANY = 150_000
NEXT_YEAR = datetime(2014, 1, 1, tzinfo=UTC)
METRICS = [
    {"name": "most", "aggregation": "max", "column": "big"},
    {"name": "paid", "aggregation": "sum", "column": "price", "unit": "EUR", "format": ",.2f"},
    {"name": "middle", "aggregation": "median", "column": "double"},
    {"name": "times", "aggregation": "count", "label": "How often"},
    {"name": "about", "aggregation": "count_distinct", "column": "price", "approximate": True},
    {"name": "mean_paid", "type": "ratio", "numerator": "paid", "denominator": "times"},
]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("connect") / "team"
    wb = made(home)
    simple = {"dataset": "kinds", "time": "at", "time_zone": "America/New_York", "dimensions": ["day", "yes", "text"]}
    metrics = [one | ({} if one.get("type") else simple) for one in METRICS]
    (home / "metrics" / "kinds.yaml").write_text(yaml.safe_dump(metrics))
    wb.datasets.create("kinds", KINDS.head(2), description="Of each", source="a test")
    wb.datasets["kinds"].append(KINDS.tail(2))
    numbers = pl.DataFrame({"n": range(MANY)}).with_columns(text=pl.format("row {}", "n"))
    wb.datasets.create("many", numbers, key="n")
    with running("api", home) as url:
        yield Site(url, wb)
    wb.close()


@pytest.fixture(scope="module")
def ana(team: Site) -> Iterator[Connection]:
    with workbench.connect(team.url, team.token("ana")) as connection:
        yield connection


@pytest.fixture(scope="module")
def vera(team: Site) -> Iterator[Connection]:
    with workbench.connect(team.url, team.token("vera")) as connection:
        yield connection


def ageless(said: str) -> str:
    """Without how long ago it was, which may change between two looks."""
    return re.sub(r"\d+ \w+ ago|just now", "some time ago", said)


@pytest.mark.parametrize("name", ["kinds", "values", "many", "flights", "small_0"])
def test_a_dataset_is_the_same_near_and_far(team: Site, ana: Connection, name: str) -> None:
    near, far = team.wb.datasets[name], ana.datasets[name]
    assert_frame_equal(far.to_polars(), near.to_polars())
    assert far.to_arrow().schema == near.to_arrow().schema
    assert far.to_pandas().equals(near.to_pandas())
    assert_frame_equal(far.lazy().collect(), near.to_polars())
    assert_frame_equal(far.preview(3), near.preview(3))
    assert far.schema == near.lazy().collect_schema()
    assert (far.info, far.version, far.versions()) == (near.info, near.version, near.versions())
    assert far.at(0).info == near.at(0).info
    assert_frame_equal(far.at(0).to_polars(), near.at(0).to_polars())
    assert ageless(repr(far)) == f"Remote{ageless(repr(near))}"


def test_columns_are_chosen_and_pages_cut_there(team: Site, ana: Connection) -> None:
    near, far = team.wb.datasets["many"], ana.datasets["many"]
    assert_frame_equal(far.to_polars(["text"]), near.to_polars(["text"]))
    assert far.to_polars("n").columns == ["n"]
    asked = {"columns": ["text", "n"], "where": "n % 2 = 0", "order": "-n", "offset": 1, "limit": 3}
    assert_frame_equal(far.page(**asked).frame, near.page(**asked).frame)
    assert far.page(**asked).total == MANY // 2
    assert far.page(limit=0).total == MANY
    with pytest.raises(Invalid, match="no column 'txt'; did you mean 'text'"):
        far.to_polars("txt")
    with pytest.raises(Invalid, match="where cannot be computed"):
        far.page(where="CAST(text AS INT) = 1")


def test_batches_come_one_after_the_other(ana: Connection) -> None:
    found = list(ana.datasets["many"].batches("n", where="n >= 10", order="-n"))
    assert len(found) > 1
    assert pl.concat(found)["n"].to_list() == list(range(MANY - 1, 9, -1))
    (none,) = ana.datasets["many"].batches(where="n < 0")
    assert (none.height, none.schema) == (0, ana.datasets["many"].schema)


def test_a_lazy_plan_gets_what_it_needs_of_the_version_it_was_made_on(team: Site, ana: Connection) -> None:
    far = ana.datasets["many"].lazy()
    assert far.select(pl.len()).collect().item() == MANY
    assert far.filter(pl.col("n") > 3).select("text").head(2).collect()["text"].to_list() == ["row 4", "row 5"]
    assert far.head(3).filter(pl.col("n") > 0).collect()["n"].to_list() == [1, 2]
    assert far.select(pl.col("n").sum()).collect().item() == sum(range(MANY))
    team.wb.datasets.create("growing", pl.DataFrame({"n": [1]}))
    plan = ana.datasets["growing"].lazy()
    team.wb.datasets["growing"].append(pl.DataFrame({"n": [2]}))
    assert plan.collect()["n"].to_list() == [1]


def test_a_history_is_the_same_near_and_far(team: Site, ana: Connection) -> None:
    near, far = team.wb.datasets["kinds"], ana.datasets["kinds"]
    assert [str(one.effect) for one in far.versions()] == ["2 rows added", "2 rows added"]
    assert repr(far.versions(limit=1)) == repr(near.versions(limit=1))
    assert far.versions(before=1) == near.versions(before=1)
    assert signature(type(far).versions) == signature(type(near).versions)


def test_a_difference_is_the_same_near_and_far(team: Site, ana: Connection, vera: Connection) -> None:
    team.wb.datasets.create("turned", KINDS.with_row_index("id"), key="id")
    other = KINDS.with_row_index("id").with_columns(id=pl.col("id") + 1, small=pl.lit("x"), new=pl.lit(1))
    team.wb.datasets["turned"].overwrite(other, evolve=True)
    near, far = team.wb.datasets["turned"], ana.datasets["turned"]
    assert signature(type(far).diff) == signature(type(near).diff)
    for asked in ({}, {"after": 0}, {"key": []}, {"key": "id", "limit": 1}, {"limit": 0}):
        here, there = near.diff(0, **asked), far.diff(0, **asked)  # type: ignore[arg-type]
        for kind in ("rows_added", "rows_removed", "rows_changed"):
            assert_frame_equal(getattr(there, kind), getattr(here, kind), check_row_order=asked != {"key": []})
        assert repr(there) == repr(here)
        assert (
            there.columns_retyped
            == here.columns_retyped
            == ({"small": ("Int8", "String")} if "after" not in asked else {})
        )
    with pytest.raises(NotFound, match="no version 7"):
        far.diff(7)
    team.wb.security.set_policy(
        Policy(dataset="turned", role=Role.VIEWER, row_filter="id > 3"), by=team.wb.actor.principal
    )
    assert (vera.datasets["turned"].diff(0).added, far.diff(0).added) == (1, 1)
    assert vera.datasets["turned"].diff(0).removed == 0
    assert not vera.datasets["turned"].versions()[0].effect.counted


def test_lineage_is_the_same_near_and_far(team: Site, ana: Connection) -> None:
    run = team.wb.runs.start(RunKind.NOTEBOOK, "lead", actor=team.wb.actor, parameters={})
    team.wb.runs.record(run.id, "read", "source", "sqlite:///shop.db", "1")
    team.wb.runs.record(run.id, "write", "dataset", "kinds", "1")
    team.wb.runs.finish(run.id, RunStatus.SUCCEEDED)
    for asked in ({"name": "kinds"}, {"name": "kinds", "up": 1, "down": 0}, {"name": "most", "kind": "metric"}):
        near, far = team.wb.lineage(**asked), ana.lineage(**asked)  # type: ignore[arg-type]
        assert (far.focus, far.nodes, far.links, far.cut) == (near.focus, near.nodes, near.links, near.cut)
        assert repr(far) == repr(near)
    assert "sqlite:///shop.db" in repr(ana.lineage("kinds"))
    with pytest.raises(NotFound, match="did you mean 'kinds'"):
        ana.lineage("kidns")


def test_quality_is_the_same_near_and_far(team: Site, ana: Connection, vera: Connection) -> None:
    day = pl.DataFrame({"at": [datetime(2013, 1, 31, tzinfo=UTC)], "n": [1]})
    suite = Suite.model_validate(
        {"name": "seen", "dataset": "seen", "expectations": [
            {"expect": "not_null", "column": "n"}, {"expect": "between", "column": "n", "max": 0, "note": "why"},
        ]}
    )  # fmt: skip
    team.wb.datasets.create("seen", day)
    for _ in range(2):
        team.wb.quality.check("seen", suite)
    team.wb.quality.promises.make("seen", column="at", within="2 hours")
    near, far = team.wb.quality, ana.quality
    assert far.history("seen") == near.history("seen")
    assert far.history("seen", limit=1) == near.history("seen", limit=1)
    assert far.trend("seen") == near.trend("seen")
    assert far.propose("seen") == near.propose("seen")
    here, there = near.promises.look("seen"), far.promises.look("seen")
    assert (
        (there.kept, there.days, there.promise)
        == (here.kept, here.days, here.promise)
        == (False, here.days, here.promise)
    )
    assert [one.dataset for one in far.promises.list()] == ["seen"]
    with pytest.raises(NotFound, match="nothing is promised"):
        far.promises.look("kinds")
    team.wb.security.set_policy(
        Policy(dataset="seen", role=Role.VIEWER, row_filter="n > 3"), by=team.wb.actor.principal
    )
    assert vera.quality.history("seen") == []
    with pytest.raises(ReadsOnly):
        far.check("seen")


def test_a_dataset_is_read_as_of_a_time(team: Site, ana: Connection) -> None:
    far = ana.datasets["flights"]
    newest, first = far.versions()
    assert far.at(time=first.time).version == 0
    assert far.at(time=newest.time).version == 1
    for wrong, error in (
        (first.time - timedelta(days=1), NotFound),
        (datetime.now(UTC) + timedelta(days=1), Invalid),
        (datetime(2013, 1, 1), Invalid),  # noqa: DTZ001
    ):
        with pytest.raises(error) as there:
            far.at(time=wrong)
        with pytest.raises(error) as here:
            team.wb.datasets["flights"].at(time=wrong)
        assert str(there.value) == str(here.value)


def test_datasets_are_found_over_all_pages(team: Site, ana: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST", 2)
    near = [dataset.name for dataset in team.wb.datasets.list()]
    assert [dataset.name for dataset in ana.datasets.list()] == near
    assert len(near) == len(ana.datasets) > 4
    assert ana.datasets.infos() == team.wb.datasets.infos()
    assert "flights" in ana.datasets
    assert "flihgts" not in ana.datasets
    near_page = team.wb.datasets.search("small_", owner=team.wb.actor.principal.name, sort="-updated", limit=2)
    far_page = ana.datasets.search("small_", owner=team.wb.actor.principal.name, sort="-updated", limit=2)
    assert far_page == near_page
    assert ana.datasets.search("small_", sort="-updated", limit=2, cursor=far_page.next).items[0].name == "small_2"


@pytest.mark.parametrize(
    "asked",
    [
        {"metrics": ["most", "paid", "middle", "times", "mean_paid"]},
        {"metrics": ["paid", "most"], "by": ["day", "yes"], "order": "-paid"},
        {"metrics": "most", "by": "text", "having": "most > 0"},
        {"metrics": "times", "grain": "hour", "where": "small IS NOT NULL"},
        {"metrics": "times", "grain": "day"},
        {"metrics": "times", "grain": "day", "time_zone": "UTC", "between": (date(2013, 2, 1), None)},
        {"metrics": "times", "grain": "week", "week_start": 7, "between": ("2013-01-01", NEXT_YEAR)},
        {"metrics": "times", "by": "day", "limit": 1},
        {"metrics": "times", "by": "day", "limit": 0},
        {"metrics": ["about", "times"]},
    ],
)  # fmt: skip
def test_a_metric_is_the_same_near_and_far(team: Site, ana: Connection, asked: dict[str, object]) -> None:
    near = team.wb.metrics.query(**asked)  # type: ignore[arg-type]
    far = ana.metrics.query(**asked)  # type: ignore[arg-type]
    assert_frame_equal(far.frame, near.frame)
    assert (far.labels, far.units, far.formats) == (near.labels, near.units, near.formats)
    assert (far.grain, far.versions, far.metric_versions) == (near.grain, near.versions, near.metric_versions)
    assert (far.title, repr(far), far.engine) == (near.title, repr(near), near.engine)
    assert (far.approximate, far.approximate.keys()) == (near.approximate, {"about"} & set(near.metric_versions))
    assert far.to_pandas().equals(near.to_pandas())
    said = [[line for line in one.explain().splitlines() if line.startswith(("files", "rows"))] for one in (far, near)]
    assert said[0] == said[1] != []


def test_a_definition_is_the_same_near_and_far(team: Site, ana: Connection) -> None:
    for near, far in zip(team.wb.metrics.list(), ana.metrics.list(), strict=True):
        assert (repr(far), far.version, far.filter, far.time_zone) == (
            repr(near), near.version, near.filter, near.time_zone
        )  # fmt: skip
    assert repr(ana.metrics) == repr(team.wb.metrics)
    with pytest.raises(NotFound, match="did you mean 'times'"):
        ana.metrics["tines"]
    with pytest.raises(Invalid, match="between takes two times"):
        ana.metrics.query("times", between=("2013-01-01",))  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="'soon' is not a date or time"):
        ana.metrics.query("times", between=("soon", None))


def test_runs_and_reports_are_told(team: Site, ana: Connection, vera: Connection) -> None:
    id = rendered(team.wb, team.wb.actor.principal, "flights")
    near, far = team.wb.runs.get(id), ana.runs.get(id[:-1])
    for name in ("id", "kind", "name", "status", "started", "finished", "principal", "parameters", "seconds"):
        assert getattr(far, name) == getattr(near, name)
    assert repr(far) == repr(near)
    assert ana.runs.receipt(id) == team.wb.runs.receipt(id)
    assert ana.runs.log(id) == "first line\nsecond line\n"
    chosen = ana.runs.list(kind=RunKind.REPORT, status=RunStatus.SUCCEEDED, name="punctuality", limit=1)
    assert [run.id for run in chosen] == [id]
    assert ana.runs.list(parent=id) == []
    assert id in repr(ana.runs)
    (report,) = ana.reports.list()
    assert (report.title, report.latest and report.latest.run) == ("Flight punctuality", id)
    assert ana.reports.latest("punctuality") == report.latest
    with pytest.raises(NotFound, match="did you mean 'punctuality'"):
        ana.reports.get("punctualty")
    assert id in [run.run for run in ana.datasets["flights"].lineage().runs]
    with pytest.raises(Forbidden, match="takes the role analyst"):
        vera.runs.list()


def test_a_viewer_s_policy_holds(vera: Connection) -> None:
    far = vera.datasets["flights"]
    assert far.to_polars()["origin"].to_list() == ["JFK", "JFK"]
    assert far.info.rows == 2
    told = [far.to_polars(), far.lazy().collect(), far.at(0).to_polars(), far.page(where=f"tailnum = '{SECRET}'").frame]
    told.append(vera.metrics.query("flights", by="tailnum").frame)
    assert SECRET not in json.dumps([frame.to_dicts() for frame in told])


def test_one_is_told_who_one_is(team: Site, vera: Connection) -> None:
    assert (vera.me.name, vera.me.role, vera.me.scopes) == ("vera", Role.VIEWER, (Scope.READ,))
    assert "datasets:read" in vera.me.may
    assert repr(vera) == f"Connection({team.url}, vera (viewer))"
    with workbench.connect(team.url, team.token("ada", Scope.READ, Scope.RUN)) as ada:
        assert ada.me.scopes == (Scope.READ, Scope.RUN)


def test_what_does_not_read_is_said_not_to_be_there(ana: Connection) -> None:
    for thing, name in ((ana, "sql"), (ana.datasets, "create"), (ana.datasets["many"], "append"), (ana.runs, "reap")):
        with pytest.raises(ReadsOnly, match=f"a connection only reads, and its \\w+ has no '{name}'"):
            getattr(thing, name)
        assert not hasattr(thing, name)
    with pytest.raises(ReadsOnly, match="did you mean 'to_polars'"):
        ana.datasets["many"].to_polar  # noqa: B018


def test_a_process_without_the_workspace_reads_it(team: Site, tmp_path: Path) -> None:
    program = (
        "import workbench, sys\n"
        "wb = workbench.connect(sys.argv[1])\n"
        "print(wb.me.name, wb.datasets['flights'].to_polars().height, wb.metrics.query('flights').frame.item())"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    environment = kept | {"WORKBENCH_TOKEN": team.token("vera"), "HTTP_PROXY": "http://127.0.0.1:9"}
    command = [sys.executable, "-c", program, team.url]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "vera 2 2\n", done.stderr
    assert not list(tmp_path.iterdir())
