from __future__ import annotations

import bqplot
import numpy as np
import polars as pl

from workbench.app import Workbench
from workbench.charts import Chart, names_apart
from workbench.ui.drawing import CHARACTER, INK, SERIES, Drawing, axis, cut, figure, renamed
from workbench.ui.selection import Selection

__all__ = ["Bars"]

_LONGEST = 22
_STEP = 26


class Bars(Drawing):
    """A metric by one dimension, the largest on top.

    Args:
        metric: Its name.
        by: The dimension.
        most: How many bars are drawn at most; the table under them has all.
    """

    def __init__(self, metric: str, *, by: str, most: int = 16) -> None:
        self.metric, self.by, self.most = metric, by, most
        self._names, self._amounts = bqplot.OrdinalScale(), bqplot.LinearScale()
        self._bars = bqplot.Bars(
            x=[], y=[], scales={"x": self._names, "y": self._amounts}, orientation="horizontal", colors=[SERIES[0]]
        )
        self._bars.padding = 0.28
        self._labels = bqplot.Label(
            x=[],
            y=[],
            text=[],
            scales={"x": self._amounts, "y": self._names},
            colors=[INK],
            default_size=12,
            font_weight="normal",
            align="start",
            x_offset=6,
        )
        up = axis(self._names, upright=True)
        margin = {"top": 4, "right": 8, "bottom": 4, "left": 120}
        super().__init__(figure([self._bars, self._labels], [up], height=_STEP * 4, margin=margin))

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        found = wb.metrics.query(
            self.metric, by=self.by, where=selection.where, between=selection.between, order=f"-{self.metric}"
        )
        self.versions = dict(found.versions)
        chart = found.chart("bar")
        column = chart.columns[self.metric]
        rows = chart.frame.height
        shown = f"the first {self.most} of {rows}" if rows > self.most else ""
        self.show(chart, ", ".join(filter(None, [column.unit and f"in {column.unit}", shown])))
        self._draw(chart)
        return bool(found.frame[self.metric].is_not_null().any())

    def _draw(self, chart: Chart) -> None:
        column = chart.columns[self.metric]
        frame = chart.frame.head(self.most)
        names = [cut(name, _LONGEST) for name in names_apart(chart.columns[self.by], frame[self.by].to_list())]
        names = [name if names.count(name) == 1 else f"{name} {at}" for at, name in enumerate(names, start=1)]
        values = frame[self.metric].cast(pl.Float64).fill_null(np.nan).fill_nan(0.0).to_numpy()
        texts = [column.read(value) for value in frame[self.metric].to_list()]
        with self._amounts.hold_sync():
            self._amounts.min = min(0.0, float(values.min(initial=0.0)))
            self._amounts.max = max(0.0, float(values.max(initial=0.0))) or 1.0
        with renamed({self._names: names[::-1]}):
            with self._bars.hold_sync():
                self._bars.x, self._bars.y = names, values
            with self._labels.hold_sync():
                self._labels.x, self._labels.y, self._labels.text = np.maximum(values, 0.0), names, texts
        left = round(max((len(name) for name in names), default=0) * CHARACTER) + 14
        # The amount stands at the bar's end, so the longest bar leaves room for it.
        right = round(max((len(text) for text in texts), default=0) * CHARACTER) + 12
        self.figure.fig_margin = {"top": 4, "right": right, "bottom": 4, "left": left}
        self.figure.layout.height = f"{max(1, len(names)) * _STEP + 16}px"
