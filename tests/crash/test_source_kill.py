"""A sync killed at any moment: the next one goes on, and the dataset has every row of the source, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from orders_source import SYNC, Row, Table, in_files, write
from own_process import OwnProcess, killed
from sqlalchemy import text

from workbench import Workbench

MOMENTS = (
    "source.staged",
    "lake.commit.before_delta@2",  # the first makes the dataset
    "lake.commit.after_delta@2",
    "source.committed",
)
SETTINGS: dict[str, dict[str, Any]] = {
    "refresh": {"mode": "refresh"},
    "append": {"mode": "append", "cursor": "at"},
    "upsert": {"mode": "upsert", "cursor": "at", "key": "id", "deletions": "column", "deleted": "gone"},
    "compare": {"mode": "upsert", "cursor": "at", "key": "id", "deletions": "compare"},
}
FIRST: list[Row] = [(n, f"v{n}", f"2026-01-{n // 3 + 1:02d}T00:00:00", 0) for n in range(12)]
# At the last cursor again, beyond it, changed, and deleted as each kind can tell.
MORE: dict[str, list[Row]] = {
    "append": [(50, "tie", "2026-01-04T00:00:00", 0), (51, "new", "2026-01-05T00:00:00", 0)],
    "upsert": [
        (50, "tie", "2026-01-04T00:00:00", 0),
        (2, "changed", "2026-01-05T00:00:00", 0),
        (3, "v3", "2026-01-05T00:00:00", 1),
    ],
}
MORE |= {"refresh": MORE["upsert"], "compare": MORE["upsert"][:2]}
LAST: list[Row] = [(99, "last", "2026-01-06T00:00:00", 0)]


def held(wb: Workbench, columns: tuple[str, ...] = ("id", "v", "at", "gone")) -> list[tuple[Any, ...]]:
    return sorted(wb.datasets.get("orders").to_polars().select(columns).rows())


def killed_and_gone_on(wb: Workbench, home: Path, table: Table, kind: str, moment: str) -> None:
    table.put(FIRST)
    killed(home, SYNC, moment)
    if wb.lake.exists("orders"):
        assert held(wb) in ([], table.rows(kind))  # nothing of it, or all
    wb.sources.sync("orders")
    assert held(wb) == table.rows(kind)
    table.put(MORE[kind])
    if kind == "compare":
        table.run("DELETE FROM orders WHERE id = 7")
    before = held(wb)
    killed(home, SYNC, moment.partition("@")[0])
    if kind != "compare":  # which changes and then takes out
        assert held(wb) in (before, table.rows(kind))
    table.put(LAST)
    done = wb.sources.sync("orders")
    assert done.outcome == "succeeded"
    assert held(wb) == table.rows(kind)
    version = wb.lake.version("orders")
    wb.sources.sync("orders")
    assert held(wb) == table.rows(kind)
    assert wb.lake.version("orders") == version or kind == "refresh"  # what is in is not loaded again
    lost = [one for one in wb.sources.history("orders") if one.outcome == "failed"]
    assert [one.error for one in lost] == ["the process that ran it ended"] * 2
    assert not [run for run in wb.runs.list() if run.status == "running"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("kind", SETTINGS)
def test_killed_in_a_sync(wb: Workbench, workspace: Path, kind: str, moment: str) -> None:
    table = Table(f"sqlite:///{workspace / 'shop.db'}")
    wb.sources.add("orders", "sqlite:///shop.db", into="orders", table="orders", **SETTINGS[kind])
    killed_and_gone_on(wb, workspace, table, kind, moment)


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["append", "compare"])
def test_killed_in_a_sync_of_postgresql(wb: Workbench, workspace: Path, kind: str, postgres_url: str) -> None:
    table = Table(postgres_url)
    wb.sources.add("orders", postgres_url, into="orders", table="orders", **SETTINGS[kind])
    killed_and_gone_on(wb, workspace, table, kind, "lake.commit.after_delta@2")
    table.engine.dispose()


def test_killed_while_keys_are_compared(wb: Workbench, workspace: Path) -> None:
    table = Table(f"sqlite:///{workspace / 'shop.db'}")
    wb.sources.add("orders", "sqlite:///shop.db", into="orders", table="orders", **SETTINGS["compare"])
    killed_and_gone_on(wb, workspace, table, "compare", "source.keys.read")


@pytest.mark.parametrize(
    "moment",
    ["source.staged@2", "lake.commit.before_delta@3", "lake.commit.after_delta@3", "source.committed@2"],
)
def test_killed_between_files(wb: Workbench, workspace: Path, moment: str) -> None:
    (workspace / "in").mkdir()
    columns = ("id", "v", "source_file")
    for name in ("a.csv", "b.csv", "c.csv"):
        write(workspace, name, [(n, f"{name}{n}") for n in range(3)])
    wb.sources.add("orders", "in/*.csv", into="orders", mode="files", deletions="compare")
    killed(workspace, SYNC, moment)
    assert set(held(wb, columns)) < set(in_files(workspace))
    done = wb.sources.sync("orders")
    assert held(wb, columns) == in_files(workspace)
    assert done.rows in (3, 6)  # what was in before is not loaded again
    write(workspace, "b.csv", [(0, "b.csv0"), (7, "other")])
    write(workspace, "d.csv", [(9, "nine")])
    (workspace / "in" / "c.csv").unlink()
    killed(workspace, SYNC, moment.replace("@3", "@2"))
    wb.sources.sync("orders")
    assert held(wb, columns) == in_files(workspace)


def test_a_file_that_was_about_to_be_loaded_is_known_of(wb: Workbench, workspace: Path) -> None:
    """Killed between a file's commit and the record of it, and then the file goes: its rows go, too."""
    (workspace / "in").mkdir()
    write(workspace, "a.csv", [(1, "a")])
    write(workspace, "b.csv", [(2, "b")])
    wb.sources.add("orders", "in/*.csv", into="orders", mode="files", deletions="compare")
    killed(workspace, SYNC, "source.committed@2")
    (workspace / "in" / "b.csv").unlink()
    assert wb.sources.sync("orders").removed == 1
    assert held(wb, ("id", "v")) == [(1, "a")]
    write(workspace, "a.csv", [(1, "a"), (3, "c")])
    killed(workspace, SYNC, "lake.commit.after_fsync")
    wb.sources.sync("orders")
    assert held(wb, ("id", "v")) == [(1, "a"), (3, "c")]


@pytest.mark.parametrize("moment", ["source.staged", "source.proposed"])
def test_a_holder_that_was_held_up_writes_over_nothing(wb: Workbench, workspace: Path, moment: str) -> None:
    """A sync is held up before its commit until its lease has run out; another one goes on; then it does, too."""
    table = Table(f"sqlite:///{workspace / 'shop.db'}")
    table.put(FIRST)
    wb.sources.add("orders", "sqlite:///shop.db", into="orders", table="orders", **SETTINGS["append"])
    wb.sources.sync("orders")
    table.put(MORE["append"])
    with OwnProcess(workspace, SYNC, moment, held=True) as late:
        late.held()
        with wb.catalog.begin() as session:
            session.execute(text("UPDATE job SET holder = NULL, expires = NULL WHERE slot = 'orders'"))
        wb.sources.sync("orders")
        assert held(wb) == table.rows("append")
        late.go_on()
        assert late.refusal().startswith("Conflict: ")
    assert held(wb) == table.rows("append")
