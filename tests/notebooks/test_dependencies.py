"""What a stage depends on: what it declares, what it really read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from stages import TRACE, statuses, traced

from workbench.data.lake import Lake
from workbench.foundation.errors import NotFound
from workbench.governance.runs import Actor, Runs, RunStatus
from workbench.governance.security import local_owner
from workbench.orchestration.pipelines import PipelineFailed, Pipelines, StageProgress

Notebook = Callable[..., Path]
Define = Callable[[str], None]

pytestmark = pytest.mark.usefixtures("no_kernel_left")

ME = Actor(local_owner())

OPEN = "from workbench import Workbench\nwb = Workbench.open()\n"
ONE = "name: p\nstages:\n  - {name: one, notebook: one.ipynb"


@pytest.fixture
def one(notebook: Notebook, lake: Lake) -> Callable[[str], None]:
    """Writes the notebook `one.ipynb` over the datasets flights and weather."""
    lake.create("flights", pl.DataFrame({"a": [1]}), ME)
    lake.create("weather", pl.DataFrame({"a": [1]}), ME)
    return lambda code: (notebook("one.ipynb", "x: int = 1", TRACE.format("one"), OPEN + code), None)[1]


def test_a_stage_that_says_nothing_of_what_it_depends_on_always_runs(
    workspace: Path, notebook: Notebook, define: Define, pipelines: Pipelines
) -> None:
    notebook("one.ipynb", "x: int = 1", TRACE.format("one"))
    notebook("two.ipynb", "x: int = 1", "1 / 0")
    define(ONE + "}\n  - {name: two, notebook: two.ipynb}\n")
    with pytest.raises(PipelineFailed) as caught:
        pipelines.run("p")
    assert caught.value.again == "workbench run p --from two", "running all of it would run the first a second time"
    with pytest.raises(PipelineFailed):
        pipelines.run("p")
    assert traced(workspace) == ["one", "one"]


def test_a_stage_runs_again_when_what_it_really_read_has_changed(
    workspace: Path, one: Define, define: Define, pipelines: Pipelines, lake: Lake
) -> None:
    one("wb.datasets['flights'].to_polars(), wb.datasets['weather'].to_polars()")
    define(ONE + ", reads: [flights]}\n")
    pipelines.run("p")
    assert statuses(pipelines.run("p")) == ["one skipped"]
    lake.append("weather", pl.DataFrame({"a": [2]}), ME)
    traced(workspace)
    pipelines.run("p")
    assert traced(workspace) == ["one"], "weather is read, though not declared"
    for name in ("weather", "flights"):
        lake.delete(name, ME)
        lake.create(name, pl.DataFrame({"a": [7]}), ME)
        if name == "weather":
            lake.append(name, pl.DataFrame({"a": [8]}), ME)
        pipelines.run("p")
        assert traced(workspace) == ["one"], "another dataset of that name, with the version that was read"
    assert statuses(pipelines.run("p")) == ["one skipped"]


def test_a_stage_runs_again_after_other_parameters_wrote_over_what_it_wrote(
    workspace: Path, one: Define, define: Define, pipelines: Pipelines, lake: Lake
) -> None:
    one("frame = wb.datasets['flights'].to_polars()\nwb.etl.replace(frame * x, into='out')")
    define(
        "name: p\nparameters: {x: {type: int}}\nstages:\n"
        '  - {name: one, notebook: one.ipynb, parameters: {x: "${x}"}, reads: [flights], writes: [out]}\n'
    )
    for x in (2, 3, 2):
        assert statuses(pipelines.run("p", {"x": x})) == ["one succeeded"]
        assert lake.read("out", ME).collect()["a"].to_list() == [x]
    assert statuses(pipelines.run("p", {"x": 2})) == ["one skipped"]


def test_a_stage_runs_again_when_a_source_it_took_without_declaring_it_has_changed(
    workspace: Path, one: Define, define: Define, pipelines: Pipelines
) -> None:
    (workspace / "other#1.csv").write_text("a\n1\n")
    one("wb.datasets['flights'].to_polars()\nwb.etl.copy('other#1.csv', into='copied')")
    define(ONE + ", reads: [flights], writes: [copied]}\n")
    steps: list[StageProgress] = []
    pipelines.run("p", on_progress=steps.append)
    assert [step.why for step in steps if step.state == "noted"] == ["reads other#1.csv, which it does not declare"]
    assert statuses(pipelines.run("p")) == ["one skipped"]
    (workspace / "other#1.csv").write_text("a\n1\n2\n")
    assert statuses(pipelines.run("p")) == ["one succeeded"]
    (workspace / "other#1.csv").unlink()
    with pytest.raises(PipelineFailed, match="other#1"):
        pipelines.run("p")


def test_what_a_stage_wrote_itself_does_not_make_it_run_again_but_what_others_wrote_does(
    workspace: Path, one: Define, define: Define, pipelines: Pipelines, lake: Lake
) -> None:
    one("wb.datasets['flights'].to_polars()\nwb.datasets['weather'].append(wb.datasets['weather'].to_polars())")
    define(ONE + ", reads: [flights], writes: [weather]}\n")
    pipelines.run("p")
    assert lake.version("weather") == 1
    assert statuses(pipelines.run("p")) == ["one skipped"]
    lake.append("weather", pl.DataFrame({"a": [2]}), ME)
    assert statuses(pipelines.run("p")) == ["one succeeded"]


def test_what_a_stage_does_not_declare_is_told_once(one: Define, define: Define, pipelines: Pipelines) -> None:
    one("wb.etl.replace(wb.datasets['weather'].to_polars(), into='made')\nwb.datasets['flights'].to_polars()")
    define(ONE + ", reads: [flights]}\n")
    steps: list[StageProgress] = []
    pipelines.run("p", on_progress=steps.append)
    assert [(step.state, step.why) for step in steps if step.state not in ("cell", "started")] == [
        ("noted", "reads weather and writes made, which it does not declare"),
        ("finished", None),
    ]


def test_a_dataset_that_nobody_makes_is_refused_before_anything_runs(
    workspace: Path, one: Define, define: Define, pipelines: Pipelines, runs: Runs
) -> None:
    one("pass")
    define(ONE + ", reads: [wether]}\n")
    with pytest.raises(NotFound, match=r"stage one: it reads 'wether', .* writes; did you mean 'weather'\?"):
        pipelines.run("p")
    define(ONE + ", reads: [later]}\n  - {name: two, notebook: one.ipynb, writes: [later]}\n")
    with pytest.raises(NotFound, match="which no stage before it writes"):
        pipelines.run("p")
    assert runs.list() == []


def test_on_an_empty_lake_a_stage_may_read_what_one_before_it_will_write(
    notebook: Notebook, define: Define, pipelines: Pipelines
) -> None:
    notebook("one.ipynb", "x: int = 1", OPEN + "wb.etl.replace(wb.sql('SELECT 1 AS a'), into='made')")
    notebook("two.ipynb", "x: int = 1", OPEN + "wb.datasets['made'].to_polars()")
    define(ONE + ", writes: [made]}\n  - {name: two, notebook: two.ipynb, reads: [made]}\n")
    assert statuses(pipelines.run("p")) == ["one succeeded", "two succeeded"]
    assert statuses(pipelines.run("p")) == ["one succeeded", "two skipped"]


def test_a_stage_without_the_dataset_that_it_is_to_write_has_failed(
    one: Define, define: Define, pipelines: Pipelines, runs: Runs, lake: Lake
) -> None:
    one("wb.etl.replace(wb.datasets['flights'].to_polars(), into='made')")
    define(ONE + ", reads: [flights], writes: [maid], retries: 2}\n")
    with pytest.raises(PipelineFailed, match=r"'maid' that it is to write does not exist; did you mean 'made'\?"):
        pipelines.run("p")
    assert [(run.name, run.status) for run in runs.list()] == [("p/one", RunStatus.FAILED), ("p", RunStatus.FAILED)]
    one("pass")
    define(ONE + ", reads: [flights], writes: [made]}\n")
    assert statuses(pipelines.run("p")) == ["one succeeded"], "it found nothing to do"
