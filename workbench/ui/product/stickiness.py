from __future__ import annotations

from typing import Any

from workbench.analytics.product import ProductResult
from workbench.ui.marks import UprightBars
from workbench.ui.product.asked import Asked

__all__ = ["Stickiness"]


class Stickiness(Asked):
    """In how many periods subjects did a step: a bar per number of periods.

    Args:
        dataset: Its name.
        step: What they did.
        options: As `wb.product.stickiness` takes them.
    """

    question = "stickiness"

    def __init__(self, dataset: str, step: Any, **options: Any) -> None:
        self.form = UprightBars()
        super().__init__(self.form.figure, self.form.legend, dataset, step, **options)

    def draw(self, result: ProductResult) -> None:
        chart = result.chart()
        self.show(chart, f"subjects, by {chart.columns[chart.x].label.lower()}", result.table())
        names = [chart.columns[chart.x].read(count) for count in chart.frame[chart.x]]
        series = {chart.columns[chart.y].label: chart.frame[chart.y].to_list()}
        self.form.draw(names, series, chart.columns[chart.y].axis_format)
