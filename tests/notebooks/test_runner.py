"""One notebook run, with real kernels: what it leaves behind, and every way in which it can end."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import ended, wait_until

from workbench.foundation.errors import Conflict, Invalid, NotFound
from workbench.governance.runs import Run, RunKind, Runs, RunStatus
from workbench.orchestration.notebooks import NotebookFailed, NotebookRunner, Progress
from workbench.orchestration.notebooks.digest import TABLE_MIME

Notebook = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("no_kernel_left")

START = """\
import sys
from pathlib import Path
from workbench.foundation.catalog import Catalog
from workbench.foundation.settings import load
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import local_owner
from workbench.orchestration.notebooks import NotebookRunner
settings = load(Path(sys.argv[1]))
NotebookRunner(settings, Runs(Catalog(settings.catalog_url), settings), Actor(local_owner())).run(sys.argv[2])
"""


def printed(run: Run) -> str:
    content = json.loads((run.directory / "output.ipynb").read_text())
    return "".join("".join(output.get("text", "")) for cell in content["cells"] for output in cell.get("outputs", []))


def failure(runner: NotebookRunner, path: Path, **options: Any) -> NotebookFailed:
    with pytest.raises(NotebookFailed) as caught:
        runner.run(path, **options)
    return caught.value


def test_a_run_leaves_the_notebook_its_output_a_log_and_a_receipt(
    notebook: Notebook, runner: NotebookRunner, runs: Runs
) -> None:
    path = notebook("notebooks/add.ipynb", "a: int = 1\nb: int = 2", "print('sum', a + b)")
    steps: list[Progress] = []
    run = runner.run("notebooks/add.ipynb", {"b": "40"}, text=True, on_progress=steps.append)

    assert (run.status, run.kind, run.name) == (RunStatus.SUCCEEDED, RunKind.NOTEBOOK, "notebooks/add.ipynb")
    assert run.parameters == {"a": 1, "b": 40}
    assert runs.get(run.id).status is RunStatus.SUCCEEDED
    assert {file.name for file in run.directory.iterdir()} == {
        "source.ipynb",
        "output.ipynb",
        "run.log",
        "receipt.json",
    }
    assert (run.directory / "source.ipynb").read_bytes() == path.read_bytes()
    assert printed(run) == "sum 41\n"
    receipt = json.loads((run.directory / "receipt.json").read_text())
    assert (receipt["run"], receipt["status"], receipt["parameters"]) == (run.id, "succeeded", {"a": 1, "b": 40})
    assert [(step.cell, step.cells, step.title, step.state) for step in steps] == [
        (1, 2, "A title", "started"),
        (1, 2, "A title", "finished"),
        (2, 2, "print('sum', a + b)", "started"),
        (2, 2, "print('sum', a + b)", "finished"),
    ]
    assert all(step.seconds is not None for step in steps if step.state == "finished")
    assert "outputs" in json.loads(path.read_text())["cells"][1], "the source stays as it was"


def test_two_runs_do_not_share_a_directory(notebook: Notebook, runner: NotebookRunner) -> None:
    path = notebook("a.ipynb", "x: int = 1")
    assert runner.run(path).directory != runner.run(path).directory


def test_a_date_reaches_the_notebook_as_a_date(notebook: Notebook, runner: NotebookRunner) -> None:
    path = notebook(
        "a.ipynb",
        "from datetime import date\nstart: date = date(2013, 1, 1)",
        "print(type(start).__name__, start.year)",
    )
    assert printed(runner.run(path, {"start": "2014-05-06"}, text=True)) == "date 2014\n"


@pytest.mark.parametrize("given", [{"strat": 1}, {"days": "seven"}, {}])
def test_wrong_parameters_are_refused_before_anything_starts(
    notebook: Notebook, runner: NotebookRunner, runs: Runs, workspace: Path, given: dict[str, Any]
) -> None:
    path = notebook("a.ipynb", "days: int = 7\nregion: str = None", "open('was-here', 'w').close()")
    with pytest.raises(Invalid):
        runner.run(path, given, text=True)
    assert runs.list() == []
    assert not (workspace / "was-here").exists()
    assert not list((workspace / ".workbench/runs").glob("*")), "no run's directory, so no kernel's log either"


def test_the_kernel_gets_only_what_is_allowed(
    notebook: Notebook, runner: NotebookRunner, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret")
    path = notebook(
        "a.ipynb", "x: int = 1", "import json, os, sys\nprint(json.dumps([dict(os.environ), sys.executable]))"
    )
    run = runner.run(path)
    environment, interpreter = json.loads(printed(run))
    assert "GITHUB_TOKEN" not in environment
    assert "s3cret" not in printed(run)
    assert environment["WORKBENCH_RUN_ID"] == run.id
    assert environment["WORKBENCH_HOME"] == str(workspace)
    assert interpreter == sys.executable


def test_the_kernel_starts_where_the_notebook_lies(notebook: Notebook, runner: NotebookRunner, workspace: Path) -> None:
    path = notebook("notebooks/a.ipynb", "x: int = 1", "import os\nprint(os.getcwd())")
    assert printed(runner.run(path)).strip() == str(workspace / "notebooks")


def test_an_error_in_a_cell_names_the_cell_the_error_the_output_and_how_to_run_it_again(
    notebook: Notebook, runner: NotebookRunner, runs: Runs
) -> None:
    path = notebook(
        "notebooks/bad.ipynb", "city: str = 'x'", "## Divide by nothing", "print('so far')\n1 / 0", "print('never')"
    )
    error = failure(runner, path, parameters={"city": "New York"})

    assert str(error) == (
        "notebook notebooks/bad.ipynb failed in cell 2 (Divide by nothing), line `1 / 0`: "
        "ZeroDivisionError: division by zero"
    )
    assert error.again == "workbench run notebooks/bad.ipynb -p 'city=New York'"
    assert error.hint is not None
    assert str(error.output) in error.hint
    assert error.again in error.hint
    failed = runs.get(error.run.id)
    assert failed.status is RunStatus.FAILED
    assert failed.error == "cell 2 (Divide by nothing), line `1 / 0`: ZeroDivisionError: division by zero"
    log = failed.directory / "run.log"
    assert f"the whole traceback: {log}" in error.hint
    assert "----> 2 1 / 0" in log.read_text()
    assert "\x1b" not in log.read_text()
    assert json.loads((failed.directory / "receipt.json").read_text())["status"] == "failed"
    assert printed(failed).startswith("so far\n")
    assert "never" not in printed(failed)


def test_the_cell_that_failed_has_the_number_that_progress_gave_it_and_the_line_is_the_cell_s_own(
    notebook: Notebook, runner: NotebookRunner
) -> None:
    defines = "def half(x):\n    return x / 0"
    path = notebook("bad.ipynb", "x: int = 1", "# Words", defines, "# More", "y = 2\n\nhalf(\n    y)", "z = (")
    steps: list[Progress] = []
    error = failure(runner, path, parameters={"x": 2}, on_progress=steps.append)
    assert (error.cell, error.title) == (3, "More")
    assert (steps[-1].cell, steps[-1].state) == (3, "failed")
    assert "in cell 3 (More), line `half(`: ZeroDivisionError" in str(error)
    cut = failure(runner, notebook("cut.ipynb", "x: int = 1", "## Open", "y = 1\nz = 2 2"))
    assert "in cell 2 (Open), line `z = 2 2`: SyntaxError" in str(cut)


def test_a_cell_that_takes_too_long_fails_the_run(notebook: Notebook, runner: NotebookRunner) -> None:
    path = notebook("slow.ipynb", "x: int = 1", "## Sleep", "import time\ntime.sleep(60)")
    error = failure(runner, path, cell_timeout=2)
    assert str(error).endswith("failed in cell 2 (Sleep): the cell took longer than its 2 seconds")
    assert error.run.status is RunStatus.FAILED


def test_a_run_that_takes_too_long_fails(notebook: Notebook, runner: NotebookRunner) -> None:
    path = notebook("slow.ipynb", "x: int = 1", *["import time\ntime.sleep(0.3)"] * 20)
    assert failure(runner, path, timeout=1.0).error == "the run took longer than its 1 seconds"


def test_a_kernel_that_dies_fails_the_run(notebook: Notebook, runner: NotebookRunner) -> None:
    path = notebook("dies.ipynb", "x: int = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    error = failure(runner, path)
    assert error.error == "the kernel ended by itself (SIGKILL, often for want of memory)"
    assert error.cell == 2
    assert "traceback" not in str(error.hint)
    assert error.run.status is RunStatus.FAILED


def test_leaving_a_notebook_early_is_a_failure(notebook: Notebook, runner: NotebookRunner) -> None:
    path = notebook("leaves.ipynb", "x: int = 1", "import sys\nsys.exit(0)", "print('the rest')")
    assert failure(runner, path).error == "SystemExit: 0"


def test_a_kernel_nobody_registered_is_refused_by_name(notebook: Notebook, runner: NotebookRunner, runs: Runs) -> None:
    path = notebook("a.ipynb", "x: int = 1", kernel="python33")
    with pytest.raises(NotFound, match="no kernel 'python33'; did you mean 'python3'"):
        runner.run(path)
    assert runs.list() == []


def test_shown_tables_are_sealed(notebook: Notebook, runner: NotebookRunner, runs: Runs) -> None:
    table = {"title": "Delays", "columns": ["carrier", "minutes"], "rows": [["UA", 1.5]]}
    path = notebook(
        "a.ipynb",
        "x: int = 1",
        f"from IPython.display import display\ndisplay({{{TABLE_MIME!r}: {table!r}}}, raw=True)",
    )
    run = runner.run(path)
    assert list(runs.receipt(run.id).tables) == ["Delays"]


def test_a_success_that_comes_after_the_work_was_taken_over_is_not_recorded(
    notebook: Notebook, runner: NotebookRunner, runs: Runs
) -> None:
    def taken_over(session: object) -> None:
        raise Conflict("pipeline 'p' was taken over")

    with pytest.raises(Conflict, match="taken over"):
        runner.run(notebook("a.ipynb", "x: int = 1"), guard=taken_over)
    assert [run.status for run in runs.list()] == [RunStatus.FAILED]


def started(workspace: Path, path: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Runs, in a process of its own, a notebook that writes its kernel's process id to `pid`; waits for that."""
    runner = subprocess.Popen([sys.executable, "-c", START, str(workspace), str(path)], stderr=subprocess.PIPE)
    told = workspace / "pid"
    wait_until(lambda: told.exists() and bool(told.read_text()), what="the kernel's start")
    return runner, int(told.read_text())


HANGS = "import os, time\nfrom pathlib import Path\nPath('pid').write_text(str(os.getpid()))\ntime.sleep(60)"


@pytest.mark.parametrize(
    ("number", "said", "code"),
    [(signal.SIGTERM, "the process that ran it was told to end", 143), (signal.SIGINT, "interrupted", -signal.SIGINT)],
)
def test_a_runner_told_to_end_takes_its_kernel_along_and_says_so(
    notebook: Notebook, runs: Runs, workspace: Path, number: signal.Signals, said: str, code: int
) -> None:
    path = notebook("hangs.ipynb", "x: int = 1", "## Hang", HANGS)
    process, kernel = started(workspace, path)
    process.send_signal(number)
    process.communicate(timeout=45)
    assert process.returncode == code
    wait_until(lambda: ended(kernel), what="the kernel's end")
    (run,) = runs.list()
    assert (run.status, run.error) == (RunStatus.FAILED, f"cell 2 (Hang): {said}")
    assert (run.directory / "receipt.json").exists()


def test_a_runner_that_is_killed_leaves_no_kernel_and_its_run_is_found_later(
    notebook: Notebook, runner: NotebookRunner, runs: Runs, workspace: Path
) -> None:
    process, kernel = started(workspace, notebook("hangs.ipynb", "x: int = 1", HANGS))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=45)
    wait_until(lambda: ended(kernel), seconds=20, what="the kernel's end")
    assert [run.status for run in runs.list()] == [RunStatus.RUNNING]

    runner.run(notebook("next.ipynb", "x: int = 1"))
    _, lost = runs.list()
    assert (lost.status, lost.error) == (RunStatus.FAILED, "the process that ran it ended")


def test_a_kernel_busy_in_c_code_ends_with_its_runner_too(notebook: Notebook, runs: Runs, workspace: Path) -> None:
    holds_the_lock = HANGS.replace("time.sleep(60)", "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')")
    process, kernel = started(workspace, notebook("hangs.ipynb", "x: int = 1", holds_the_lock))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=45)
    wait_until(lambda: ended(kernel), seconds=20, what="the kernel's end")


def test_a_notebook_is_found_from_the_folder_one_is_in(
    notebook: Notebook, runner: NotebookRunner, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook("notebooks/deep/a.ipynb", "x: int = 1")
    monkeypatch.chdir(workspace / "notebooks")
    assert runner.run("deep/a.ipynb").name == "notebooks/deep/a.ipynb"
    with pytest.raises(NotFound, match=r"no notebook .*b\.ipynb"):
        runner.run("deep/b.ipynb")


def test_whatever_else_goes_wrong_fails_the_run_with_that_reason(
    notebook: Notebook, runner: NotebookRunner, runs: Runs
) -> None:
    def full(step: Progress) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left on device"):
        runner.run(notebook("a.ipynb", "x: int = 1"), on_progress=full)
    (run,) = runs.list()
    assert (run.status, run.error) == (RunStatus.FAILED, "OSError: [Errno 28] No space left on device")
