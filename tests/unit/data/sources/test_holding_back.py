"""Syncs that load what fits and hold back what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from shop_source import APPEND, UPSERT, Put, add, held

from workbench import Workbench
from workbench.foundation.errors import CheckFailed, Conflict, Invalid, NotFound

KNOWN = "{expect: in_set, column: v, values: [a, b, c, d]}"


@pytest.fixture(autouse=True)
def suite(workspace: Path) -> Any:
    """Says what is expected of orders; by default that v is one of four letters."""
    (workspace / "expectations").mkdir()

    def says(*expectations: str) -> None:
        lines = "".join(f"- {one}\n" for one in expectations)
        (workspace / "expectations" / "orders.yaml").write_text(f"dataset: orders\nexpectations:\n{lines}")

    says(KNOWN)
    return says


def back(wb: Workbench) -> list[tuple[Any, ...]]:
    """What is held back."""
    found = [wb.quality.held.rows(one.id).select("id", "v") for one in wb.quality.held.list("orders")]
    return sorted(row for frame in found for row in frame.rows())


def test_a_refresh_takes_the_place_of_what_it_held_back(wb: Workbench, put: Put, suite: Any) -> None:
    put((1, "a", 1), (2, "odd", 2))
    add(wb, table="orders", expect="orders", quarantine=True)
    done = wb.sources.sync("orders")
    assert (done.rows, done.held) == (1, 1)
    assert done.notes == ("1 row that does not fit, held back with the reasons: workbench quarantine list orders",)
    assert "1 row loaded, 1 held back" in repr(done)
    (batch,) = wb.quality.held.list("orders")
    assert (batch.origin, batch.suite, batch.run) == ("source orders", "orders", done.run)
    assert batch.reasons == {"v is one of a, b, c, d": 1}
    assert (held(wb), back(wb)) == ([(1, "a")], [(2, "odd")])
    put((3, "c", 3))
    wb.sources.sync("orders")  # what is held is as it was
    assert [one.id for one in wb.quality.held.list("orders")] == [batch.id]
    put((2, "b", 2), (4, "strange", 4))
    last = wb.sources.sync("orders")
    assert (held(wb), back(wb)) == ([(1, "a"), (2, "b"), (3, "c")], [(4, "strange")])
    found = wb.sources.get("orders").last
    assert found == last
    assert found.held == 1
    ended = {one.id: one.state for one in wb.quality.held.list("orders", every=True)}
    assert ended[batch.id] == "replaced"
    put((4, None, 0))
    wb.sources.sync("orders")
    assert back(wb) == []


@pytest.mark.parametrize("settings", [APPEND, UPSERT])
def test_what_is_held_back_is_not_looked_at_again(wb: Workbench, put: Put, settings: dict[str, Any]) -> None:
    """The cursor goes on past it, be it at the last value or the only row."""
    put((1, "a", 1), (2, "odd", 2), (3, "strange", 2))
    add(wb, expect="orders", quarantine=True, **settings)
    assert (wb.sources.sync("orders").rows, wb.sources.sync("orders").held) == (1, 0)
    assert (held(wb), back(wb)) == ([(1, "a")], [(2, "odd"), (3, "strange")])
    put((4, "weird", 4))
    done = wb.sources.sync("orders")
    assert (done.rows, done.held) == (0, 1)
    assert back(wb) == [(2, "odd"), (3, "strange"), (4, "weird")]
    assert wb.sources.sync("orders", anew=True).held == 3
    assert (held(wb), back(wb)) == ([(1, "a")], [(2, "odd"), (3, "strange"), (4, "weird")])


def test_a_row_that_comes_again_is_held_no_more(wb: Workbench, put: Put, suite: Any) -> None:
    put((1, "a", 1), (2, "odd", 2), (3, "odd", 2))
    add(wb, expect="orders", quarantine=True, **UPSERT)
    wb.sources.sync("orders")
    put((2, "b", 3), (1, "wrong", 3))
    wb.sources.sync("orders")
    assert (held(wb), back(wb)) == ([(1, "a"), (2, "b")], [(1, "wrong"), (3, "odd")])
    suite("{expect: not_null, column: v}")
    for batch in wb.quality.held.list("orders"):
        wb.quality.held.redrive(batch.id)
    assert (held(wb), back(wb)) == ([(1, "wrong"), (2, "b"), (3, "odd")], [])


def test_of_rows_with_one_key_the_latest_counts(wb: Workbench, workspace: Path) -> None:
    (workspace / "log.csv").write_text("id,v,n\n1,odd,1\n1,a,2\n2,b,1\n2,odd,2\n3,odd,1\n3,wrong,2\n")
    wb.sources.add("log", "log.csv", into="orders", expect="orders", quarantine=True, **(UPSERT | {"table": ""}))
    assert wb.sources.sync("log").held == 2
    assert (held(wb), back(wb)) == ([(1, "a"), (2, "b")], [(2, "odd"), (3, "wrong")])


def test_rows_without_a_key_do_not_take_the_place_of_each_other(wb: Workbench, workspace: Path, suite: Any) -> None:
    suite("{expect: not_null, column: id}")
    (workspace / "log.csv").write_text("id,v,n\n1,a,1\n,b,2\n,c,3\n")
    wb.sources.add("log", "log.csv", into="orders", expect="orders", quarantine=True, **(UPSERT | {"table": ""}))
    assert wb.sources.sync("log").held == 2
    assert (held(wb), back(wb)) == ([(1, "a")], [(None, "b"), (None, "c")])


@pytest.mark.parametrize("settings", [{"table": "orders"}, UPSERT, UPSERT | {"deletions": "compare"}])
def test_what_is_held_goes_as_it_comes_again_also_where_nothing_is_held_back_any_more(
    wb: Workbench, put: Put, settings: dict[str, Any]
) -> None:
    put((1, "a", 1), (2, "odd", 2), (3, "odd", 2))
    add(wb, expect="orders", quarantine=True, **settings)
    wb.sources.sync("orders")
    wb.sources.change("orders", quarantine=False, expect="")
    put((2, "b", 3), *([(3, None, 0)] if "deletions" in settings else [(3, "c", 3)]))
    assert wb.sources.sync("orders").held == 0
    assert back(wb) == []


def test_rows_that_are_marked_as_deleted_need_not_fit(wb: Workbench, workspace: Path) -> None:
    log = workspace / "log.csv"
    log.write_text("id,v,n,gone\n1,a,1,0\n2,odd,1,0\n")
    settings = UPSERT | {"table": "", "deletions": "column", "deleted": "gone"}
    wb.sources.add("log", "log.csv", into="orders", expect="orders", quarantine=True, **settings)
    wb.sources.sync("log")
    log.write_text("id,v,n,gone\n1,odd,2,1\n2,odd,2,1\n3,c,2,0\n")
    assert wb.sources.sync("log").held == 0
    assert (held(wb), back(wb)) == ([(3, "c")], [])


def test_keys_that_are_gone_are_held_no_more(wb: Workbench, put: Put) -> None:
    put((1, "a", 1), (2, "odd", 2), (3, "odd", 3))
    add(wb, expect="orders", quarantine=True, **(UPSERT | {"deletions": "compare"}))
    wb.sources.sync("orders")
    put((2, None, 0))
    wb.sources.sync("orders")
    assert (held(wb), back(wb)) == ([(1, "a")], [(3, "odd")])


@pytest.mark.parametrize("key", ["", "id"])
def test_files_each_by_itself(wb: Workbench, workspace: Path, key: str) -> None:
    (workspace / "in").mkdir()

    def write(name: str, *rows: str) -> None:
        (workspace / "in" / name).write_text("\n".join(["id,v", *rows]) + "\n")

    write("a.csv", "1,a", "2,odd")
    write("b.csv", "3,odd", "4,odd")
    settings = {"key": key} if key else {"deletions": "compare"}
    wb.sources.add("orders", "in/*.csv", into="orders", mode="files", expect="orders", quarantine=True, **settings)
    done = wb.sources.sync("orders")
    assert (done.rows, done.held) == (1, 3)
    write("a.csv", "1,a", "2,b", "5,wrong")
    wb.sources.sync("orders")
    assert (held(wb), back(wb)) == ([(1, "a"), (2, "b")], [(3, "odd"), (4, "odd"), (5, "wrong")])
    if not key:
        (workspace / "in" / "b.csv").unlink()
        wb.sources.sync("orders")
        assert (held(wb), back(wb)) == ([(1, "a"), (2, "b")], [(5, "wrong")])


def test_what_is_expected_of_all_rows_stops_the_sync(wb: Workbench, put: Put, suite: Any) -> None:
    suite(KNOWN, "{expect: row_count, max: 2}")
    put((1, "a", 1), (2, "secret", 2), (3, "c", 3))
    add(wb, table="orders", expect="orders", quarantine=True)
    with pytest.raises(CheckFailed, match="1 of 2 expectations are not met by the 3 rows to load: there are at most"):
        wb.sources.sync("orders")
    assert "orders" not in wb.datasets
    with pytest.raises(NotFound, match="no dataset 'orders'"):  # nobody ever had it, so it was not deleted
        wb.datasets["orders"].versions()
    put((3, None, 0))
    assert wb.sources.sync("orders").held == 1


def test_a_sync_that_is_refused_holds_nothing_back(wb: Workbench, put: Put, workspace: Path) -> None:
    """A key that is in the dataset already is found out by the commit."""
    put((1, "a", 1))
    add(wb, expect="orders", quarantine=True, key="id", **APPEND)
    wb.sources.sync("orders")
    put((1, "b", 2), (2, "odd", 2))
    for _ in range(2):
        with pytest.raises(Conflict, match="that 'orders' has already"):
            wb.sources.sync("orders")
    assert back(wb) == []
    assert not list((workspace / ".workbench" / "held").rglob("*.parquet"))


def test_batches_are_of_a_size_that_can_be_read(
    wb: Workbench, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.data.lake.datafiles.ROWS_PER_FILE", 400)
    monkeypatch.setattr("workbench.data.sources.entering.HELD_ROWS", 500)
    rows = pl.select(id=pl.int_range(10_000)).with_columns(
        v=pl.when(pl.col("id") % 3 == 0).then(pl.lit("odd")).otherwise(pl.lit("a"))
    )
    (workspace / "shop.csv").write_text(rows.write_csv())
    wb.sources.add("orders", "shop.csv", into="orders", expect="orders", quarantine=True, partition_by="v")
    done = wb.sources.sync("orders")
    batches = wb.quality.held.list("orders")
    assert sorted(one.rows for one in batches) == [134, 800, 800, 800, 800]
    assert done.held == sum(one.rows for one in batches) == 3_334
    assert sorted([*held(wb), *back(wb)]) == sorted(rows.select("id", "v").rows())


def test_it_needs_to_know_what_fits(wb: Workbench) -> None:
    with pytest.raises(Invalid, match="needs a suite that says which: expect"):
        add(wb, table="orders", quarantine=True)
