"""Pipelines with real kernels: what runs, what is skipped, and going on after a failure or a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from stages import TRACE, statuses, traced
from waiting import ended, wait_until

from workbench.data.lake import Lake
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, Invalid, NotFound
from workbench.foundation.jobs import Jobs
from workbench.foundation.jobs.tables import JobRow
from workbench.foundation.settings import load
from workbench.governance.runs import Actor, RunKind, Runs, RunStatus
from workbench.governance.security import local_owner
from workbench.orchestration.pipelines import PipelineFailed, Pipelines, StageProgress

Notebook = Callable[..., Path]
Define = Callable[[str], None]

pytestmark = pytest.mark.usefixtures("no_kernel_left")

ME = Actor(local_owner())

WIRE = """\
import sys
from pathlib import Path
from workbench.data.lake import Lake
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.jobs import Jobs
from workbench.foundation.jobs.tables import JobRow
from workbench.foundation.settings import load
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Security, local_owner
from workbench.orchestration.notebooks import NotebookRunner
from workbench.orchestration.pipelines import Pipelines
settings = load(Path(sys.argv[1]))
catalog = Catalog(settings.catalog_url)
runs, me = Runs(catalog, settings), Actor(local_owner())
lake = Lake(settings.lake_root, catalog, runs, Security(catalog))
Pipelines(settings, runs, Jobs(catalog), lake, NotebookRunner(settings, runs, me), me).run("p")
"""

TWO = """\
name: p
parameters:
  days: {type: int, default: 7}
stages:
  - {name: first, notebook: first.ipynb, parameters: {days: "${days}"}, sources: [source.csv]}
  - {name: second, notebook: second.ipynb, reads: [flights], uses: [metric.yaml]}
"""


@pytest.fixture
def two(workspace: Path, notebook: Notebook, define: Define, lake: Lake) -> None:
    """Two stages: one reads a file, the next a dataset."""
    notebook("first.ipynb", "days: int = 1", TRACE.format("first"))
    notebook("second.ipynb", "x: int = 1", TRACE.format("second"))
    (workspace / "source.csv").write_text("a\n1\n")
    (workspace / "metric.yaml").write_text("[]\n")
    lake.create("flights", pl.DataFrame({"a": [1]}), ME)
    define(TWO)


@pytest.mark.usefixtures("two")
def test_stages_run_once_and_then_only_when_something_they_depend_on_changes(
    workspace: Path, notebook: Notebook, pipelines: Pipelines, lake: Lake
) -> None:
    assert statuses(pipelines.run("p")) == ["first succeeded", "second succeeded"]
    assert traced(workspace) == ["first", "second"]
    assert statuses(pipelines.run("p")) == ["first skipped", "second skipped"]
    assert traced(workspace) == []

    (workspace / "source.csv").write_text("a\n1\n2\n")
    pipelines.run("p")
    assert traced(workspace) == ["first"], "a source changed"
    lake.append("flights", pl.DataFrame({"a": [2]}), ME)
    pipelines.run("p")
    assert traced(workspace) == ["second"], "a dataset has a new version"
    (workspace / "metric.yaml").write_text("[ ]\n")
    pipelines.run("p")
    assert traced(workspace) == ["second"], "a used file changed"
    pipelines.run("p", {"days": "8"}, text=True)
    assert traced(workspace) == ["first"], "a parameter changed"
    notebook("second.ipynb", "x: int = 2", TRACE.format("second"))
    pipelines.run("p", {"days": 8})
    assert traced(workspace) == ["second"], "a notebook changed"
    pipelines.run("p")
    assert traced(workspace) == ["first"], "its newest success was of another parameter"


@pytest.mark.usefixtures("two")
def test_stages_can_be_made_to_run(workspace: Path, pipelines: Pipelines) -> None:
    pipelines.run("p")
    traced(workspace)
    pipelines.run("p", force=True)
    assert traced(workspace) == ["first", "second"]
    pipelines.run("p", from_stage="second")
    assert traced(workspace) == ["second"]
    pipelines.run("p", only="first")
    assert traced(workspace) == ["first"]
    with pytest.raises(NotFound, match="no stage of p 'secnd'; did you mean 'second'"):
        pipelines.run("p", from_stage="secnd")


@pytest.mark.usefixtures("two")
def test_a_stage_whose_dataset_is_gone_runs_again(
    workspace: Path, pipelines: Pipelines, lake: Lake, define: Define
) -> None:
    define(TWO.replace("sources: [source.csv]", "sources: [source.csv], writes: [made]"))
    lake.create("made", pl.DataFrame({"a": [1]}), ME)
    pipelines.run("p")
    traced(workspace)
    lake.delete("made", ME)
    with pytest.raises(PipelineFailed, match="the dataset 'made' that it is to write does not exist"):
        pipelines.run("p")
    assert traced(workspace) == ["first"]


@pytest.mark.usefixtures("two")
def test_a_run_and_its_stages_are_recorded(pipelines: Pipelines, runs: Runs) -> None:
    steps: list[StageProgress] = []
    done = pipelines.run("p", on_progress=steps.append)
    assert (done.run.kind, done.run.status, done.run.parameters) == (RunKind.PIPELINE, RunStatus.SUCCEEDED, {"days": 7})
    children = runs.list(parent=done.run.id)
    assert [(child.name, child.status) for child in reversed(children)] == [
        ("p/first", RunStatus.SUCCEEDED),
        ("p/second", RunStatus.SUCCEEDED),
    ]
    assert children[1].parameters == {"days": 7}
    assert [(step.stage, step.number, step.state) for step in steps if step.state != "cell"] == [
        ("first", 1, "started"),
        ("first", 1, "finished"),
        ("second", 2, "started"),
        ("second", 2, "finished"),
    ]
    assert [step.cell.title for step in steps if step.cell and step.cell.state == "started"] == [
        "A title",
        "from pathlib import Path",
    ] * 2


@pytest.mark.usefixtures("two")
def test_a_failed_stage_stops_the_pipeline_and_running_again_goes_on_there(
    workspace: Path, notebook: Notebook, pipelines: Pipelines, runs: Runs
) -> None:
    notebook("second.ipynb", "x: int = 1", "1 / 0")
    with pytest.raises(PipelineFailed) as caught:
        pipelines.run("p", {"days": 3})
    assert str(caught.value).startswith(
        "pipeline p failed in stage second: notebook p/second failed in cell 2 (1 / 0): Zero"
    )
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("go on with the pipeline from there: workbench run p -p days=3")
    assert runs.get(caught.value.run.id).status is RunStatus.FAILED
    assert traced(workspace) == ["first"]

    notebook("second.ipynb", "x: int = 1", TRACE.format("second"))
    assert statuses(pipelines.run("p", {"days": 3})) == ["first skipped", "second succeeded"]
    assert traced(workspace) == ["second"]


@pytest.mark.usefixtures("two")
def test_a_stage_that_recovers_is_tried_again(
    workspace: Path, notebook: Notebook, define: Define, pipelines: Pipelines
) -> None:
    define(TWO.replace("sources: [source.csv]", "retries: 2, retry_delay: 0"))
    notebook(
        "first.ipynb",
        "days: int = 1",
        TRACE.format("tried"),
        "assert Path('trace').read_text().count('tried') == 2, 'not yet'",
    )
    steps: list[StageProgress] = []
    assert statuses(pipelines.run("p", on_progress=steps.append))[0] == "first succeeded"
    assert traced(workspace)[:2] == ["tried", "tried"]
    (why,) = [step.why for step in steps if step.state == "retrying"]
    assert why is not None
    assert why.endswith("AssertionError: not yet; 2 more tries")


@pytest.mark.usefixtures("two")
def test_what_is_wrong_with_any_stage_is_said_before_the_first_runs(
    workspace: Path, define: Define, pipelines: Pipelines, runs: Runs
) -> None:
    define(TWO.replace("reads: [flights]", "parameters: {y: 1}"))
    with pytest.raises(Invalid, match=r"stage second: second\.ipynb has no parameter 'y'"):
        pipelines.run("p")
    define(TWO.replace("metric.yaml", "metrik.yaml"))
    with pytest.raises(NotFound, match=r"stage second: there is no file 'metrik\.yaml', which it uses"):
        pipelines.run("p")
    with pytest.raises(Invalid, match="pipeline p has no parameter 'dais'; did you mean 'days'"):
        pipelines.run("p", {"dais": 1})
    with pytest.raises(NotFound, match="no pipeline 'pp'; did you mean 'p'"):
        pipelines.run("pp")
    assert runs.list() == []
    assert traced(workspace) == []


@pytest.mark.usefixtures("two")
def test_a_missing_source_fails_its_stage_in_a_sentence(workspace: Path, pipelines: Pipelines) -> None:
    (workspace / "source.csv").unlink()
    with pytest.raises(PipelineFailed, match=r"pipeline p failed in stage first: .*source\.csv"):
        pipelines.run("p")


def elsewhere(workspace: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WIRE, str(workspace)], stderr=subprocess.PIPE, text=True)


WAIT = """\
import os, time
Path('pid').write_text(str(os.getpid()))
while not Path('go').exists():
    time.sleep(0.02)
"""


@pytest.fixture
def hanging(workspace: Path, notebook: Notebook, define: Define, lake: Lake) -> Path:
    """Two stages, the second of which waits for the file `go`; gives the file that its kernel writes its pid to."""
    notebook("first.ipynb", "x: int = 1", TRACE.format("first"))
    notebook("second.ipynb", "x: int = 1", TRACE.format("second"), WAIT)
    (workspace / "source.csv").write_text("a\n1\n")
    define(
        "name: p\nstages:\n"
        "  - {name: first, notebook: first.ipynb, sources: [source.csv]}\n"
        "  - {name: second, notebook: second.ipynb}\n"
    )
    return workspace / "pid"


def test_a_second_run_is_refused_while_one_runs(
    workspace: Path, hanging: Path, pipelines: Pipelines, runs: Runs
) -> None:
    other = elsewhere(workspace)
    wait_until(lambda: hanging.exists() and bool(hanging.read_text()), what="the second stage")
    with pytest.raises(
        Conflict, match=rf"pipeline 'p' is being worked on already, by process {other.pid} on .* since "
    ):
        pipelines.run("p")
    (workspace / "go").touch()
    _, said = other.communicate(timeout=60)
    assert other.returncode == 0, said
    assert [run.status for run in runs.list(kind=RunKind.PIPELINE)] == [RunStatus.SUCCEEDED]


def test_a_pipeline_that_was_killed_goes_on_where_it_stopped(
    workspace: Path, hanging: Path, pipelines: Pipelines, runs: Runs
) -> None:
    other = elsewhere(workspace)
    wait_until(lambda: hanging.exists() and bool(hanging.read_text()), what="the second stage")
    os.kill(other.pid, signal.SIGKILL)
    other.communicate()
    wait_until(lambda: ended(int(hanging.read_text())), seconds=20, what="the kernel's end")
    traced(workspace)
    (workspace / "go").touch()

    assert statuses(pipelines.run("p")) == ["first skipped", "second succeeded"]
    assert traced(workspace) == ["second"]
    lost = [run for run in runs.list() if run.status is RunStatus.FAILED]
    assert {run.name for run in lost} == {"p", "p/second"}
    assert {run.error for run in lost} == {"the process that ran it ended"}
    assert RunStatus.RUNNING not in {run.status for run in runs.list()}


def test_a_pipeline_that_was_taken_over_records_no_success(workspace: Path, hanging: Path, runs: Runs) -> None:
    other = elsewhere(workspace)
    wait_until(lambda: hanging.exists() and bool(hanging.read_text()), what="the second stage")
    catalog = Catalog(load(workspace).catalog_url)
    with catalog.begin() as session:  # as after a long standstill of that process
        session.get_one(JobRow, ("pipeline", "p")).expires = utcnow() - timedelta(seconds=1)
    Jobs(catalog).take("pipeline", "p")
    catalog.close()
    (workspace / "go").touch()

    _, said = other.communicate(timeout=60)
    assert other.returncode != 0
    assert "Conflict: pipeline 'p' was taken over" in said
    assert {(run.name, run.status) for run in runs.list()} == {
        ("p", RunStatus.FAILED),
        ("p/first", RunStatus.SUCCEEDED),
        ("p/second", RunStatus.FAILED),
    }
