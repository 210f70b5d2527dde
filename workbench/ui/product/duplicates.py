from __future__ import annotations

from typing import Any

import bqplot

from workbench.analytics.product import ProductResult
from workbench.ui.marks import Curves, LevelBar, LevelBars
from workbench.ui.product.asked import Asked
from workbench.ui.product.trend import draw_trend

__all__ = ["Duplicates"]


class Duplicates(Asked):
    """How many rows came again: along time, and by a property a curve per value; without a grain, a bar per value.

    Args:
        dataset: Its name.
        grain: By the period of the row that is kept; None for all together, which takes one column in `by=`.
        options: As `wb.product.duplicates` takes them.
    """

    question = "duplicates"

    def __init__(self, dataset: str, *, grain: str | None = "day", **options: Any) -> None:
        self.form: Curves | LevelBars = Curves(bqplot.DateScale()) if grain else LevelBars()
        legend = self.form.legend if isinstance(self.form, Curves) else None
        super().__init__(self.form.figure, legend, dataset, grain=grain, **options)

    def draw(self, result: ProductResult) -> None:
        chart = result.chart()
        x, amounts = chart.columns[chart.x], chart.columns[chart.y]
        said = (f"duplicates, by {x.label.lower()}", chart.note)
        self.show(chart, ". ".join(filter(None, said)), result.table())
        if isinstance(self.form, Curves):
            draw_trend(self.form, chart)
            return
        rows = chart.frame.select(chart.x, chart.y).rows()
        self.form.draw([LevelBar(x.read(name), count, amounts.read(count)) for name, count in rows])
