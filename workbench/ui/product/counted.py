from __future__ import annotations

from typing import Any

import bqplot

from workbench.analytics.product import ProductResult
from workbench.ui.marks import Curves, LevelBar, LevelBars
from workbench.ui.product.asked import Asked
from workbench.ui.product.trend import draw_trend

__all__ = ["Counted"]


class Counted(Asked):
    """How many there are of what a question counts and is named after: along time a curve per value, else bars."""

    def __init__(self, dataset: str, *, grain: str | None, **options: Any) -> None:
        self.form: Curves | LevelBars = Curves(bqplot.DateScale()) if grain else LevelBars()
        legend = self.form.legend if isinstance(self.form, Curves) else None
        super().__init__(self.form.figure, legend, dataset, grain=grain, **options)

    def draw(self, result: ProductResult) -> None:
        chart = result.chart()
        x, amounts = chart.columns[chart.x], chart.columns[chart.y]
        said = ". ".join(filter(None, (f"{self.question}, by {x.label.lower()}", chart.note)))
        # Ranges of lengths are drawn, and no column of the result.
        self.show(chart, said, result.table() if chart.x in result.frame.columns else chart.table())
        if isinstance(self.form, Curves):
            draw_trend(self.form, chart)
            return
        rows = chart.frame.select(chart.x, chart.y).rows()
        self.form.draw([LevelBar(x.read(name), count, amounts.read(count)) for name, count in rows])
