"""Saved cohorts, and who may see whom: policies, sealed runs, explanations of `wb.product`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from product_shop import ROWS, STEPS, asked, by_subject, fill, reached

from workbench import Workbench
from workbench.data.lake import EventLayout
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound
from workbench.governance.runs import Actor, RunKind, RunStatus
from workbench.governance.security import Policy, Principal, Role


def test_a_cell_is_saved_as_a_cohort_and_used(shop: Workbench) -> None:
    found = asked(shop, "funnel").subjects(step=3)
    cohort = found.save("bought_in_time", "came to the end")
    assert (cohort.static, cohort.size, cohort.dataset) == (True, len(found), "events")
    assert set(shop.product.cohorts.subjects("bought_in_time")["who"]) == set(found)
    among = asked(shop, "funnel", within="bought_in_time").frame
    assert among["subjects"].to_list() == [len(found)] * 3
    assert asked(shop, "funnel", within="bought_in_time").title.endswith(", among bought in time")
    assert asked(shop, "funnel", "plain", within="bought_in_time").frame.equals(among)
    with pytest.raises(Conflict, match="there is a cohort 'bought_in_time' already"):
        found.save("bought_in_time")
    assert asked(shop, "funnel").subjects(step=2).save("bought_in_time", replace=True).size > len(found)


def test_cohorts_by_conditions_and_of_others(shop: Workbench) -> None:
    cohorts = shop.product.cohorts
    events = by_subject()
    buyers = {who for who, rows in events.items() if any(what == "buy" for _, what, _ in rows)}
    helped = {who for who, rows in events.items() if any(what == "help" for _, what, _ in rows)}
    cohorts.save("buyers", "events", {"did": "buy"}, description="bought at least once")
    cohorts.save("alone", "events", "all:\n  - in: buyers\n  - did_not: help")
    assert set(cohorts.subjects("buyers")["who"]) == buyers
    assert set(cohorts.subjects("alone")["who"]) == buyers - helped
    inside = asked(shop, "sessions", within={"not_in": "buyers"})
    assert {who for day in inside.frame["period"] for who in inside.subjects(period=day)} == set(events) - buyers
    with pytest.raises(Conflict, match="the cohort 'alone' is made of 'buyers'"):
        cohorts.delete("buyers")
    with pytest.raises(Invalid, match="the cohort 'buyers' is made of itself: buyers > alone"):
        cohorts.save("buyers", "events", {"in": "alone"}, replace=True)
    assert set(cohorts.subjects("buyers")["who"]) == buyers, "a refused change changes nothing"
    with pytest.raises(NotFound, match="did you mean 'buyers'"):
        asked(shop, "funnel", within="buyer")
    assert {"buyers", "alone"} <= {cohort.name for cohort in cohorts.list()}
    cohorts.delete("alone")
    cohorts.delete("buyers")
    assert "buyers" not in {cohort.name for cohort in cohorts.list()}


@pytest.mark.parametrize(
    ("name", "definition", "said"),
    [
        ("Buyers", {"did": "buy"}, "'Buyers' cannot be a cohort's name"),
        ("empty", {}, "a condition needs one of"),
        ("odd", {"did": "buy", "where": "cuontry = 'x'"}, "did you mean 'country'"),
        ("odd", "- a\n- b", "has to be a mapping"),
        ("odd", "just words", "has to be a mapping"),
        ("odd", "did: [", "not valid YAML"),
        ("odd", "", "has to be a mapping"),
    ],
)
def test_a_cohort_that_is_none_is_refused(shop: Workbench, name: str, definition: Any, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        shop.product.cohorts.save(name, "events", definition)


def test_who_may_change_cohorts(wb: Workbench) -> None:
    fill(wb)
    wb.product.cohorts.save("buyers", "events", {"did": "buy"})
    viewer, analyst, engineer = (
        wb.acting_as(Principal(role.value, role)).product for role in (Role.VIEWER, Role.ANALYST, Role.ENGINEER)
    )
    with pytest.raises(Forbidden, match="save the cohort 'carts'"):
        viewer.cohorts.save("carts", "events", {"did": "cart"})
    analyst.cohorts.save("carts", "events", {"did": "cart"})
    with pytest.raises(Forbidden):
        analyst.cohorts.save("buyers", "events", {"did": "help"}, replace=True)
    with pytest.raises(Forbidden):
        analyst.cohorts.delete("buyers")
    assert viewer.cohorts.subjects("carts").height > 0
    engineer.cohorts.delete("buyers")
    analyst.cohorts.delete("carts")
    assert list(wb.product.cohorts.list()) == []


def test_a_policy_decides_who_is_counted_and_named(wb: Workbench) -> None:
    fill(wb)
    wb.product.cohorts.save("buyers", "events", {"did": "buy"})
    for dataset in ("events", "plain"):
        wb.security.set_policy(Policy(dataset=dataset, role=Role.VIEWER, row_filter="team = 1"), by=wb.actor.principal)
    viewer = wb.acting_as(Principal("vera", Role.VIEWER))
    allowed = {who for who, team in ROWS.select("who", "team").unique().rows() if team == 1}
    for dataset in ("events", "plain"):
        found = asked(viewer, "funnel", dataset)
        expected = [
            sum(len(reached(rows)) > n for who, rows in by_subject().items() if who in allowed) for n in (0, 1, 2)
        ]
        assert found.frame["subjects"].to_list() == expected
        assert set(found.subjects(step=1)) <= allowed
    assert set(viewer.product.cohorts.subjects("buyers")["who"]) <= allowed
    wb.security.set_policy(Policy(dataset="events", role=Role.VIEWER, columns={"who": "'***'"}), by=wb.actor.principal)
    masked = asked(viewer, "funnel")
    assert masked.frame["subjects"].to_list() == [1, 1, 1], "who cannot tell subjects apart sees one"
    assert list(masked.subjects(step=1)) == ["***"]


def test_explain_says_engine_files_and_bytes(shop: Workbench) -> None:
    said = asked(shop, "funnel").explain()
    assert said.startswith("funnel of events version 1\nengine   local, Polars ")
    assert "files    3 of 3 files, " in said
    assert " kB, of _subject_hash, at, " in said
    march = asked(shop, "funnel", between=("2024-03-01", "2024-03-20")).explain()
    assert "files    2 of 3 files, " in march, "the file of April cannot matter"
    assert "plan of the first part:" in said
    assert "files    1 of 1 files" in asked(shop, "funnel", "plain").explain()


def test_a_run_is_sealed_to_one_version_and_says_what_it_read(wb: Workbench, tmp_path: Path) -> None:
    fill(wb)
    run = wb.runs.start(RunKind.NOTEBOOK, "n.ipynb", actor=wb.actor, parameters={})
    inside = Workbench(wb.settings, wb.catalog, Actor(wb.actor.principal, run=run.id))
    before = asked(inside, "funnel")
    late = ROWS.head(1).with_columns(
        pl.lit("late").alias("who"), pl.lit("view").alias("what"), pl.lit(10**6).alias("id")
    )
    wb.datasets["events"].append(late)
    again = asked(inside, "funnel")
    assert (before.version, again.version, asked(wb, "funnel").version) == (1, 1, 2)
    assert again.frame.equals(before.frame)
    assert asked(wb, "funnel").frame["subjects"][0] == before.frame["subjects"][0] + 1
    assert asked(wb, "funnel", version=1).frame.equals(before.frame)
    wb.runs.finish(run.id, RunStatus.SUCCEEDED)
    receipt = wb.runs.receipt(run.id)
    assert {(read.kind, read.name, read.version) for read in receipt.read} == {("dataset", "events", "1")}
    assert {use["engine"] for use in receipt.engines} == {"local"}


def test_nothing_to_draw_and_nothing_to_ask(wb: Workbench) -> None:
    wb.datasets.create("none", ROWS.clear(), layout=EventLayout("who", "at", "what", "id"))
    empty = wb.product.funnel("none", STEPS)
    assert empty.frame["subjects"].to_list() == [0, 0, 0]
    assert wb.product.funnel("none", STEPS, breakdown="country").frame.is_empty()
    with pytest.raises(Invalid, match="there is nothing to draw"):
        wb.product.funnel("none", STEPS, breakdown="country").chart()
    with pytest.raises(Invalid, match="'none' has no events that could be counted"):
        wb.product.retention("none", "view")
    nobody = wb.product.stickiness("none", "view", between=("2024-03-01", "2024-03-05"))
    with pytest.raises(Invalid, match="there is nothing to draw"):
        nobody.chart()
    wb.datasets.create("plain", ROWS)
    with pytest.raises(Invalid, match="'plain' does not say which of its columns"):
        wb.product.funnel("plain", STEPS)
