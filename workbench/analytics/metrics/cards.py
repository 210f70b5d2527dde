"""How definitions look: a list of metrics and one metric, in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import polars as pl

from workbench.analytics.metrics.model import Metric
from workbench.charts import Table

__all__ = ["MetricList"]

EMPTY = "There is no metric yet: `workbench new metric NAME` writes the first definition."


class MetricList(list[Metric]):
    """Metrics in a list that shows itself as a table, with what is wrong with other definitions under it."""

    def __init__(self, metrics: Iterable[Metric] = (), problems: tuple[str, ...] = ()) -> None:
        super().__init__(metrics)
        self.problems = problems

    def table(self) -> Table:
        """A row per metric: name, label, unit, dataset, dimensions, description."""
        said = {
            "name": [metric.name for metric in self],
            "label": [metric.title for metric in self],
            "unit": [metric.unit for metric in self],
            "dataset": [metric.dataset or "" for metric in self],
            "dimensions": [len(metric.dimensions) for metric in self],
            "description": [metric.description for metric in self],
        }
        return Table("Metrics", pl.DataFrame(said))

    def __repr__(self) -> str:
        lines = [f"{metric.name}: {metric.summary}" for metric in self] or [EMPTY]
        return "\n".join([*lines, *(f"left out: {problem}" for problem in self.problems)])

    def _repr_html_(self) -> str:
        shown = self.table()._repr_html_() if self else f"<p>{escape(EMPTY)}</p>"
        return shown + "".join(f"<pre>left out: {escape(problem)}</pre>" for problem in self.problems)
