from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Conflict, Forbidden, NotFound
from workbench.foundation.settings import load
from workbench.governance.runs import Actor, RunKind, Runs, RunStatus
from workbench.governance.security import Principal, Role, Scope, local_owner

ACTOR = Actor(Principal("eve", Role.ENGINEER))


@pytest.fixture
def runs(catalog: Catalog, workspace: Path) -> Runs:
    return Runs(catalog, load(workspace))


def test_a_run_is_running_until_it_is_finished_and_finishes_once(runs: Runs) -> None:
    run = runs.start(RunKind.NOTEBOOK, "a.ipynb", actor=ACTOR, parameters={"day": "2013-01-01"})
    assert run.status is RunStatus.RUNNING
    assert run.directory.is_dir()
    done = runs.finish(run.id, RunStatus.SUCCEEDED)
    assert done.seconds is not None
    with pytest.raises(Conflict, match="has ended already"):
        runs.finish(run.id, RunStatus.FAILED)


def test_the_receipt_beside_the_output_says_what_made_it(runs: Runs, workspace: Path) -> None:
    notebook = workspace / "a.ipynb"
    notebook.write_text("{}")
    run = runs.start(RunKind.NOTEBOOK, "a.ipynb", actor=ACTOR, parameters={"n": 3}, source=notebook)
    runs.record(run.id, "read", "dataset", "flights", "7", detail={"policy": None})
    runs.record(run.id, "write", "dataset", "flights_enriched", "2")
    runs.record_engine(run.id, {"engine": "local"})
    runs.finish(run.id, RunStatus.SUCCEEDED, tables={"Delays": "abc"})
    receipt = json.loads((run.directory / "receipt.json").read_text())
    assert [(edge["name"], edge["version"]) for edge in receipt["read"]] == [("flights", "7")]
    assert [(edge["name"], edge["version"]) for edge in receipt["wrote"]] == [("flights_enriched", "2")]
    assert receipt["engines"] == [{"engine": "local"}]
    assert receipt["tables"] == {"Delays": "abc"}
    assert receipt["principal"] == "eve"
    assert len(receipt["notebook_sha256"]) == len(receipt["packages_sha256"]) == 64


def test_the_same_edge_twice_is_one(runs: Runs) -> None:
    run = runs.start(RunKind.NOTEBOOK, "a.ipynb", actor=ACTOR, parameters={})
    for _ in range(2):
        runs.record(run.id, "read", "dataset", "flights", "7")
    assert len(runs.edges(run.id)) == 1
    assert [edge.run for edge in runs.lineage("dataset", "flights")] == [run.id]


def test_a_run_is_found_by_a_beginning_that_is_its_own(runs: Runs) -> None:
    run = runs.start(RunKind.NOTEBOOK, "a.ipynb", actor=ACTOR, parameters={})
    assert runs.get(run.id[:-2]).id == run.id
    other = runs.start(RunKind.NOTEBOOK, "a.ipynb", actor=ACTOR, parameters={})
    with pytest.raises(Conflict, match="several runs begin"):
        runs.get(other.id[:4])
    with pytest.raises(NotFound, match="no run 'nothing'"):
        runs.get("nothing")


def test_the_last_success_is_the_newest_and_no_failure(runs: Runs) -> None:
    assert runs.last_success("n") is None
    statuses = (RunStatus.SUCCEEDED, RunStatus.SUCCEEDED, RunStatus.FAILED)
    started = [runs.start(RunKind.NOTEBOOK, "n", actor=ACTOR, parameters={}) for _ in statuses]
    for run, status in zip(started, statuses, strict=True):
        runs.finish(run.id, status)
    found = runs.last_success("n")
    assert found is not None
    assert found.id == started[1].id


def test_code_inside_a_run_acts_as_whoever_started_it_and_a_replay_on_sealed_versions(runs: Runs) -> None:
    run = runs.start(RunKind.NOTEBOOK, "n", actor=ACTOR, parameters={})
    runs.record(run.id, "read", "dataset", "flights", "7")
    assert runs.actor(run.id, ACTOR.principal) == Actor(ACTOR.principal, run.id)
    again = runs.start(RunKind.REPLAY, "n", actor=Actor(local_owner()), parameters={})
    assert runs.actor(again.id, local_owner(), replay_of=run.id).pins == {"flights": 7}


def test_nobody_acts_inside_of_a_run_that_is_somebody_elses_or_has_ended(runs: Runs) -> None:
    vera = Principal("vera", Role.VIEWER)
    admins = runs.start(RunKind.NOTEBOOK, "n", actor=Actor(local_owner()), parameters={})
    with pytest.raises(Forbidden, match="vera cannot act inside of it"):
        runs.actor(admins.id, vera)
    token = replace(local_owner(), name="another", scopes=frozenset({Scope.READ, Scope.RUN}))
    with pytest.raises(Forbidden, match="another cannot act inside of it"):
        runs.actor(admins.id, token)
    runs.finish(admins.id, RunStatus.SUCCEEDED)
    with pytest.raises(Forbidden, match="has ended"):
        runs.actor(admins.id, local_owner())


def test_a_role_that_was_taken_away_is_gone_inside_of_a_run_too(runs: Runs) -> None:
    run = runs.start(RunKind.NOTEBOOK, "n", actor=Actor(Principal("ana", Role.ENGINEER)), parameters={})
    assert runs.actor(run.id, Principal("ana", Role.VIEWER)).principal.role is Role.VIEWER
    assert runs.actor(run.id, Principal("ana", Role.ADMIN)).principal.role is Role.ENGINEER


def test_pins_keep_a_version_and_keeping_lifts_their_end(catalog: Catalog, workspace: Path) -> None:
    (workspace / "workbench.toml").write_text("pin_days = 0")
    runs = Runs(catalog, load(workspace))
    run = runs.start(RunKind.NOTEBOOK, "n", actor=ACTOR, parameters={})
    runs.pin(run.id, "d1", 3)
    assert runs.pinned("d1") == set()
    runs.keep(run.id)
    assert runs.pinned("d1") == {3}


def test_a_run_whose_process_was_killed_is_found_and_marked_failed(
    runs: Runs, catalog: Catalog, workspace: Path
) -> None:
    url = catalog.engine.url.render_as_string(hide_password=False)
    program = textwrap.dedent(
        f"""
        import os, signal, pathlib
        from workbench.foundation.catalog import Catalog
        from workbench.foundation.settings import load
        from workbench.governance.runs import Actor, RunKind, Runs
        from workbench.governance.security import local_owner
        runs = Runs(Catalog({url!r}), load(pathlib.Path({str(workspace)!r})))
        runs.start(RunKind.NOTEBOOK, "n", actor=Actor(local_owner()), parameters={{}})
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    alive = runs.start(RunKind.NOTEBOOK, "n", actor=ACTOR, parameters={})
    lost = runs.reap()
    assert [run.error for run in lost] == ["the process that ran it ended"]
    assert runs.get(alive.id).status is RunStatus.RUNNING
    assert runs.reap() == []
