from __future__ import annotations

from typing import Any

import bqplot

from workbench.analytics.product import ProductResult
from workbench.ui.marks import Curves, UprightBars
from workbench.ui.product.asked import Asked
from workbench.ui.product.trend import draw_trend

__all__ = ["Stickiness"]


class Stickiness(Asked):
    """In how many periods subjects did a step: a bar per number of periods; with `breakdown=` a curve per value.

    Args:
        dataset: Its name.
        step: What they did.
        options: As `wb.product.stickiness` takes them.
    """

    question = "stickiness"

    def __init__(self, dataset: str, step: Any, **options: Any) -> None:
        of_values = options.get("breakdown") is not None
        self.form: Curves | UprightBars = Curves(bqplot.LinearScale()) if of_values else UprightBars()
        super().__init__(self.form.figure, self.form.legend, dataset, step, **options)

    def draw(self, result: ProductResult) -> None:
        chart = result.chart()
        said = f"{chart.columns[chart.y].label.lower()}, by {chart.columns[chart.x].label.lower()}"
        self.show(chart, said, result.table())
        if isinstance(self.form, Curves):
            draw_trend(self.form, chart)
            return
        names = [chart.columns[chart.x].read(count) for count in chart.frame[chart.x]]
        series = {chart.columns[chart.y].label: chart.frame[chart.y].to_list()}
        self.form.draw(names, series, chart.columns[chart.y].axis_format)
