"""Every example of docs/metrics.md gives what the page says."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import polars as pl
import pytest
from house import ROOT

from workbench import Workbench

PAGE = (ROOT / "docs" / "metrics.md").read_text()
EXAMPLES = re.findall(r"```python\n(wb\.metrics\.query\(.*\))\n```\n\n((?:\|.*\n)+)", PAGE)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def table(text: str) -> tuple[list[str], list[list[str]]]:
    head, _, *rows = map(cells, text.strip().splitlines())
    return head, rows


def read(cell: str, name: str) -> Any:
    if cell == "null":
        return None
    return date.fromisoformat(cell) if name == "at" else float(cell) if name == "amount" else cell


@pytest.fixture
def asked(wb: Workbench) -> Workbench:
    for name, text in zip(("events", "referrers"), re.findall(r"\n\n((?:\|.*\n)+)", PAGE), strict=False):
        head, rows = table(text)
        columns = {column: [read(row[at], column) for row in rows] for at, column in enumerate(head)}
        wb.datasets.create(name, pl.DataFrame(columns))
    (yaml,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (wb.settings.home / "metrics").mkdir(exist_ok=True)
    (wb.settings.home / "metrics" / "page.yaml").write_text(yaml)
    return wb


def test_the_page_has_examples_of_every_kind(asked: Workbench) -> None:
    assert len(EXAMPLES) == PAGE.count("```python")
    assert asked.metrics.problems == ()
    assert list(asked.metrics.misfits()) == []
    assert {metric.type for metric in asked.metrics} == {"simple", "ratio", "derived", "cumulative", "conversion"}


def test_the_examples_give_what_the_page_says(asked: Workbench) -> None:
    for call, text in EXAMPLES:
        head, rows = table(text)
        frame = eval(call, {"wb": asked}).frame
        assert frame.columns == head, call
        assert [["null" if value is None else str(value) for value in row] for row in frame.rows()] == rows, call
