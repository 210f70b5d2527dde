"""Replaying a run on the versions it read, and comparing it with a later one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from workbench import Workbench
from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.runs import Run, RunKind, RunStatus
from workbench.orchestration.notebooks import NotebookFailed
from workbench.orchestration.pipelines import PipelineFailed

Notebook = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("no_kernel_left")

READ = """\
from IPython.display import display
from workbench import Workbench
wb = Workbench.open()
frame = wb.datasets.get("flights").to_polars().sort("carrier").head(most)
table = {"title": "Flights", "columns": frame.columns, "rows": [list(row) for row in frame.rows()]}
display({"application/vnd.workbench.table+json": table, "text/plain": "a table"}, raw=True)
"""


@pytest.fixture
def flights(wb: Workbench) -> Workbench:
    wb.datasets.create("flights", pl.DataFrame({"carrier": ["AA", "UA"], "minutes": [1.5, 2.5]}), key=["carrier"])
    return wb


@pytest.fixture
def shown(flights: Workbench, notebook: Notebook) -> Run:
    """A run that showed the dataset as a table."""
    return flights.notebooks.run(notebook("notebooks/show.ipynb", "most: int = 10", "## Show", READ), {"most": 5})


def changed(wb: Workbench) -> None:
    wb.datasets.get("flights").upsert(pl.DataFrame({"carrier": ["UA"], "minutes": [99.0]}))


def test_a_replay_is_identical_though_the_data_and_the_notebook_have_changed(
    flights: Workbench, notebook: Notebook, shown: Run
) -> None:
    changed(flights)
    notebook("notebooks/show.ipynb", "most: int = 1", "1 / 0")

    comparison = flights.notebooks.replay(shown.id)

    receipt = json.loads((shown.directory / "receipt.json").read_text())
    assert [(edge["kind"], edge["name"], edge["version"]) for edge in receipt["read"]] == [("dataset", "flights", "0")]
    assert list(receipt["tables"]) == ["Flights"]
    assert str(comparison) == f"identical: run {comparison.after} against {shown.id}, 1 table compared"
    again = flights.runs.get(comparison.after)
    assert (again.kind, again.status, again.parameters) == (RunKind.REPLAY, RunStatus.SUCCEEDED, {"most": 5})
    assert flights.runs.versions_read(again.id) == flights.runs.versions_read(shown.id)
    assert flights.runs.receipt(again.id).tables == flights.runs.receipt(shown.id).tables


def test_a_new_run_on_changed_data_differs_and_says_where(flights: Workbench, shown: Run) -> None:
    changed(flights)
    new = flights.notebooks.run("notebooks/show.ipynb", {"most": 5})
    assert [str(item) for item in flights.notebooks.compare(shown.id, new.id).differences] == [
        "read 'dataset flights': version 0 before, version 1 now",
        "table 'Flights', row 2, minutes: 2.5 before, 99.0 now",
    ]
    assert flights.notebooks.compare(shown.id, new.id).verdict == "different"


def test_a_replay_whose_result_depends_on_something_else_differs(flights: Workbench, notebook: Notebook) -> None:
    outside = (
        "from pathlib import Path\nmost = int(Path(__import__('os').environ['WORKBENCH_HOME'], 'most').read_text())"
    )
    (flights.settings.home / "most").write_text("2")
    run = flights.notebooks.run(notebook("leaks.ipynb", "most: int = 10", outside, READ))
    (flights.settings.home / "most").write_text("1")
    comparison = flights.notebooks.replay(run.id)
    assert comparison.verdict == "different"
    assert [str(item) for item in comparison.differences] == ["table 'Flights': 2 rows before, 1 row now"]


def test_a_run_that_wrote_is_not_replayed(flights: Workbench, notebook: Notebook) -> None:
    write = "wb.datasets.create('made', wb.datasets.get('flights').to_polars())"
    opened = "from workbench import Workbench\nwb = Workbench.open()"
    run = flights.notebooks.run(notebook("writes.ipynb", "x: int = 1", opened, write))
    with pytest.raises(Invalid, match="wrote made, and a replay writes nothing"):
        flights.notebooks.replay(run.id)


def test_of_a_pipeline_s_run_the_stages_that_can_be_replayed_are_named(flights: Workbench, notebook: Notebook) -> None:
    opened = "from workbench import Workbench\nwb = Workbench.open()"
    notebook("reads.ipynb", "x: int = 1", opened, "wb.datasets['flights'].to_polars()")
    notebook("writes.ipynb", "x: int = 1", opened, "wb.etl.replace(wb.sql('SELECT 1 AS a'), into='made')")
    notebook("bad.ipynb", "x: int = 1", "1 / 0")
    folder = flights.settings.home / "pipelines"
    folder.mkdir()

    def ran(*names: str) -> Run:
        stages = "".join(f"  - {{name: {name}, notebook: {name}.ipynb}}\n" for name in names)
        (folder / "p.yaml").write_text(f"name: p\nparameters: {{days: {{type: int, default: 7}}}}\nstages:\n{stages}")
        with pytest.raises(PipelineFailed) as caught:
            flights.pipelines.run("p", {"days": 3})
        return caught.value.run

    with pytest.raises(Invalid) as refused:
        flights.notebooks.replay(ran("writes", "bad").id)
    assert refused.value.hint == (
        "no stage that it ran can be replayed: p/writes wrote made, and a replay writes nothing; p/bad has failed\n"
        "run it again: workbench run p -p days=3"
    )
    run = ran("reads", "bad")
    (reads,) = flights.runs.list(name="p/reads")
    with pytest.raises(Invalid, match=f"run {run.id} is of the pipeline p") as refused:
        flights.notebooks.replay(run.id)
    assert refused.value.hint == f"replay the run of one of its stages: {reads.id} (p/reads)"
    with pytest.raises(Invalid, match="has failed; only a successful run") as refused:
        flights.notebooks.replay(flights.runs.list(name="p/bad")[0].id)
    assert refused.value.hint == "run it again: workbench run p -p days=3"


def test_a_failed_run_is_not_replayed(wb: Workbench, notebook: Notebook) -> None:
    with pytest.raises(NotebookFailed) as caught:
        wb.notebooks.run(notebook("bad.ipynb", "x: int = 1", "1 / 0"))
    with pytest.raises(Invalid, match="has failed; only a successful run can be replayed"):
        wb.notebooks.replay(caught.value.run.id)


def test_a_run_whose_directory_was_removed_is_gone(wb: Workbench, notebook: Notebook) -> None:
    run = wb.notebooks.run(notebook("a.ipynb", "x: int = 1"))
    shutil.rmtree(run.directory)
    with pytest.raises(NotFound, match=rf"run {run.id} of a\.ipynb is gone"):
        wb.notebooks.replay(run.id)


def test_a_replay_of_a_version_that_is_gone_says_so(flights: Workbench, shown: Run) -> None:
    flights.datasets.delete("flights")
    with pytest.raises(
        NotFound, match=f"run {shown.id} cannot be replayed, for something it read is gone: .*'flights'"
    ):
        flights.notebooks.replay(shown.id)
