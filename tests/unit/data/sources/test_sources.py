from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from shop_source import APPEND, Put, add, held

from workbench import Workbench
from workbench.data.sources import SourceDefinition
from workbench.data.sources.cursor import Cursor
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable, WorkbenchError
from workbench.governance.runs import Actor, RunKind, RunStatus
from workbench.governance.security import Principal, Role


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "postgresql://u:hunter2@db/shop"}, "has a password in clear in its url"),
        ({"url": "https+json://host/orders?api_key=hunter2"}, "has 'api_key' in clear in its url"),
        ({"url": "https+json://host/orders#auth=bearer:hunter2"}, "has 'auth' in clear in its url"),
        ({"url": "s3://bucket/a.csv#secrets=key:hunter2"}, "has 'secrets' in clear in its url"),
        ({"password": "hunter2"}, "has a password in clear: write env:NAME, file:/path or keyring:service/name"),
        ({"mode": "upsrt"}, "did you mean 'upsert'"),
        ({"cursr": "n"}, "did you mean 'cursor'"),
        ({"mode": "append"}, "needs a cursor to append by"),
        ({"mode": "upsert", "cursor": "n"}, "needs a key to upsert by"),
        ({"cursor": "n"}, "has cursor, which the mode 'refresh' does not use"),
        ({"mode": "append", "cursor": "n", "lag": "2 fortnights"}, "which is no length of time; write 30min"),
        ({"deletions": "compare"}, "a refresh leaves out what is gone by itself"),
        ({"deletions": "column"}, "needs both deletions=column and deleted="),
        ({"mode": "append", "cursor": "n", "deletions": "column", "deleted": "v"}, "does not know them: upsert"),
        ({"table": "a", "query": "SELECT 1"}, "has a table and a query"),
        ({"time_zone": "Europe/Berlni"}, "did you mean 'Europe/Berlin'"),
    ],
)
def test_a_definition_with_a_mistake(wb: Workbench, given: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid) as refused:
        wb.sources.add("orders", **{"url": "orders.csv", "into": "orders", **given})
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert not wb.sources.list()


def test_a_secret_by_reference_is_neither_kept_nor_said(
    wb: Workbench, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2/@")
    wb.sources.add("far", "postgresql://shop@127.0.0.1:1/shop", into="far", table="t", password="env:SHOP_PASSWORD")
    for asked in (wb.sources.test, wb.sources.sync):
        with pytest.raises(Unavailable, match=r"source 'far': .*cannot be reached") as refused:
            asked("far")
        assert "hunter2" not in str(refused.value)
    (sync,) = wb.sources.history("far")
    assert (sync.outcome, sync.version) == ("failed", None)
    assert "far" not in wb.datasets
    for path in (workspace / ".workbench").rglob("*"):
        assert path.is_dir() or b"hunter2" not in path.read_bytes()
    monkeypatch.delenv("SHOP_PASSWORD")
    for asked in (wb.sources.test, wb.sources.sync):
        with pytest.raises(NotFound, match="source 'far': no variable 'SHOP_PASSWORD'"):
            asked("far")


def test_a_source_is_of_a_kind_that_is_read(wb: Workbench) -> None:
    with pytest.raises(NotFound, match="no connector 'postgress'; did you mean 'postgresql'"):
        wb.sources.add("shop", "postgress://shop@localhost/shop", into="shop", table="orders")
    kinds = {
        "shop.db": "sqlite",
        "shop.duckdb": "duckdb",
        "in/*.csv": "file",
        "postgresql+psycopg://shop@localhost/shop": "postgresql",
        "postgres://shop@localhost/shop": "postgresql",
        "https+json://api.example.com/orders": "https+json",
        "redis://localhost#stream=orders": "redis",
    }
    for number, (url, kind) in enumerate(kinds.items()):
        assert wb.sources.add(f"s{number}", url, into="orders").definition.kind == kind
    with pytest.raises(NotFound, match="no connector 'sqlit'; did you mean 'sqlite'"):
        wb.sources.change("s0", url="sqlit:///shop.db")


def test_the_workspace_itself_is_no_source(wb: Workbench) -> None:
    for url in (".workbench/catalog.db", "sqlite:///.workbench/catalog.db", ".workbench/lake/*/*.parquet"):
        with pytest.raises(Forbidden, match="the workspace's own files"):
            wb.sources.add("own", url, into="own")
    (wb.settings.home / "link.parquet").symlink_to(wb.settings.state / "x.parquet")
    (wb.settings.state / "x.parquet").write_bytes(b"")
    wb.sources.add("own", "*.parquet", into="own")
    with pytest.raises(Forbidden, match="the workspace's own files"):
        wb.sources.sync("own")


def test_what_a_source_said_before_stays(wb: Workbench, put: Put) -> None:
    put((1, "a", 1))
    add(wb, **APPEND)
    wb.sources.change("orders", description="Orders of the shop", lag=2)
    assert wb.sources.change("orders", lag=2).version == 2  # nothing changed
    now, before = wb.sources.versions("orders")
    assert (now.version, now.definition.lag, before.version, before.definition.lag) == (2, 2, 1, None)
    with pytest.raises(Invalid, match="needs a key to upsert by"):
        wb.sources.change("orders", mode="upsert")
    with pytest.raises(Conflict, match="there is a source 'orders' already"):
        add(wb)
    with pytest.raises(NotFound, match="did you mean 'orders'"):
        wb.sources.get("order")


def test_a_paused_source_waits(wb: Workbench, put: Put) -> None:
    put((1, "a", 1))
    add(wb, **APPEND)
    assert wb.sources.pause("orders").paused is not None
    with pytest.raises(Conflict, match="source 'orders' is paused since"):
        wb.sources.sync("orders")
    assert wb.sources.resume("orders").paused is None
    assert wb.sources.sync("orders").rows == 1


def test_two_do_not_sync_one_source_at_once(wb: Workbench, put: Put) -> None:
    put((1, "a", 1))
    add(wb, **APPEND)
    with wb.lake._jobs.held("source", "orders"):
        with pytest.raises(Conflict, match="source 'orders' is being worked on already"):
            wb.sources.sync("orders")
        with pytest.raises(Conflict):
            wb.sources.remove("orders")
    wb.sources.sync("orders")
    wb.sources.remove("orders")
    assert held(wb) == [(1, "a")]
    assert not wb.sources.list()


def test_a_sync_is_a_run_with_its_lineage(wb: Workbench, put: Put) -> None:
    put((1, "a", 1))
    add(wb, **APPEND)
    done = wb.sources.sync("orders")
    receipt = wb.runs.receipt(done.run)
    assert (receipt.kind, receipt.name, receipt.status) == (RunKind.SYNC, "orders", RunStatus.SUCCEEDED)
    assert [(edge.kind, edge.name) for edge in receipt.read] == [("source", "orders")]
    assert {(edge.kind, edge.name, edge.version) for edge in receipt.wrote} >= {("dataset", "orders", "1")}
    assert wb.lake.versions("orders", wb.actor)[0].run == done.run


def test_a_stage_of_a_pipeline(wb: Workbench, put: Put, workspace: Path) -> None:
    put((1, "a", 1))
    add(wb, **APPEND)
    (workspace / "pipelines").mkdir()
    (workspace / "pipelines" / "orders.yaml").write_text(
        "name: orders\nstages:\n- {name: load, source: orders, writes: [orders]}\n"
    )
    told: list[Any] = []
    done = wb.pipelines.run("orders", on_progress=told.append)
    (stage,) = done.stages
    assert (stage.run.kind, stage.run.name, stage.run.parent) == (RunKind.SYNC, "orders/load", done.run.id)
    assert [step.state for step in told] == ["started", "finished"]
    assert held(wb) == [(1, "a")]
    (workspace / "pipelines" / "orders.yaml").write_text("name: orders\nstages:\n- {name: load, source: ordres}\n")
    with pytest.raises(NotFound, match="stage load: no source 'ordres'; did you mean 'orders'"):
        wb.pipelines.run("orders")


def test_who_may(wb: Workbench, put: Put) -> None:
    put((1, "a", 1))
    add(wb, **APPEND)
    analyst = Workbench(wb.settings, wb.catalog, Actor(Principal("ann", Role.ANALYST)))
    assert analyst.sources.get("orders").name == "orders"
    for act in ("sync", "test", "pause", "resume", "remove"):
        with pytest.raises(Forbidden, match="takes the role engineer"):
            getattr(analyst.sources, act)("orders")
    viewer = Workbench(wb.settings, wb.catalog, Actor(Principal("vi", Role.VIEWER)))
    with pytest.raises(Forbidden):
        viewer.sources.list()


def test_a_date_of_tomorrow_may_be_today_elsewhere() -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert Cursor("day", pa.date32(), "").latest(now) == date(2026, 1, 2)
    assert Cursor("n", pa.int64(), "").latest(now) is None


def test_every_setting_is_described() -> None:
    for name, field in SourceDefinition.model_fields.items():
        assert field.description or name == "description"


def test_errors_are_ours(wb: Workbench, workspace: Path) -> None:
    wb.sources.add("orders", "missing.csv", into="orders")
    for asked in (wb.sources.test, wb.sources.sync):
        with pytest.raises(WorkbenchError, match=r"source 'orders': no file .*missing\.csv"):
            asked("orders")
    assert wb.sources.get("orders").last is not None
