"""A refresh killed at any moment: readers have the old rows or the new ones, and the next refresh has each row once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench import Workbench

MOMENTS = ("view.staged", "view.proposed", "lake.commit.before_delta", "lake.commit.after_delta", "view.committed")
FEW = {("lin", "view.proposed"), ("grp", "lake.commit.after_delta")}
VIEWS = {
    "lin": "SELECT id, v * 2 AS w FROM t WHERE v > 1",
    "grp": "SELECT k, count(*) AS n, sum(v) AS s FROM t GROUP BY k",
}
FIRST = pl.DataFrame({"id": [1, 2, 3], "k": ["a", None, "a"], "v": [1, 2, 3]})
MORE = pl.DataFrame({"id": [4, 5], "k": [None, "c"], "v": [4, 5]})


def refresh(home: Path, name: str, failpoint: str) -> int:
    environment = dict(os.environ, WORKBENCH_FAILPOINT=failpoint)
    command = [sys.executable, "-m", "workbench", "view", "refresh", name]
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, check=False).returncode


def rows(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(frame.rows(), key=repr)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        pytest.param(name, moment, marks=[] if (name, moment) in FEW else [pytest.mark.long])
        for name in VIEWS
        for moment in MOMENTS
    ],
)
def test_killed_in_a_refresh(wb: Workbench, workspace: Path, name: str, moment: str) -> None:
    table = wb.datasets.create("t", FIRST)
    wb.views.define(name, VIEWS[name])
    first = moment + ("@2" if moment.startswith("lake") else "")  # the first one makes the dataset
    assert refresh(workspace, name, first) == -signal.SIGKILL
    if wb.lake.exists(name):
        assert rows(wb.datasets.get(name).to_polars()) in ([], rows(wb.sql(VIEWS[name]).to_polars()))
    wb.views.refresh(name)
    before = rows(wb.datasets.get(name).to_polars())
    assert before == rows(wb.sql(VIEWS[name]).to_polars())
    table.append(MORE)
    assert refresh(workspace, name, moment) == -signal.SIGKILL
    after = rows(wb.sql(VIEWS[name]).to_polars())
    in_it = moment in ("lake.commit.after_delta", "view.committed")
    assert rows(wb.datasets.get(name).to_polars()) == (after if in_it else before)
    done = wb.views.refresh(name)
    assert done.way == ("unchanged" if in_it else {"lin": "rows", "grp": "groups"}[name])
    assert rows(wb.datasets.get(name).to_polars()) == after
    killed = [one for one in wb.views.history(name) if one.outcome == "failed"]
    assert [one.error for one in killed] == ["the process that ran it ended"] * 2
    assert not [run for run in wb.runs.list() if run.status == "running"]


def test_a_holder_that_was_held_up_writes_over_nothing(wb: Workbench, workspace: Path) -> None:
    """A refresh loses its lease before its commit; another one goes on; then it goes on, too, and is refused."""
    table = wb.datasets.create("t", FIRST)
    wb.views.define("grp", VIEWS["grp"])
    wb.views.refresh("grp")
    table.append(MORE)
    program = HELD_UP.format(home=str(workspace))
    stopped = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert stopped.stdout is not None
        assert stopped.stdout.readline() == "staged\n"
        wb.views.refresh("grp")
    finally:
        said, _ = stopped.communicate(timeout=60)
    assert "Conflict" in said
    assert rows(wb.datasets.get("grp").to_polars()) == rows(wb.sql(VIEWS["grp"]).to_polars())


# The lease is as good as run out: whoever asks finds it free. The refresh goes on when the other one is through.
HELD_UP = """
import time
from sqlalchemy import text
from workbench import Workbench
from workbench.data.lake import Staged
from workbench.foundation.errors import WorkbenchError

wb = Workbench.open({home!r})
exchange = Staged.exchange

def held_up(*given, **more):
    with wb.catalog.begin() as session:
        session.execute(text("UPDATE job SET holder = NULL, expires = NULL WHERE kind = 'view'"))
    print("staged", flush=True)
    newest = wb.lake.version("grp")
    while wb.lake.version("grp") == newest:
        time.sleep(0.05)
    return exchange(*given, **more)

Staged.exchange = held_up
try:
    wb.views.refresh("grp")
except WorkbenchError as error:
    print(type(error).__name__, error)
"""
