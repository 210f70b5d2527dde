from __future__ import annotations

from typing import Any

import bqplot

from workbench.analytics.product import ProductResult
from workbench.ui.marks import Curves, LevelBar, LevelBars
from workbench.ui.product.asked import Asked
from workbench.ui.product.trend import draw_trend

__all__ = ["Sessions"]


class Sessions(Asked):
    """How long sessions are: a bar per range of lengths.

    With `by=` how many there are by a property; with `grain=` how many there are along time.

    Args:
        dataset: Its name.
        grain: By when they began; None for all together.
        options: As `wb.product.sessions` takes them.
    """

    question = "sessions"

    def __init__(self, dataset: str, *, grain: str | None = None, **options: Any) -> None:
        self.form: Curves | LevelBars = Curves(bqplot.DateScale()) if grain else LevelBars()
        legend = self.form.legend if isinstance(self.form, Curves) else None
        super().__init__(self.form.figure, legend, dataset, grain=grain, **options)

    def draw(self, result: ProductResult) -> None:
        chart = result.chart()
        x, amounts = chart.columns[chart.x], chart.columns[chart.y]
        self.show(
            chart,
            ". ".join(filter(None, (f"sessions, by {x.label.lower()}", chart.note))),
            chart.table() if chart.x == "length" else result.table(),
        )
        if isinstance(self.form, Curves):
            draw_trend(self.form, chart)
            return
        rows = chart.frame.select(chart.x, chart.y).rows()
        self.form.draw([LevelBar(x.read(name), count, amounts.read(count)) for name, count in rows])
