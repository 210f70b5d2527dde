from __future__ import annotations

from typing import Any

import bqplot
import polars as pl

from workbench.analytics.product import ProductResult
from workbench.ui.marks import Curves, UprightBars
from workbench.ui.product.asked import Asked
from workbench.ui.product.trend import draw_trend
from workbench.ui.ticks import period_names

__all__ = ["Lifecycle"]


class Lifecycle(Asked):
    """Who is new, returning and resurrecting in a period, upon each other; below zero, who became dormant.

    With `breakdown=` a curve per value: who was there.

    Args:
        dataset: Its name.
        step: What a subject does in a period to be active in it.
        options: As `wb.product.lifecycle` takes them.
    """

    question = "lifecycle"

    def __init__(self, dataset: str, step: Any, **options: Any) -> None:
        of_values = options.get("breakdown") is not None
        self.form: Curves | UprightBars = Curves(bqplot.DateScale()) if of_values else UprightBars()
        self._grain = options.get("grain", "week")
        super().__init__(self.form.figure, self.form.legend, dataset, step, **options)

    def draw(self, result: ProductResult) -> None:
        chart = result.chart()
        self.show(chart, f"subjects. {chart.note}", result.table())
        if isinstance(self.form, Curves):
            draw_trend(self.form, chart)
            return
        periods = chart.frame["period"].unique().sort()
        states = chart.frame["state"].unique(maintain_order=True).to_list()
        series = {
            state: chart.frame.filter(pl.col("state") == state).sort("period")["subjects"].to_list() for state in states
        }
        self.form.draw(period_names(periods, self._grain), series, chart.columns["subjects"].axis_format)
