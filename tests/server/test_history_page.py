"""The page of a dataset's history: what each version did, and for whom."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import polars as pl
import pytest
from site_of_servers import Site

from workbench.governance.security import Policy, Role

FRAME = pl.DataFrame({"id": [1, 2], "state": ["new", "paid"]})


@pytest.fixture(scope="module")
def kept(site: Site) -> Iterator[Site]:
    orders = site.wb.datasets.create("orders", FRAME, key="id", description="<b>of old</b>")
    orders.upsert(pl.DataFrame({"id": [2, 3], "state": ["lost", "new"]}))
    orders.append(pl.DataFrame({"id": [4], "state": ["new"], "city": ["Wien"]}), evolve=True)
    yield site
    site.wb.datasets.delete("orders")


def told(site: Site, path: str = "/workbench/history/orders", user: str = "ana") -> str:
    answer = site.get(path, user)
    assert answer.status_code == 200, answer.text
    assert "<script" not in answer.text
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", answer.text))


def test_each_version_says_what_it_did(kept: Site) -> None:
    page = told(kept)
    places = [page.index(said) for said in ("2 Append 1 row added Column city added", "1 Upsert", "0 Create 2 rows")]
    assert places == sorted(places)
    assert "1 Upsert 1 row added, 1 changed" in page
    assert "Count" not in page, "all of them are counted"
    assert "<b>of old" not in kept.get("/workbench/history/orders", "ana").text


def test_what_nobody_counted_is_counted_on_request(kept: Site) -> None:
    log = kept.wb.lake.root / kept.wb.datasets["orders"].info.id / "_delta_log"
    entry = log / f"{1:020d}.json"
    before = entry.read_text()
    actions = [json.loads(line) for line in before.splitlines()]
    for action in actions:
        action.get("commitInfo", {}).pop("workbench.effect", None)
    entry.write_text("\n".join(map(json.dumps, actions)))
    kept.wb.datasets["orders"].append(FRAME.with_columns(id=pl.col("id") + 10, city=pl.lit("x")))  # read anew from here
    assert "1 Upsert rows not counted Count" in told(kept)
    page = told(kept, "/workbench/history/orders?count=1")
    assert "1 Upsert 1 row added, 1 changed Counted now, by id." in page


def test_who_sees_some_of_the_rows_counts_these(kept: Site) -> None:
    policy = Policy(dataset="orders", role=Role.VIEWER, row_filter="id < 3")
    kept.wb.security.set_policy(policy, by=kept.wb.actor.principal)
    try:
        assert "row added" not in told(kept, user="vera")
        assert "1 Upsert 1 row changed" in told(kept, "/workbench/history/orders?count=1", "vera")
        (one,) = kept.ask("datasets/orders/versions?limit=1", "vera")["items"]
        assert (one["effect"]["added"], one["told"]) == (None, "rows not counted")
    finally:
        kept.wb.security.clear_policy("orders", Role.VIEWER, by=kept.wb.actor.principal)


def test_the_api_says_the_same_page_by_page(kept: Site) -> None:
    first = kept.ask("datasets/orders/versions?limit=2")
    assert [one["number"] for one in first["items"]] == [3, 2]
    assert first["items"][1]["effect"] == {
        "added": 1, "changed": 0, "removed": 0, "columns_added": ["city"], "columns_removed": [], "columns_retyped": [],
    }  # fmt: skip
    rest = kept.ask(f"datasets/orders/versions?limit=2&cursor={first['next']}")
    assert [one["number"] for one in rest["items"]] == [1, 0]
    assert [one["number"] for one in kept.ask("datasets/orders/versions?before=1")["items"]] == [0]


def test_it_is_found_from_the_other_pages_and_names_the_nearest(kept: Site) -> None:
    for page in ("lineage/dataset", "quality"):
        assert "/workbench/history/orders" in kept.get(f"/workbench/{page}/orders", "ana").text
    assert kept.get("/workbench/history/order", "ana").status_code == 404
    assert kept.get("/workbench/history/orders?count=x", "ana").status_code == 422
    assert kept.get("/workbench/history/orders").status_code == 302
