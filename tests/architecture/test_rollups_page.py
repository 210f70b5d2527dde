"""The examples of docs/rollups.md are answered by the page's rollup, as the page says."""

from __future__ import annotations

import re
from datetime import date

import polars as pl
from house import ROOT

from workbench import Workbench

PAGE = (ROOT / "docs" / "rollups.md").read_text()
EXAMPLES = re.findall(r"```python\n(wb\.metrics\.query\(.*\))\n```\n\n((?:\|.*\n)+)", PAGE)


def table(text: str) -> tuple[list[str], list[list[str]]]:
    head, _, *rows = ([cell.strip() for cell in line.strip("| ").split("|")] for line in text.strip().splitlines())
    return head, rows


def test_the_examples_give_what_the_page_says(wb: Workbench) -> None:
    head, rows = table(re.findall(r"\n\n((?:\|.*\n)+)", PAGE)[0])
    frame = pl.DataFrame(rows, schema=head, orient="row")
    frame = frame.with_columns(pl.col("at").map_elements(date.fromisoformat, pl.Date), pl.col("price").cast(pl.Int64))
    wb.datasets.create("sales", frame)
    (yaml,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (wb.settings.home / "metrics").mkdir(exist_ok=True)
    (wb.settings.home / "metrics" / "page.yaml").write_text(yaml)
    assert wb.metrics.rollups.refresh_due() == 1
    assert len(EXAMPLES) == PAGE.count("```python") == 2
    for call, text in EXAMPLES:
        found = eval(call, {"wb": wb})
        head, rows = table(text)
        assert found.frame.columns == head, call
        assert [list(map(str, row)) for row in found.frame.rows()] == rows, call
        assert [one.rollup for one in found.passes] == ["daily"]
    (said,) = (one.why_no_rollup for one in wb.metrics.query("revenue", by="who").passes)
    assert f"`{said}`" in PAGE
