"""Kernels under the conditions that break them elsewhere: deep folders, odd names, threads, a loop that runs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench.foundation.settings import load
from workbench.governance.runs import Actor, Runs, RunStatus
from workbench.governance.security import local_owner
from workbench.orchestration.notebooks import NotebookRunner

Notebook = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("no_kernel_left")

TRANSPORT = """\
import json
from ipykernel.connect import get_connection_file
print(json.load(open(get_connection_file()))["transport"])
"""


def printed(directory: Path) -> str:
    cells = json.loads((directory / "output.ipynb").read_text())["cells"]
    return "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


@pytest.mark.skipif(sys.platform == "win32", reason="has no Unix sockets for kernels")
def test_a_kernel_is_spoken_to_over_sockets_nobody_else_can_open(notebook: Notebook, runner: NotebookRunner) -> None:
    run = runner.run(notebook("a.ipynb", "x: int = 1", TRANSPORT))
    assert printed(run.directory) == "ipc\n"
    assert not list(Path(tempfile.gettempdir()).glob(f"wbk-{os.getpid()}-*")), "nothing of it stays"


def test_where_a_sockets_path_would_be_too_long_it_is_encrypted_tcp(
    notebook: Notebook, runner: NotebookRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    keys = TRANSPORT.replace('["transport"]', '.keys() & {"curve_publickey"}')
    run = runner.run(notebook("a.ipynb", "x: int = 1", TRANSPORT, keys))
    assert printed(run.directory) == "tcp\n{'curve_publickey'}\n"


def test_a_workspace_whose_name_has_braces_and_spaces_works(workspace: Path, notebook: Notebook, runs: Runs) -> None:
    odd = workspace / "{odd} name"
    odd.mkdir()
    (odd / "workbench.toml").write_text("")
    settings = load(odd)
    path = notebook("a.ipynb", "x: int = 1", "print(x)").rename(odd / "a.ipynb")
    from_catalog = NotebookRunner(settings, Runs(runs._catalog, settings), Actor(local_owner()))
    assert printed(from_catalog.run(path).directory) == "1\n"


def test_notebooks_run_side_by_side_in_threads(notebook: Notebook, runner: NotebookRunner) -> None:
    path = notebook("a.ipynb", "x: int = 1", "print(x)")
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda x: runner.run(path, {"x": x}), range(3)))
    assert [printed(run.directory) for run in done] == ["0\n", "1\n", "2\n"]


def test_a_notebook_can_be_run_from_within_a_notebook(notebook: Notebook, runner: NotebookRunner) -> None:
    path = notebook("a.ipynb", "x: int = 1", "print(x)")

    async def as_in_a_cell() -> RunStatus:
        return runner.run(path).status

    assert asyncio.run(as_in_a_cell()) is RunStatus.SUCCEEDED


def test_startup_scripts_in_a_home_folder_do_not_reach_a_run(
    notebook: Notebook, runner: NotebookRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    startup = tmp_path / "home/.ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("print('from the home folder')")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "home/.ipython"))
    run = runner.run(notebook("a.ipynb", "x: int = 1", "print(x)"))
    assert printed(run.directory) == "1\n"


def test_papermills_own_command_can_use_the_engine(notebook: Notebook, workspace: Path) -> None:
    good = notebook("good.ipynb", "x: int = 1", "print(x)")
    bad = notebook("bad.ipynb", "x: int = 1", "1 / 0")

    def papermill(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "papermill", str(path), "out.ipynb", "--engine", "workbench", "-k", "python3"]
        return subprocess.run(
            [*command, "-l", "python", "-p", "x", "5"], cwd=workspace, capture_output=True, text=True, timeout=60
        )

    assert papermill(good).returncode == 0
    assert "5\n" in json.loads((workspace / "out.ipynb").read_text())["cells"][3]["outputs"][0]["text"]
    failed = papermill(bad)
    assert failed.returncode == 1
    assert "CellFailed: division by zero" in failed.stderr
