"""The page of a dataset's quality: what is not met first, how it went before, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from site_of_servers import Site
from waiting import day_that_lasts

import workbench
from workbench.governance.security import Policy, Role

SUITE = """
dataset: orders
expectations:
  - {expect: not_null, column: id}
  - {expect: between, column: amount, min: 0, max: 100}
  - {expect: in_set, column: state, values: [new, paid], severity: warn, note: "others are the shop's own"}
"""


def orders(amount: int, state: str) -> pl.DataFrame:
    return pl.DataFrame({"id": [1, 2], "amount": [10, amount], "state": ["new", state]})


@pytest.fixture(scope="module")
def checked(site: Site) -> Iterator[Site]:
    folder = site.home / "expectations"
    folder.mkdir(exist_ok=True)
    (folder / "orders.yaml").write_text(SUITE)
    site.wb.datasets.create("orders", orders(20, "paid"), description="What was ordered")
    site.wb.quality.check("orders")
    site.wb.datasets["orders"].overwrite(orders(2_000, "lost"))
    site.wb.quality.check("orders")
    frame = pl.DataFrame({"at": [datetime(2013, 1, 1, tzinfo=UTC)]})
    site.wb.datasets.create("unchecked", frame, description="<b>of old</b>")
    yield site
    for name in ("orders", "unchecked"):
        site.wb.datasets.delete(name)
    (folder / "orders.yaml").unlink()


def test_what_is_not_met_comes_first_and_with_how_it_went(checked: Site) -> None:
    answer = checked.get("/workbench/quality/orders", "ana")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    told = " ".join(answer.text.split())
    assert '<strong class="bad">Failed.</strong> 1 of 3 expectations are met over 2 rows, version 1' in told
    places = [told.index(said) for said in ("<h2>Not met ", "amount is", "only warns", "state is", "<h2>Met", "id is")]
    assert places == sorted(places)
    assert "1 of 2 rows does not fit (50" in told
    assert told.count("met in 1 of the last 2 checks, oldest first") == 2
    assert told.count("met in 2 of the last 2 checks, oldest first") == 1
    assert "others are the shop&#39;s own" in told
    assert "2,000" not in told, "a value that does not fit is nobody's here"


def test_who_sees_other_rows_is_not_told_of_these(checked: Site) -> None:
    checked.wb.security.set_policy(
        Policy(dataset="orders", role=Role.VIEWER, row_filter="id = 1"), by=checked.wb.actor.principal
    )
    try:
        told = checked.get("/workbench/quality/orders", "vera").text
        assert "people who see other rows" in told
        assert "amount" not in told
    finally:
        checked.wb.security.clear_policy("orders", Role.VIEWER, by=checked.wb.actor.principal)


def test_what_is_held_back_is_told_to_whom_it_may_be(checked: Site) -> None:
    wb = checked.wb
    assert "Held back." not in checked.get("/workbench/quality/orders", "ada").text
    held = wb.quality.screen(orders(-5, "paid"), into="orders").held
    assert held is not None
    wb.quality.check("orders")
    told = " ".join(checked.get("/workbench/quality/orders", "ada").text.split())
    assert "<strong>Held back.</strong> 1 row for 1 reason, the first since " in told
    assert "<code>workbench quarantine list orders</code> shows them" in told
    analysts = checked.get("/workbench/quality/orders", "ana").text  # who may not deal with it
    assert "Held back." not in analysts
    wb.security.set_policy(Policy(dataset="orders", role=Role.ADMIN, row_filter="id = 1"), by=wb.actor.principal)
    try:
        assert "Held back." not in checked.get("/workbench/quality/orders", "ada").text
    finally:
        wb.security.clear_policy("orders", Role.ADMIN, by=wb.actor.principal)
    wb.quality.held.discard(held.id)
    assert "Held back." not in checked.get("/workbench/quality/orders", "ada").text


def test_a_promise_stands_beside_it(checked: Site) -> None:
    checked.wb.quality.promises.make("unchecked", column="at", within="2 hours")
    told = checked.get("/workbench/quality/unchecked", "ana").text
    assert '<strong class="bad">Not fresh.</strong>' in told
    assert "It was not checked yet" in told
    assert "<b>" not in told


@pytest.mark.parametrize("promise", [{"by": "00:00"}, {"within": "2 hours"}])
def test_neither_an_old_day_nor_one_to_come_makes_today_fresh_at_any_door(
    checked: Site, promise: dict[str, str]
) -> None:
    """Rows of yesterday are there; then come those of a year ago, then of the day after tomorrow, then of now."""
    now = day_that_lasts()
    frames = {days: pl.DataFrame({"at": [now + timedelta(days=days)]}) for days in (-1, -365, 2, 0)}
    sales = checked.wb.datasets.create("sales", frames[-1])
    checked.wb.quality.promises.make("sales", column="at", **promise)  # type: ignore[arg-type]
    with workbench.connect(checked.url, checked.token("ana")) as far:

        def fresh() -> set[bool]:
            """What each door says."""
            page = checked.get("/workbench/quality/sales", "ana").text
            checked.wb.quality.promises.keep_watch()
            return {
                checked.wb.quality.promises.look("sales").kept,
                *(one.kept for one in checked.wb.quality.promises.list() if one.dataset == "sales"),
                checked.ask("datasets/sales/freshness", "ana")["kept"],
                *(one["kept"] for one in checked.ask("freshness", "ana")["items"] if one["dataset"] == "sales"),
                far.quality.promises.look("sales").kept,
                checked.wb.quality.history("sales", limit=1)[0].passed,
                "Not fresh." not in page and "Fresh." in page,
            }

        assert fresh() == {False}
        for days in (-365, 2):
            sales.append(frames[days])
            assert fresh() == {False}, days
        sales.append(frames[0])
        assert fresh() == {True}
    checked.wb.datasets.delete("sales")


def test_it_is_found_from_the_datasets_and_names_the_nearest(checked: Site) -> None:
    page = checked.get("/workbench/lineage/dataset/orders", "ana").text
    assert "/workbench/quality/orders" in page
    assert checked.get("/workbench/quality/order", "ana").status_code == 404
    assert checked.get("/workbench/quality/orders").status_code == 302
