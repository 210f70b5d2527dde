"""What a new user is told to type: from a database to a dataset, and a pipeline that is put on a schedule."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import workbench

Command = Callable[..., Any]

GUIDE = Path(__file__).parents[3] / "docs" / "guide.md"
PIPELINE = "name: sales\nstages:\n  - {name: keep, view: totals}\n"


def lines_of_a_crontab() -> list[str]:
    section = GUIDE.read_text().split("\n## On a schedule\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"```\n(.*?)```", section, re.DOTALL)
    return [line for line in block.splitlines() if line]


def test_the_lines_of_the_guide_run_as_cron_runs_them(command: Command, workspace: Path, tmp_path: Path) -> None:
    (workspace / "orders.csv").write_text("id\n1\n2\n")
    assert command("source", "add", "orders", str(workspace / "orders.csv"), "--into", "orders").code == 0
    (workspace / "views").mkdir()
    (workspace / "views" / "totals.yaml").write_text("sql: SELECT count(*) AS n FROM orders\n")
    (workspace / "pipelines").mkdir()
    (workspace / "pipelines" / "sales.yaml").write_text(PIPELINE)
    home = tmp_path / "somebody"
    home.mkdir()
    (tmp_path / "workbench").write_text(f'#!/bin/sh\nexec {sys.executable} -m workbench "$@"\n')
    (tmp_path / "workbench").chmod(0o755)
    roots = os.pathsep.join([str(Path(workbench.__file__).parents[1]), *filter(None, sys.path)])
    bare = {"HOME": str(home), "LOGNAME": "somebody", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "PYTHONPATH": roots}
    nightly, sync = lines_of_a_crontab()
    for line in (sync, nightly):
        called = line.split(None, 5)[5].replace("/srv/shop/.venv/bin", str(tmp_path))
        called = called.replace("/srv/shop", str(workspace))
        ended = subprocess.run(["/bin/sh", "-c", called], env=bare, cwd=home, timeout=120, check=False)
        assert ended.returncode == 0, (workspace / ".workbench" / "cron.log").read_text()
    assert "pipeline sales: run" in (workspace / ".workbench" / "cron.log").read_text()
    assert command("sql", "SELECT n FROM totals").out.split() == ["n", "2"]


def test_the_lines_from_a_database_to_a_checked_dataset_run_as_they_stand(command: Command, workspace: Path) -> None:
    with sqlite3.connect(workspace / "shop.db") as shop:
        shop.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, amount REAL, updated INTEGER)")
        shop.executemany("INSERT INTO orders VALUES (?, ?, ?)", [(at, at / 2, at) for at in range(1, 31)])
    shop.close()
    (workspace / "workbench.toml").unlink()  # an empty folder, as a new user has it
    _, _, below = GUIDE.read_text().partition("\n## From a database to a checked dataset\n")
    for line in below.partition("```sh\n")[2].partition("```")[0].splitlines():
        called, _, into = line.partition(" > ")
        if called.startswith("printf "):
            subprocess.run(["/bin/sh", "-c", line], cwd=workspace, check=True)
            continue
        ended = command(*called.split()[1:])
        assert ended.code == 0, (line, ended.err)
        if into:
            (workspace / into).write_text(ended.out)
    assert "30 rows added" in ended.out
    runs = json.loads(command("runs", "list", "--json").out)
    assert {(run["kind"], run["status"]) for run in runs} >= {("pipeline", "succeeded"), ("sync", "succeeded")}


def test_the_scheduler_says_that_it_runs_no_pipeline_and_what_does(command: Command) -> None:
    said = " ".join(command("scheduler", "--help").out.split())
    assert 'It runs no pipeline: cron, systemd, Airflow or Kubernetes does, with a line such as "0 6 * * *' in said
