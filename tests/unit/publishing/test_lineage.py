"""From source to dataset to metric to report, as far as somebody may see."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from lineage_runs import CHAIN, FRAME, SOURCE, lead_to_a_report, ran, report

from workbench import Workbench
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.runs import RunKind, RunStatus
from workbench.governance.security import Policy, Principal, Role, Security
from workbench.publishing.lineage import Lineage

VERA = Principal("vera", Role.VIEWER)


@pytest.fixture
def owner(wb: Workbench) -> Workbench:
    lead_to_a_report(wb)
    return wb


def ways(found: Lineage) -> set[tuple[str, str]]:
    return {(link.start, link.end) for link in found.links}


def test_from_the_source_to_the_report(owner: Workbench) -> None:
    found = owner.lineage("departures")
    assert found.focus == "dataset:departures"
    expected = {*pairwise(CHAIN), ("dataset:weather", "notebook:flights/derive")}
    assert ways(found) == expected - {("dataset:weather", "notebook:flights/derive")}, "only what flights is made of"
    assert [node.id for node in found.upstream] == CHAIN[3::-1]
    assert [node.id for node in found.downstream] == CHAIN[5:]
    assert ways(owner.lineage("enriched")) == expected
    assert ways(owner.lineage("delays", "metric")) == expected
    assert ways(owner.lineage("punctuality", "report")) == expected
    source = owner.lineage(SOURCE, "source")
    assert [node.id for node in source.downstream] == CHAIN[1:]


def test_each_way_has_the_newest_run_that_went_it(owner: Workbench) -> None:
    newest = ran(owner, "flights/load", "landed", "departures")
    found = owner.lineage("departures", up=1, down=0)
    assert ways(found) == {("dataset:landed", "notebook:flights/load"), ("notebook:flights/load", "dataset:departures")}
    assert {link.run for link in found.links} == {newest}
    assert found["dataset:departures"].run == found["notebook:flights/load"].run == newest


def test_a_notebook_that_makes_several_mixes_nothing_up(owner: Workbench) -> None:
    """One that is run for two datasets in turn leads from each to what was made of it, and to no other."""
    for one in ("a", "b"):
        owner.datasets.create(one, FRAME)
        ran(owner, "copy", one, f"{one}_copied")
    assert [node.name for node in owner.lineage("b_copied").upstream] == ["copy", "b"]
    assert [node.name for node in owner.lineage("a").downstream] == ["copy", "a_copied"]


def test_what_goes_round_in_a_circle_ends(owner: Workbench) -> None:
    run = ran(owner, "refresh", "departures", "departures")
    found = owner.lineage("departures", up=1, down=1)
    assert {("dataset:departures", "notebook:refresh"), ("notebook:refresh", "dataset:departures")} <= ways(found)
    assert found["notebook:refresh"].run == run
    assert "(again)" in repr(found)
    assert "<svg" in found._repr_html_()


def test_a_dataset_keeps_its_lineage_when_it_is_renamed(owner: Workbench) -> None:
    owner.datasets.rename("landed", "arrivals")
    owner.datasets.rename("departures", "flights")
    owner.datasets.create("departures", FRAME)  # another one, which nobody made of anything
    assert [node.name for node in owner.lineage("flights").upstream] == [
        "flights/load", "arrivals", "flights/extract", SOURCE,
    ]  # fmt: skip
    assert owner.lineage("departures").links == ()
    assert "flights" in [node.name for node in owner.lineage("arrivals").downstream]


def dashboard(owner: Workbench, name: str, code: str, role: str = "viewer") -> None:
    cell = {"cell_type": "code", "source": code, "metadata": {}, "outputs": [], "execution_count": None}
    folder = owner.settings.home / "notebooks" / "dashboards"
    folder.mkdir(parents=True, exist_ok=True)
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"workbench": {"role": role}}, "cells": [cell]}
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))


def test_dashboards_hang_on_what_their_notebooks_name(owner: Workbench) -> None:
    dashboard(owner, "board", "Dashboard(wb, parts=[Tiles(['delays']), Line('delays')], choices=[Choice('enriched')])")
    dashboard(owner, "sheet", "name = 'departures'\nexplore(wb, name)")
    dashboard(owner, "inside", "Tiles(['delays'])", role="engineer")
    dashboard(owner, "other", "# delays\nprint(f'delays of {1}')\n%magic departures")
    found = owner.lineage("departures")
    ends = [link for link in ways(found) if link[1].startswith("dashboard:")]
    assert sorted(ends) == [
        ("dataset:departures", "dashboard:sheet"), ("metric:delays", "dashboard:board"),
        ("metric:delays", "dashboard:inside"),
    ]  # fmt: skip
    upstream = [node.id for node in owner.lineage("board", "dashboard").upstream]
    assert (upstream[:3], upstream[-1]) == (CHAIN[7:4:-1], CHAIN[0])
    viewers = owner.acting_as(VERA)
    assert {node.name for node in viewers.lineage("delays", "metric").downstream} >= {"board"}
    assert "inside" not in repr(viewers.lineage("delays", "metric"))
    with pytest.raises(Forbidden):
        viewers.lineage("inside", "dashboard")
    closed = Policy(dataset="enriched", role=Role.VIEWER, row_filter="gone = 'JFK'")
    Security(owner.catalog).set_policy(closed, by=owner.actor.principal)
    assert viewers.lineage("board", "dashboard").links == (), "what is closed to them is not told of"
    with pytest.raises(NotFound, match="did you mean 'board'"):
        owner.lineage("baord", "dashboard")


def test_a_model_stands_between_what_it_learned_from_and_what_it_made(owner: Workbench) -> None:
    owner.datasets.create("forecast", FRAME)
    for reads, writes in ((("dataset", "enriched"), ("model", "late")), (("model", "late"), ("dataset", "forecast"))):
        run = owner.runs.start(RunKind.NOTEBOOK, f"make {writes[1]}", actor=owner.actor, parameters={})
        owner.runs.record(run.id, "read", *reads, "1")
        owner.runs.record(run.id, "write", *writes, "1")
        owner.runs.finish(run.id, RunStatus.SUCCEEDED)
    found = owner.lineage("late", "model")
    assert [node.id for node in found.upstream][:2] == ["notebook:make late", "dataset:enriched"]
    assert [node.id for node in found.downstream] == ["notebook:make forecast", "dataset:forecast"]
    with pytest.raises(NotFound, match="no run has made a model 'early'"):
        owner.lineage("early", "model")


def test_a_deleted_dataset_is_said_to_be_that(owner: Workbench) -> None:
    owner.datasets.delete("departures")
    found = owner.lineage("landed")
    assert found["dataset:departures"].gone
    assert "dataset, deleted departures" in repr(found)
    assert "flights/load" in [node.name for node in owner.acting_as(VERA).lineage("landed").nodes]
    assert "dataset:departures" not in {node.id for node in owner.acting_as(VERA).lineage("landed").nodes}


def closed_to_viewers(owner: Workbench, dataset: str) -> Workbench:
    """A policy over a column that is gone: the dataset stays closed."""
    Security(owner.catalog).set_policy(
        Policy(dataset=dataset, role=Role.VIEWER, row_filter="departure = 'JFK'"), by=owner.actor.principal
    )
    return owner.acting_as(VERA)


def test_what_one_may_not_see_is_not_shown_and_nothing_beyond_it(owner: Workbench) -> None:
    viewer = closed_to_viewers(owner, "departures")
    with pytest.raises(Forbidden, match="stays closed"):
        viewer.lineage("departures")
    for name in ("landed", "enriched"):
        found = viewer.lineage(name)
        told = repr(found) + found._repr_html_() + str(found.nodes)
        assert "dataset departures" not in told
        assert "dataset:departures'" not in told
    assert [node.name for node in viewer.lineage("landed").downstream] == ["flights/load"]
    assert {node.name for node in viewer.lineage("enriched").upstream} == {"flights/derive", "weather"}


def test_a_metric_on_a_closed_dataset_is_closed_too(owner: Workbench) -> None:
    viewer = closed_to_viewers(owner, "enriched")
    assert [node.id for node in viewer.lineage("departures").downstream] == ["notebook:flights/derive"]
    with pytest.raises(Forbidden, match="may not see the metric 'delays'"):
        viewer.lineage("delays", "metric")
    with pytest.raises(NotFound, match="no rendered report 'punctuality'"):
        viewer.lineage("punctuality", "report")


def test_a_report_is_shown_to_who_may_open_a_run_of_it(owner: Workbench) -> None:
    owner.security.set_policy(
        Policy(dataset="weather", role=Role.VIEWER, row_filter="origin = 'EWR'"), by=owner.actor.principal
    )
    report(owner, "closed", "weather")
    assert {"report:closed", "report:punctuality"} <= {node.id for node in owner.lineage("enriched").nodes}
    shown = {node.id for node in owner.acting_as(VERA).lineage("enriched").nodes}
    assert "report:punctuality" in shown
    assert "report:closed" not in shown


def test_what_is_not_there_is_named_with_the_nearest(owner: Workbench) -> None:
    with pytest.raises(NotFound, match="did you mean 'departures'"):
        owner.lineage("depratures")
    with pytest.raises(NotFound, match="did you mean 'delays'"):
        owner.lineage("delay", "metric")
    with pytest.raises(NotFound, match="no run has read a source 'x'"):
        owner.lineage("x", "source")
    with pytest.raises(Invalid, match="did you mean 'dataset'"):
        owner.lineage("departures", "datasets")


def test_a_dataset_that_no_run_made_stands_alone(owner: Workbench) -> None:
    owner.datasets.create("alone", FRAME)
    assert repr(owner.lineage("alone")).splitlines() == [
        "dataset alone", "", "made of", "  nothing that is known", "", "goes into", "  nothing that is known",
    ]  # fmt: skip


def test_what_is_far_away_is_left_out_and_said_to_be(wb: Workbench) -> None:
    wb.datasets.create("step_0", FRAME)
    for number in range(45):
        ran(wb, f"make_{number}", f"step_{number}", f"step_{number + 1}")
    found = wb.lineage("step_0")
    assert found.cut
    assert len(found.nodes) <= 82
    assert "There is more, further away." in repr(found)
    near = wb.lineage("step_0", down=2)
    assert [node.name for node in near.downstream] == ["make_0", "step_1", "make_1", "step_2"]
    assert not near.cut
