"""A sync that holds rows back, killed at any moment: each row is in the dataset once, or held back once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from orders_source import SYNC, Row, Table, in_files, write
from own_process import OwnProcess, killed
from sqlalchemy import text

from workbench import Workbench

SETTINGS: dict[str, dict[str, Any]] = {
    "refresh": {"mode": "refresh"},
    "append": {"mode": "append", "cursor": "at"},
    "upsert": {"mode": "upsert", "cursor": "at", "key": "id"},
    "compare": {"mode": "upsert", "cursor": "at", "key": "id", "deletions": "compare"},
}
MOMENTS = (
    "quality.held.written",
    "quality.turn.recorded",
    "lake.commit.before_delta@2",  # the first makes the dataset
    "lake.commit.after_delta@2",
    "quality.turn.committed",
    "quality.turn.settled",
)
OFTEN = {"refresh": ("quality.turn.recorded", MOMENTS[3]), "append": (MOMENTS[3],), "upsert": MOMENTS, "compare": ()}
CASES = [
    pytest.param(kind, moment, marks=() if moment in OFTEN[kind] else pytest.mark.long)
    for kind in SETTINGS
    for moment in MOMENTS
]
FIRST: list[Row] = [
    (n, f"{'odd' if n % 4 == 3 else 'v'}{n}", f"2026-01-{n // 3 + 1:02d}T00:00:00", 0) for n in range(12)
]
NEW: list[Row] = [
    (50, "odd tie", "2026-01-04T00:00:00", 0),
    (51, "new", "2026-01-05T00:00:00", 0),
    (52, "odd new", "2026-01-05T00:00:00", 0),
]
MENDED: list[Row] = [(3, "mended", "2026-01-05T00:00:00", 0), (7, "odd still", "2026-01-05T00:00:00", 0)]
LAST: list[Row] = [(52, "mended", "2026-01-06T00:00:00", 0), (99, "odd last", "2026-01-06T00:00:00", 0)]


@pytest.fixture(autouse=True)
def suite(workspace: Path) -> None:
    (workspace / "expectations").mkdir()
    says = "dataset: orders\nexpectations:\n- {expect: matches, column: v, regex: '^[^o]'}\n"
    (workspace / "expectations" / "orders.yaml").write_text(says)


ANY = "dataset: orders\nexpectations:\n- {expect: not_null, column: v}\n"
Found = tuple[list[Any], list[Any]]


def found(wb: Workbench, columns: tuple[str, ...] = ("id", "v")) -> Found:
    """What is in the dataset, and what is held back from it."""
    if not wb.lake.exists("orders"):
        return [], []
    batches = [wb.quality.held.rows(one.id).select(columns) for one in wb.quality.held.list("orders")]
    rows = wb.datasets.get("orders").to_polars().select(columns)
    return sorted(rows.rows()), sorted(row for one in batches for row in one.rows())


def parted(rows: list[tuple[Any, ...]]) -> Found:
    """Rows as they are to be in, and as they are to be held back."""
    return sorted(row for row in rows if row[1][0] != "o"), sorted(row for row in rows if row[1][0] == "o")


def wanted(table: Table) -> Found:
    return parted([row[:2] for row in table.rows("")])


def put(table: Table, kind: str, rows: list[Row]) -> None:
    """Rows that are changed; where they are only added, others are."""
    table.put([(row[0] + 1_000, *row[1:]) if kind == "append" and row[0] < 50 else row for row in rows])


@pytest.mark.parametrize(("kind", "moment"), CASES)
def test_killed_in_a_sync(wb: Workbench, workspace: Path, kind: str, moment: str) -> None:
    table = Table(f"sqlite:///{workspace / 'shop.db'}")
    settings = {"expect": "orders", "quarantine": True, **SETTINGS[kind]}
    wb.sources.add("orders", "sqlite:///shop.db", into="orders", table="orders", **settings)
    table.put(FIRST)
    killed(workspace, SYNC, moment)
    assert found(wb) in (([], []), wanted(table))  # be it recorded or not
    put(table, kind, [*NEW, *MENDED])
    wb.sources.sync("orders")
    assert found(wb) == wanted(table)
    before = found(wb)
    if kind == "append":
        table.put([(98, "odd", "2026-01-06T00:00:00", 0), (99, "last", "2026-01-06T00:00:00", 0)])
    else:
        table.put(LAST)
    if kind == "compare":
        table.run("DELETE FROM orders WHERE id = 11")
    killed(workspace, SYNC, moment.partition("@")[0])
    if kind != "compare":  # which changes and then takes out
        assert found(wb) in (before, wanted(table))
    table.put([(100, "odd late", "2026-01-07T00:00:00", 0)])
    wb.sources.sync("orders")
    assert found(wb) == wanted(table)
    assert wb.sources.sync("orders").held in (0, len(wanted(table)[1]))
    assert found(wb) == wanted(table)
    with wb.catalog.begin() as session:
        begun = "SELECT count(*) FROM quality_held WHERE state = 'pending' OR turns IS NOT NULL"
        assert session.scalar(text(begun)) == 0


@pytest.mark.parametrize(
    "moment",
    [
        "lake.commit.after_delta@3",
        pytest.param("quality.turn.recorded@2", marks=pytest.mark.long),
        pytest.param("lake.commit.before_delta@3", marks=pytest.mark.long),
        pytest.param("quality.turn.committed@2", marks=pytest.mark.long),
        pytest.param("source.committed@2", marks=pytest.mark.long),
    ],
)
def test_killed_between_files(wb: Workbench, workspace: Path, moment: str) -> None:
    (workspace / "in").mkdir()
    columns = ("id", "v", "source_file")
    settings = {"mode": "files", "deletions": "compare", "expect": "orders", "quarantine": True}
    for name in ("a.csv", "b.csv", "c.csv"):
        write(workspace, name, [(0, "odd"), (1, f"x{name}")])
    wb.sources.add("orders", "in/*.csv", into="orders", **settings)
    killed(workspace, SYNC, moment)
    wb.sources.sync("orders")
    assert found(wb, columns) == parted(in_files(workspace))
    write(workspace, "b.csv", [(0, "xb"), (7, "other"), (8, "odd")])
    write(workspace, "d.csv", [(9, "odd")])
    (workspace / "in" / "c.csv").unlink()
    killed(workspace, SYNC, moment.replace("@3", "@2"))
    wb.sources.sync("orders")
    assert found(wb, columns) == parted(in_files(workspace))


def test_killed_with_another_suite_than_it_is_gone_on_with(wb: Workbench, workspace: Path) -> None:
    """What was to be let go of by a commit that was not made stays held where the same commit, made later, keeps it."""
    suite = workspace / "expectations" / "orders.yaml"
    says = suite.read_text()
    (workspace / "in").mkdir()
    write(workspace, "a.csv", [(1, "x"), (2, "odd")])
    wb.sources.add("orders", "in/*.csv", into="orders", mode="files", expect="orders", quarantine=True)
    wb.sources.sync("orders")
    write(workspace, "a.csv", [(1, "x"), (2, "odd"), (3, "p")])
    suite.write_text(says.replace("^[^o]", "^[^op]"))
    killed(workspace, SYNC, "quality.turn.recorded")
    suite.write_text(says)
    wb.sources.sync("orders")
    assert found(wb) == ([(1, "x"), (3, "p")], [(2, "odd")])


def test_killed_when_keys_were_compared(wb: Workbench, workspace: Path) -> None:
    """Rows whose keys are gone left the dataset and not yet the quarantine."""
    table = Table(f"sqlite:///{workspace / 'shop.db'}")
    table.put(FIRST)
    settings = {"expect": "orders", "quarantine": True, **SETTINGS["compare"]}
    wb.sources.add("orders", "sqlite:///shop.db", into="orders", table="orders", **settings)
    wb.sources.sync("orders")
    table.run("DELETE FROM orders WHERE id IN (1, 3)")
    killed(workspace, SYNC, "source.keys.compared")
    wb.sources.sync("orders")
    assert found(wb) == wanted(table)


@pytest.mark.parametrize("moment", ["lake.commit.before_delta", "lake.commit.after_delta"])
def test_rows_are_tried_again_before_the_next_sync(wb: Workbench, workspace: Path, moment: str) -> None:
    """A refresh is killed, and whoever looks at what is held mends the rule before it is gone on with."""
    table = Table(f"sqlite:///{workspace / 'shop.db'}")
    table.put(FIRST)
    settings = {"expect": "orders", "quarantine": True}
    wb.sources.add("orders", "sqlite:///shop.db", into="orders", table="orders", **settings)
    wb.sources.sync("orders")
    table.put(NEW)
    killed(workspace, SYNC, moment)
    (workspace / "expectations" / "orders.yaml").write_text(ANY)
    for one in wb.quality.held.list("orders"):
        wb.quality.held.redrive(one.id)
    in_by_now = FIRST if moment.endswith("before_delta") else [*FIRST, *NEW]
    assert found(wb) == (sorted(row[:2] for row in in_by_now), [])
    wb.sources.sync("orders")
    assert found(wb) == (sorted(row[:2] for row in (*FIRST, *NEW)), [])


@pytest.mark.parametrize("moment", ["source.proposed", "quality.turn.recorded"])
@pytest.mark.parametrize("kind", ["refresh", pytest.param("append", marks=pytest.mark.long)])
def test_a_holder_that_was_held_up_holds_nothing_back_twice(
    wb: Workbench, workspace: Path, kind: str, moment: str
) -> None:
    """A sync is held up before its commit until its lease has run out; another one goes on; then it does, too."""
    table = Table(f"sqlite:///{workspace / 'shop.db'}")
    table.put(FIRST)
    settings = {"expect": "orders", "quarantine": True, **SETTINGS[kind]}
    wb.sources.add("orders", "sqlite:///shop.db", into="orders", table="orders", **settings)
    wb.sources.sync("orders")
    table.put(NEW)
    with OwnProcess(workspace, SYNC, moment, held=True) as late:
        late.held()
        with wb.catalog.begin() as session:
            session.execute(text("UPDATE job SET holder = NULL, expires = NULL"))
        table.put([(100, "odd late", "2026-01-07T00:00:00", 0)])
        wb.sources.sync("orders")
        assert found(wb) == wanted(table)
        late.go_on()
        assert late.refusal().startswith("Conflict: ")
    assert found(wb) == wanted(table)
    table.put([(101, "odd later", "2026-01-08T00:00:00", 0)])
    wb.sources.sync("orders")
    assert found(wb) == wanted(table)
