"""Plain `jupyter lab`, started by its user: it has the workbench, and acts as that user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from site_of_servers import Site
from waiting import wait_until

from workbench.governance.security import local_owner

TOKEN = "of-jupyter-itself"


@contextmanager
def jupyter_lab(folder: Path, at: Path) -> Iterator[str]:
    """JupyterLab as its user starts it in a folder; its address."""
    runtime = at / "runtime"
    environment = os.environ | {"JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_TOKEN": TOKEN}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--port", "0", "--allow-root", "-y"]
    with (at / "lab.log").open("w") as log:
        started = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_until(lambda: bool(list(runtime.glob("jpserver-*.json"))), what="JupyterLab's start")
        (said,) = runtime.glob("jpserver-*.json")
        yield str(json.loads(said.read_text())["url"]).rstrip("/")
    finally:
        started.terminate()
        started.wait(30)


def ask(url: str, path: str, token: str | None = TOKEN) -> tuple[int, Any]:
    headers = {"Authorization": f"token {token}"} if token else {}
    answer = httpx.get(f"{url}/workbench/api/v1/{path}", headers=headers, timeout=60)
    return answer.status_code, answer.json()


def test_it_has_the_api_as_its_user(site: Site, tmp_path: Path) -> None:
    with jupyter_lab(site.home, tmp_path) as url:
        status, me = ask(url, "me")
        assert (status, me["name"], me["role"]) == (200, local_owner().name, "admin")
        assert ask(url, "datasets?search=flights")[1]["items"][0]["rows"] == 4
        assert ask(url, "me", None)[0] == 401
        assert ask(url, "me", site.token("ada"))[0] == 401, "a token of the workspace is none of Jupyter's"
        assert ask(url, "health", None) == (200, {"status": "ok"})
        assert httpx.get(f"{url}/workbench/sign-in", timeout=30).status_code == 302, "one signs in as Jupyter says"


@pytest.mark.usefixtures("workspace")
def test_outside_of_a_workspace_it_says_so(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with jupyter_lab(elsewhere, tmp_path) as url:
        status, problem = ask(url, "datasets")
        assert status == 404
        assert "no workspace" in problem["detail"]
        status, problem = ask(url, "health", None)
        assert (status, problem["code"]) == (503, "unavailable")
        assert str(elsewhere) not in json.dumps(problem)
        (elsewhere / "workbench.toml").write_text("")
        assert ask(url, "datasets")[0] == 200, "one that is made later is found"
