from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from shop_source import APPEND, UPSERT, Put, add, held

from workbench import Workbench
from workbench.foundation.errors import CheckFailed, Invalid, NotFound


def test_a_refresh_is_seen_whole(wb: Workbench, put: Put) -> None:
    put((1, "a", 1), (2, "b", 2))
    add(wb, table="orders")
    first = wb.sources.sync("orders")
    assert (first.rows, first.everything) == (2, True)
    again = wb.sources.sync("orders")
    assert (again.rows, again.version) == (0, first.version)
    assert again.notes == ("the source is as it was, so nothing was loaded",)
    put((1, None, 0), (3, "c", 3))
    assert wb.sources.sync("orders").rows == 2
    assert held(wb) == [(2, "b"), (3, "c")]
    put((2, None, 0), (3, None, 0))
    wb.sources.sync("orders")
    assert held(wb) == []


@pytest.mark.parametrize("bounds", ["closed", "open"])
@pytest.mark.parametrize("settings", [APPEND, UPSERT])
def test_only_what_is_beyond_the_cursor(wb: Workbench, put: Put, settings: dict[str, Any], bounds: str) -> None:
    put((1, "a", 1), (2, "b", 2))
    add(wb, bounds=bounds, **settings)
    assert wb.sources.sync("orders").rows == 2
    put((3, "tie", 2), (4, "d", 4), (5, "late", 1))
    done = wb.sources.sync("orders")
    tie = [(3, "tie")] if bounds == "closed" else []
    assert done.rows == 1 + len(tie)
    assert held(wb) == [(1, "a"), (2, "b"), *tie, (4, "d")]
    version = wb.lake.version("orders")
    assert wb.sources.sync("orders").rows == 0
    assert wb.lake.version("orders") == version


@pytest.mark.parametrize(("cursor", "everything"), [("n", False), ("at", False), ("v", True)])
def test_it_says_whether_all_was_read(wb: Workbench, put: Put, cursor: str, everything: bool) -> None:
    """Texts have an order of their own in every database."""
    put((1, "a", 1))
    add(wb, **{**APPEND, "cursor": cursor})
    assert wb.sources.test("orders").incremental is not everything
    done = wb.sources.sync("orders")
    assert done.everything is everything
    assert any("all were read" in note for note in done.notes) is everything


def test_a_lag_finds_what_came_late(wb: Workbench, put: Put) -> None:
    put((1, "a", 1), (9, "i", 9))
    add(wb, lag="3d", **{**APPEND, "cursor": "at"})
    wb.sources.sync("orders")
    put((2, "too late", 2), (7, "late", 7))
    assert wb.sources.sync("orders").rows == 1
    assert held(wb) == [(1, "a"), (7, "late"), (9, "i")]
    put((20, "t", 20))
    wb.sources.sync("orders")
    assert held(wb) == [(1, "a"), (7, "late"), (9, "i"), (20, "t")]


def test_equal_rows_are_as_many_as_there_are(wb: Workbench, workspace: Path) -> None:
    """Without a key, rows that are alike are told apart by how many there are."""
    (workspace / "log.csv").write_text("n,what\n1,a\n2,b\n2,b\n")
    wb.sources.add("log", "log.csv", into="log", mode="append", cursor="n")
    wb.sources.sync("log")
    (workspace / "log.csv").write_text("n,what\n1,a\n2,b\n2,b\n2,b\n2,c\n3,d\n")
    assert wb.sources.sync("log").rows == 3
    found = wb.datasets.get("log").to_polars()
    assert found.sort("n", "what").rows() == [(1, "a"), (2, "b"), (2, "b"), (2, "b"), (2, "c"), (3, "d")]


def test_it_begins_where_it_is_told_to(wb: Workbench, put: Put) -> None:
    put((1, "a", 1), (2, "b", 2), (3, "c", 3))
    add(wb, initial=2, **APPEND)
    wb.sources.sync("orders")
    assert held(wb) == [(2, "b"), (3, "c")]


@pytest.mark.parametrize("cursor", ["n", "at", "v"])
def test_a_cursor_of_any_kind(wb: Workbench, put: Put, cursor: str) -> None:
    put((1, "a", 1), (2, "b", 2))
    add(wb, **{**APPEND, "cursor": cursor})
    wb.sources.sync("orders")
    put((3, "c", 3))
    assert wb.sources.sync("orders").rows == 1
    assert held(wb) == [(1, "a"), (2, "b"), (3, "c")]


def test_of_rows_with_one_key_the_latest_counts(wb: Workbench, workspace: Path) -> None:
    (workspace / "changes.csv").write_text("id,v,n\n1,old,1\n2,b,1\n1,new,2\n")
    wb.sources.add("orders", "changes.csv", into="orders", mode="upsert", key="id", cursor="n")
    wb.sources.sync("orders")
    assert held(wb) == [(1, "new"), (2, "b")]
    (workspace / "changes.csv").write_text("id,v,n\n2,bb,4\n2,b?,3\n3,c,3\n")
    wb.sources.sync("orders")
    assert held(wb) == [(1, "new"), (2, "bb"), (3, "c")]


def test_rows_that_a_column_marks_as_deleted_go(wb: Workbench, workspace: Path) -> None:
    path = workspace / "changes.csv"
    path.write_text("id,v,n,gone\n1,a,1,false\n2,b,1,false\n3,c,1,true\n")
    wb.sources.add(
        "orders", "changes.csv", into="orders", mode="upsert", key="id", cursor="n", deletions="column", deleted="gone"
    )
    assert wb.sources.sync("orders").rows == 2
    path.write_text("id,v,n,gone\n1,a,2,true\n4,d,2,false\n5,e,2,true\n")
    done = wb.sources.sync("orders")
    assert (done.rows, held(wb)) == (1, [(2, "b"), (4, "d")])
    wb.sources.change("orders", mode="refresh", cursor="", key="")
    path.write_text("id,v,n,gone\n1,a,2,true\n4,d,2,false\n")
    wb.sources.sync("orders")
    assert held(wb) == [(4, "d")]


def test_keys_that_are_gone_are_found_by_comparing_all(wb: Workbench, put: Put) -> None:
    put((1, "a", 1), (2, "b", 2), (3, "c", 3))
    add(wb, deletions="compare", **UPSERT)
    wb.sources.sync("orders")
    put((1, None, 0), (4, "d", 4))
    done = wb.sources.sync("orders")
    assert (done.rows, done.removed, done.everything) == (1, 1, True)
    assert held(wb) == [(2, "b"), (3, "c"), (4, "d")]


@pytest.mark.parametrize("settings", [APPEND, UPSERT])
def test_a_clock_that_is_wrong_is_said_and_loses_nothing(wb: Workbench, put: Put, settings: dict[str, Any]) -> None:
    soon = datetime.now(UTC) + timedelta(days=300)
    put((1, "a", 1))
    put((2, "early", 2), at=soon)
    add(wb, **{**settings, "cursor": "at"})
    done = wb.sources.sync("orders")
    assert any("1 row has a value of 'at' that has not come yet, up to" in note for note in done.notes)
    put((3, "c", 3))
    wb.sources.sync("orders")
    early = [(2, "early")] if settings is UPSERT else []
    assert held(wb) == [(1, "a"), *early, (3, "c")]
    put((2, "mended", 4))
    wb.sources.sync("orders")
    assert held(wb) == [(1, "a"), (2, "mended"), (3, "c")]


def test_a_column_that_is_another_one_by_now(wb: Workbench, workspace: Path) -> None:
    path = workspace / "orders.csv"
    path.write_text("id,v,n\n1,10,1\n")
    wb.sources.add("orders", "orders.csv", into="orders", mode="append", cursor="n")
    wb.sources.sync("orders")
    path.write_text("id,v,n\n1,10,1\n2,ten,2\n")
    with pytest.raises(Invalid, match="source 'orders': column 'v' is String where the dataset has Int64"):
        wb.sources.sync("orders")
    path.write_text("id,v,n\n1,10,a\n2,10,b\n")
    with pytest.raises(Invalid, match=r"the cursor 'n' was of whole numbers and is of texts .* by now"):
        wb.sources.sync("orders")
    path.write_text("id,v,m\n1,10,1\n")
    with pytest.raises(NotFound, match="no column 'n'"):
        wb.sources.sync("orders")
    path.write_text("id,v,n,more\n1,10,1,x\n3,30,3,y\n")
    with pytest.raises(Invalid, match="'more' is not in the dataset"):
        wb.sources.sync("orders")
    assert held(wb) == [(1, 10)]
    wb.sources.change("orders", evolve=True)
    wb.sources.sync("orders")
    assert held(wb) == [(1, 10), (3, 30)]
    path.write_text("id,v,n\n1,ten,1\n")
    wb.sources.change("orders", mode="refresh", cursor="")
    wb.sources.sync("orders")
    assert held(wb) == [(1, "ten")]


def test_what_is_loaded_by_other_rules_is_loaded_anew(wb: Workbench, put: Put) -> None:
    put((1, "a", 1), (2, "b", 2))
    add(wb, **APPEND)
    wb.sources.sync("orders")
    wb.sources.change("orders", cursor="at")
    put((1, "aa", 1))
    wb.sources.sync("orders")
    assert held(wb) == [(1, "aa"), (2, "b")]
    put((1, "aaa", 1))
    wb.sources.sync("orders")
    assert held(wb) == [(1, "aa"), (2, "b")]  # not beyond the cursor
    wb.sources.sync("orders", anew=True)
    assert held(wb) == [(1, "aaa"), (2, "b")]


def test_rows_that_do_not_meet_what_is_expected_stay_out(wb: Workbench, put: Put, workspace: Path) -> None:
    (workspace / "expectations").mkdir()
    (workspace / "expectations" / "orders.yaml").write_text(
        "dataset: orders\nexpectations:\n- {expect: in_set, column: v, values: [a, b]}\n"
    )
    put((1, "a", 1), (2, "secret", 2))
    add(wb, expect="orders", **UPSERT)
    with pytest.raises(CheckFailed, match="source 'orders': 1 of 1 expectations are not met by the 2 rows") as refused:
        wb.sources.sync("orders")
    assert "secret" not in str(refused.value)
    assert "orders" not in wb.datasets
    put((2, "b", 2))
    wb.sources.sync("orders")
    put((3, "secret", 3))
    with pytest.raises(CheckFailed):
        wb.sources.sync("orders")
    assert held(wb) == [(1, "a"), (2, "b")]
    put((3, "a", 3))
    assert wb.sources.sync("orders").rows == 1
    kept = [(one.passed, one.rows) for one in wb.quality.history("orders")]
    assert kept == [(True, 1), (False, 1), (True, 2), (False, 2)]


def test_files_one_by_one(wb: Workbench, workspace: Path) -> None:
    (workspace / "in").mkdir()
    for name in "ab":
        (workspace / "in" / f"{name}.csv").write_text(f"id,v\n1,{name}\n")
    wb.sources.add("orders", "in/*.csv", into="orders", mode="files")
    assert wb.sources.sync("orders").rows == 2
    (workspace / "in" / "a.csv").touch()  # another time, the same content
    version = wb.lake.version("orders")
    assert wb.sources.sync("orders").rows == 0
    assert wb.lake.version("orders") == version
    (workspace / "in" / "a.csv").write_text("id,v\n1,aa\n2,aa\n")
    (workspace / "in" / "b.csv").unlink()
    (workspace / "in" / "c.csv").write_text("id,v\n1,two\nwords,x\n")
    with pytest.raises(Invalid, match=r"source 'orders': .*c\.csv"):
        wb.sources.sync("orders")
    found = wb.datasets.get("orders").to_polars().select("id", "v", "source_file")
    assert sorted(found.rows()) == [(1, "aa", "a.csv"), (1, "b", "b.csv"), (2, "aa", "a.csv")]  # b is kept
    (workspace / "in" / "c.csv").unlink()
    wb.sources.change("orders", deletions="compare")
    assert wb.sources.sync("orders").removed == 1
    wb.sources.change("orders", url="in/a.csv")
    wb.sources.sync("orders", anew=True)
    assert sorted(wb.datasets.get("orders").to_polars()["id"]) == [1, 2]


def test_files_by_key(wb: Workbench, workspace: Path) -> None:
    (workspace / "in").mkdir()
    (workspace / "in" / "1.csv").write_text("id,v\n1,a\n2,b\n")
    wb.sources.add("orders", "in/*.csv", into="orders", mode="files", key="id")
    wb.sources.sync("orders")
    (workspace / "in" / "2.csv").write_text("id,v\n2,bb\n3,c\n")
    wb.sources.sync("orders")
    assert held(wb) == [(1, "a"), (2, "bb"), (3, "c")]


def test_only_some_rows_are_in_memory(wb: Workbench, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every frame on its way is small, and each is written before the next is made."""
    from workbench.data.sources import reading

    monkeypatch.setattr(reading, "ROWS", 1_000)
    pl.DataFrame({"n": range(200_000)}).write_parquet(workspace / "many.parquet")
    wb.sources.add("many", "many.parquet", into="many", mode="append", cursor="n")
    told: list[str] = []
    wb.sources.sync("many", on_progress=told.append)
    assert told == [f"many: {n:,} rows read" for n in (65_536, 131_072, 196_608, 200_000)]
    assert wb.datasets.get("many").info.files == len(told)
    assert wb.datasets.get("many").to_polars()["n"].sort().to_list() == list(range(200_000))
