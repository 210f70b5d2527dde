"""A refresh killed at any moment leaves a rollup as it was or as it is to be, and every answer is that of the rows."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from own_process import OwnProcess, killed

from workbench import Workbench

METRICS = """
- {name: sold, dataset: sales, aggregation: count, time: at, dimensions: [shop]}
- {name: buyers, dataset: sales, aggregation: count_distinct, column: who, time: at, dimensions: [shop]}
- {rollup: daily, metrics: [sold, buyers], dimensions: [shop]}
"""
REFRESH = "wb.metrics.rollups.refresh('daily')"
MOMENTS = ("rollup.file.before", "rollup.file.before@2", "rollup.files.written", "rollup.catalog.told")


def sales(*months: int) -> pl.DataFrame:
    at = [datetime(2013, month, 1, tzinfo=UTC) for month in months]
    return pl.DataFrame({"at": at, "shop": "a", "who": [f"w{month}" for month in months]})


def answers(wb: Workbench) -> list[list[tuple[object, ...]]]:
    asked = [wb.metrics.query(["sold", "buyers"], grain="month", rollups=mode) for mode in ("use", "off")]
    assert [one.passes[0].rollup for one in asked] == ["daily", None]
    return [one.frame.rows() for one in asked]


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_in_a_refresh(wb: Workbench, workspace: Path, moment: str) -> None:
    (workspace / "metrics").mkdir()
    (workspace / "metrics" / "sales.yaml").write_text(METRICS)
    wb.datasets.create("sales", sales(1, 2, 2))
    before = wb.metrics.rollups.refresh("daily")
    wb.datasets.get("sales").append(sales(2, 3))
    killed(workspace, REFRESH, moment)
    summary = wb.metrics.rollups.summary("daily")
    assert summary.status == ("current" if moment == "rollup.catalog.told" else "behind")
    through, rows = answers(wb)
    assert through == rows
    assert OwnProcess(workspace, REFRESH).ended() == 0  # the dead process's lease holds nobody up
    assert wb.metrics.rollups.summary("daily").status == "current"
    through, rows = answers(wb)
    assert through == rows
    folder = wb.settings.lake_root / "_rollups" / "daily"
    for path in folder.iterdir():
        os.utime(path, (then := time.time() - 48 * 3600, then))
    wb.datasets.get("sales").append(sales(3))
    after = wb.metrics.rollups.refresh("daily")
    named = {path for state in (before, after) for chunk in state.chunks for path, _ in chunk.files}
    there = {f"daily/{path.parent.name}/{path.name}" for path in folder.glob("*/*")}
    assert {path for chunk in after.chunks for path, _ in chunk.files} <= there
    assert len(there - named) <= 4  # of the refresh before the last, which readers may still have in hand
    os.utime(folder.parent, (then, then))
    report = wb.lake.clean("sales", wb.actor)
    assert (report.unknown, report.leftovers) == ((), 0)  # the lake's clean-up knows that rollups are no left-overs
    through, rows = answers(wb)
    assert through == rows
