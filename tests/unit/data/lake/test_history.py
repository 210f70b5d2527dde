"""What a version did to rows and columns: as its commit says it, held against counting the rows."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from shop_source import UPSERT, Put, add

from workbench import Workbench
from workbench.data.lake import Dataset, Effect, EventLayout, Retyped
from workbench.governance.security import Policy, Principal, Role

ORDERS = pl.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "n": [1.0, 2.0, 3.0]})


@pytest.fixture
def orders(wb: Workbench) -> Dataset:
    return wb.datasets.create("orders", ORDERS, key="id")


def newest(dataset: Dataset) -> Effect:
    return dataset.versions(limit=1)[0].effect


def rows(dataset: Dataset) -> tuple[int | None, int | None, int | None]:
    found = newest(dataset)
    return found.added, found.changed, found.removed


def balanced(dataset: Dataset) -> None:
    """What there is after each version is what was before it, and what was added, without what was removed."""
    for after, before in pairwise(dataset.versions()):
        was, now = (dataset.at(one.number).info.rows for one in (before, after))
        assert after.effect.counted, after
        assert now == was + (after.effect.added or 0) - (after.effect.removed or 0), after


def test_rows_that_come(orders: Dataset) -> None:
    assert rows(orders) == (3, 0, 0)
    orders.append(pl.DataFrame({"id": [4, 5], "name": ["d", "e"], "n": [4.0, 5.0]}))
    assert rows(orders) == (2, 0, 0)
    orders.append(ORDERS.clear())
    assert rows(orders) == (0, 0, 0)
    assert [str(one.effect) for one in orders.versions()] == ["no row changed", "2 rows added", "3 rows added"]
    balanced(orders)


@pytest.mark.parametrize("sparing", [True, False])
def test_rows_that_come_again_are_changed_where_a_value_is_another(
    wb: Workbench, orders: Dataset, sparing: bool
) -> None:
    given = pl.DataFrame({"id": [1, 2, 3, 4], "name": ["a", "B", "c", "d"], "n": [1.0, 2.0, 3.0, 4.0]})
    if sparing:
        wb.etl.load(given, into="orders", mode="upsert")
    else:
        orders.upsert(given)
    assert rows(orders) == (1, 2, 0), "the first row is as it was"
    assert str(newest(orders)) == "1 row added, 2 changed"
    balanced(orders)


def test_rows_that_are_replaced(wb: Workbench, orders: Dataset) -> None:
    orders.overwrite(ORDERS.head(2))
    assert rows(orders) == (2, 0, 3)
    wb.etl.load(ORDERS.lazy(), into="orders", mode="replace")
    assert rows(orders) == (3, 0, 2), "also as a stream"
    orders.restore(1)
    assert (orders.versions()[0].operation, *rows(orders)) == ("restore", 2, 0, 3)
    balanced(orders)


def test_partitions_that_are_replaced(wb: Workbench) -> None:
    days = [date(2013, 1, 1), date(2013, 1, 2)]
    frame = pl.DataFrame({"day": [days[0], days[0], days[1]], "n": [1, 2, 3]})
    sales = wb.datasets.create("sales", frame, partition_by="day")
    sales.overwrite(pl.DataFrame({"n": [7]}), partition={"day": days[0]})
    assert rows(sales) == (1, 0, 2)
    wb.etl.load(pl.DataFrame({"day": days, "n": [7, 8]}), into="sales", mode="delete-insert")
    assert rows(sales) == (1, 0, 1), "the first day's row is as it was"
    balanced(sales)


def test_rows_of_a_history(wb: Workbench) -> None:
    people = wb.etl.load(pl.DataFrame({"id": [1, 2], "city": ["a", "b"]}), into="people", mode="snapshot", key="id")
    assert people.added == 2
    wb.etl.load(pl.DataFrame({"id": [1, 3], "city": ["z", "c"]}), into="people", mode="snapshot")
    assert rows(wb.datasets["people"]) == (2, 1, 0), "a row ended and another began; one is new"
    balanced(wb.datasets["people"])


def test_rows_that_a_source_takes_away(wb: Workbench, put: Put) -> None:
    put((1, "a", 1), (2, "b", 2), (3, "c", 3))
    add(wb, deletions="compare", **UPSERT)
    wb.sources.sync("orders")
    put((1, None, 0), (2, "B", 5), (4, "d", 4))
    wb.sources.sync("orders")
    found = {one.operation: one.effect for one in reversed(wb.datasets["orders"].versions())}
    assert (found["upsert"].added, found["upsert"].changed) == (1, 1)
    assert (found["delete"].removed, found["delete"].added) == (1, 0)
    balanced(wb.datasets["orders"])


def test_rows_that_a_column_marks_as_deleted(wb: Workbench, workspace: Path) -> None:
    path = workspace / "changes.csv"
    path.write_text("id,v,n,gone\n1,a,1,false\n2,b,1,false\n3,c,1,false\n")
    how: dict[str, Any] = {"mode": "upsert", "key": "id", "cursor": "n", "deletions": "column", "deleted": "gone"}
    wb.sources.add("orders", "changes.csv", into="orders", **how)
    wb.sources.sync("orders")
    path.write_text("id,v,n,gone\n1,a,2,true\n2,B,2,false\n4,d,2,false\n5,e,2,true\n")
    wb.sources.sync("orders")
    assert rows(wb.datasets["orders"]) == (1, 1, 1)
    balanced(wb.datasets["orders"])


def test_columns_that_come_go_and_change_their_type(wb: Workbench, orders: Dataset) -> None:
    wider = ORDERS.with_columns(id=pl.col("id") + 10, city=pl.lit("x"))
    orders.append(wider, evolve=True)
    assert newest(orders) == Effect(3, 0, 0, columns_added=("city",))
    orders.overwrite(ORDERS.drop("name").with_columns(n=pl.col("n").cast(pl.String)), evolve=True)
    found = newest(orders)
    assert (found.columns_added, found.columns_removed) == ((), ("name", "city"))
    assert found.columns_retyped == (Retyped("n", "Float64", "String"),)
    assert str(found) == (
        "3 rows added, 6 removed; column name removed, column city removed, column n was Float64 and is String"
    )
    wb.datasets.contracts.set("counts", data_type="evolve")
    counts = wb.datasets.create("counts", pl.DataFrame({"n": pl.Series([1, 2], dtype=pl.Int32)}))
    wb.etl.load(pl.DataFrame({"n": [2**40]}), into="counts", mode="append")
    assert newest(counts) == Effect(1, 0, 0, columns_retyped=(Retyped("n", "Int32", "Int64"),))
    balanced(counts)


def test_rows_that_are_only_laid_out_anew(wb: Workbench, orders: Dataset) -> None:
    orders.append(pl.DataFrame({"id": [4], "name": ["d"], "n": [4.0]}))
    orders.optimize()
    assert (orders.versions()[0].operation, *rows(orders)) == ("optimize", 0, 0, 0)
    layout = EventLayout(subject="who", time="at", event="what", id="id", buckets=4)
    at = pl.datetime_range(pl.datetime(2025, 1, 1), pl.datetime(2025, 1, 2), "1h", time_zone="UTC", eager=True)
    events = pl.DataFrame({"id": range(len(at)), "who": "s", "what": "view", "at": at})
    dataset = wb.datasets.create("events", events, layout=layout)
    dataset.append(events.with_columns(id=pl.col("id") + 100))
    assert rows(dataset) == (25, 0, 0)
    dataset.optimize()
    assert (dataset.versions()[0].operation, *rows(dataset)) == ("optimize", 0, 0, 0)
    assert newest(dataset).columns_added == (), "the hash of the subject is no column of anybody's"


def test_what_another_program_commits_is_told_as_far_as_the_log_tells(wb: Workbench, orders: Dataset) -> None:
    folder = str(wb.lake.root / orders.info.id)

    def committed() -> Effect:
        orders.info  # noqa: B018 (the catalog learns of it)
        return newest(orders)

    source = pl.DataFrame({"id": [1, 20], "name": ["z", "y"], "n": [0.0, 0.0]}).to_arrow()
    merge = DeltaTable(folder).merge(source, "t.id = s.id", source_alias="s", target_alias="t")
    merge.when_matched_update_all().when_not_matched_insert_all().execute()
    assert committed() == Effect(1, 1, 0)
    DeltaTable(folder).delete("id = 2")
    assert committed() == Effect(0, 0, 1)
    DeltaTable(folder).update(updates={"name": "'q'"}, predicate="id = 3")
    assert committed() == Effect(0, 1, 0)
    more = pl.DataFrame({"id": [30], "name": ["m"], "n": [1.0], "new": [True]}).to_arrow()
    write_deltalake(folder, more, mode="append", schema_mode="merge")
    assert committed() == Effect(1, 0, 0, columns_added=("new",))
    DeltaTable(folder).optimize.compact()
    assert committed() == Effect(0, 0, 0)
    write_deltalake(folder, source, mode="overwrite", schema_mode="overwrite")
    assert committed() == Effect(2, 0, 4, columns_removed=("new",))
    balanced(orders)


def test_what_an_older_workbench_committed(wb: Workbench, orders: Dataset) -> None:
    orders.append(pl.DataFrame({"id": [4], "name": ["d"], "n": [4.0], "city": ["x"]}), evolve=True)
    orders.upsert(pl.DataFrame({"id": [4], "name": ["D"], "n": [4.0], "city": ["x"]}))
    orders.overwrite(ORDERS, evolve=True)
    for entry in (wb.lake.root / orders.info.id / "_delta_log").glob("*.json"):
        actions = [json.loads(line) for line in entry.read_text().splitlines()]
        for action in actions:
            action.get("commitInfo", {}).pop("workbench.effect", None)
        entry.write_text("\n".join(map(json.dumps, actions)))
    with Workbench.open(wb.settings.home) as fresh:
        told = [one.effect for one in fresh.datasets["orders"].versions()]
    assert told[0] == Effect(3, 0, 4, columns_removed=("city",))
    assert not told[1].counted
    assert str(told[1]) == "rows not counted"
    assert told[2:] == [Effect(1, 0, 0, columns_added=("city",)), Effect(3, 0, 0)]
    assert fresh.datasets["orders"].diff(1, 2).changed == 1, "it is counted on request"


def test_who_sees_some_of_the_rows_is_not_told_how_many_there_are(wb: Workbench, orders: Dataset) -> None:
    orders.append(pl.DataFrame({"id": [4], "name": ["d"], "n": [4.0], "city": ["x"]}), evolve=True)
    policy = Policy(dataset="orders", role=Role.VIEWER, row_filter="id <> 4", columns={"n": "0"})
    wb.security.set_policy(policy, by=wb.actor.principal)
    seen = wb.acting_as(Principal("vera", Role.VIEWER)).datasets["orders"].versions()
    assert [one.effect for one in seen] == [Effect(columns_added=("city",)), Effect()]
    orders.overwrite(ORDERS.with_columns(pl.col("n", "name").cast(pl.Binary)), evolve=True)
    names = [
        one.name
        for one in wb.acting_as(Principal("vera", Role.VIEWER)).datasets["orders"].versions()[0].effect.columns_retyped
    ]
    assert names == ["name"], "what a column is in truth is not told where it is shown as something else"


def test_some_of_the_versions(orders: Dataset) -> None:
    for number in range(4, 8):
        orders.append(pl.DataFrame({"id": [number], "name": ["d"], "n": [4.0]}))
    assert [one.number for one in orders.versions(limit=2)] == [4, 3]
    assert [one.number for one in orders.versions(before=3, limit=2)] == [2, 1]
    assert [one.number for one in orders.versions(before=1)] == [0]
    assert "2  " in repr(orders.versions(before=3, limit=1))
    assert "1 row added" in repr(orders.versions(before=3, limit=1))
