from __future__ import annotations

from typing import Any

import bqplot

from workbench.analytics.product import ProductResult
from workbench.charts import Chart
from workbench.ui.marks import Curves, LevelBar, LevelBars
from workbench.ui.product.asked import Asked
from workbench.ui.product.trend import draw_trend

__all__ = ["Funnel"]


class Funnel(Asked):
    """How many subjects take one step after the other: a bar per step; by a property, its values under each step.

    With `grain=` a curve of the share that came to the last step, by when they entered.

    Args:
        dataset: Its name.
        steps: Two or more.
        options: As `wb.product.funnel` takes them.
    """

    question = "funnel"

    def __init__(self, dataset: str, steps: Any, **options: Any) -> None:
        self.form: LevelBars | Curves = Curves(bqplot.DateScale()) if options.get("grain") else LevelBars()
        legend = self.form.legend if isinstance(self.form, Curves) else None
        super().__init__(self.form.figure, legend, dataset, steps, **options)

    def draw(self, result: ProductResult) -> None:
        chart = result.chart()
        own = "subjects, and their share of the first step"
        under = "share of those who took the first step" if isinstance(self.form, Curves) else own
        self.show(chart, ". ".join(filter(None, (under, chart.note))), result.table())
        if isinstance(self.form, Curves):
            draw_trend(self.form, chart)
        else:
            self.form.draw(_bars(chart))


def _bars(chart: Chart) -> list[LevelBar]:
    share, count = chart.columns["share_of_first"], chart.columns["subjects"]
    found: list[LevelBar] = []
    for event in chart.frame["event"].unique(maintain_order=True):
        rows = [row for row in chart.frame.iter_rows(named=True) if row["event"] == event]
        if chart.color is not None:
            found.append(LevelBar(event))
        for row in rows:
            name = event if chart.color is None else str(row[chart.color])
            said = f"{count.read(row['subjects'])} · {share.read(row['share_of_first'])}"
            found.append(LevelBar(name, row["share_of_first"] or 0.0, said))
    return found
