"""A refresh killed at any moment: readers have the old rows or the new ones, and the next refresh has each row once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from own_process import OwnProcess, killed
from sqlalchemy import text

from workbench import Workbench

MOMENTS = ("view.staged", "view.proposed", "lake.commit.before_delta", "lake.commit.after_delta", "view.committed")
FEW = {("lin", "view.proposed"), ("grp", "lake.commit.after_delta")}
VIEWS = {
    "lin": "SELECT id, v * 2 AS w FROM t WHERE v > 1",
    "grp": "SELECT k, count(*) AS n, sum(v) AS s FROM t GROUP BY k",
}
FIRST = pl.DataFrame({"id": [1, 2, 3], "k": ["a", None, "a"], "v": [1, 2, 3]})
MORE = pl.DataFrame({"id": [4, 5], "k": [None, "c"], "v": [4, 5]})


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
    refresh = f"wb.views.refresh('{name}')"
    killed(workspace, refresh, first)
    if wb.lake.exists(name):
        assert rows(wb.datasets.get(name).to_polars()) in ([], rows(wb.sql(VIEWS[name]).to_polars()))
    wb.views.refresh(name)
    before = rows(wb.datasets.get(name).to_polars())
    assert before == rows(wb.sql(VIEWS[name]).to_polars())
    table.append(MORE)
    killed(workspace, refresh, moment)
    after = rows(wb.sql(VIEWS[name]).to_polars())
    in_it = moment in ("lake.commit.after_delta", "view.committed")
    assert rows(wb.datasets.get(name).to_polars()) == (after if in_it else before)
    done = wb.views.refresh(name)
    assert done.way == ("unchanged" if in_it else {"lin": "rows", "grp": "groups"}[name])
    assert rows(wb.datasets.get(name).to_polars()) == after
    lost = [one for one in wb.views.history(name) if one.outcome == "failed"]
    assert [one.error for one in lost] == ["the process that ran it ended"] * 2
    assert not [run for run in wb.runs.list() if run.status == "running"]


@pytest.mark.parametrize("moment", ["view.staged", "view.proposed"])
def test_a_holder_that_was_held_up_writes_over_nothing(wb: Workbench, workspace: Path, moment: str) -> None:
    """A refresh is held up before its commit until its lease has run out; another one goes on; then it does, too."""
    table = wb.datasets.create("t", FIRST)
    wb.views.define("grp", VIEWS["grp"])
    wb.views.refresh("grp")
    table.append(MORE)
    with OwnProcess(workspace, "wb.views.refresh('grp')", moment, held=True) as late:
        late.held()
        with wb.catalog.begin() as session:
            session.execute(text("UPDATE job SET holder = NULL, expires = NULL WHERE kind = 'view'"))
        wb.views.refresh("grp")
        late.go_on()
        assert late.refusal().startswith("Conflict: ")
    assert rows(wb.datasets.get("grp").to_polars()) == rows(wb.sql(VIEWS["grp"]).to_polars())
