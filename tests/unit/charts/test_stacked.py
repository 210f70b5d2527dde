"""Bars of several series upon each other."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from workbench.charts import Chart
from workbench.charts.vegalite import specification
from workbench.foundation.errors import Invalid

FRAME = pl.DataFrame(
    {
        "month": [date(2024, 1, 1)] * 3 + [date(2024, 2, 1)] * 3,
        "state": ["new", "back", "gone"] * 2,
        "count": [5, 3, -2, 1, 4, -6],
    }
)


def test_series_stand_upon_each_other_in_the_rows_order() -> None:
    chart = Chart(FRAME, "bar", "month", "count", "Who came", color="state", stacked=True)
    spec = specification(chart, 736)
    assert "xOffset" not in spec["encoding"]
    assert [row["o"] for row in spec["data"]["values"]] == [0, 1, 2] * 2
    assert chart.svg().count("Count: ") == FRAME.height
    apart = specification(Chart(FRAME, "bar", "month", "count", "Who came", color="state"), 736)
    assert "xOffset" in apart["encoding"]


def test_what_has_nothing_to_stack_is_refused() -> None:
    for kind, color in (("line", "state"), ("bar", None)):
        rows = FRAME if color else FRAME.unique("month")
        with pytest.raises(Invalid, match="has nothing to stack"):
            Chart(rows, kind, "month", "count", "Who came", color=color, stacked=True)  # type: ignore[arg-type]
