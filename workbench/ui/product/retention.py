from __future__ import annotations

from typing import Any

import bqplot
import numpy as np
import polars as pl

from workbench.analytics.product import ProductResult, weighted_mean
from workbench.charts import heat_bands
from workbench.ui.marks import EMPTY, Curve, Curves, Grid
from workbench.ui.product.asked import Asked
from workbench.ui.product.trend import draw_trend
from workbench.ui.ticks import period_names

__all__ = ["Retention"]


class Retention(Asked):
    """Of those who began in a period, how many came back: a row per cohort, its shares in shades from left to right.

    A period that is not over yet has a paler shade. With `breakdown=` a curve per value: the mean of all its cohorts.

    Args:
        dataset: Its name.
        start: What puts a subject into the cohort of its period.
        back: What counts as coming back; by default the same.
        curves: A curve per cohort in place of the rows, all faint, and one of the mean of all in front of them.
        options: As `wb.product.retention` takes them.
    """

    question = "retention"

    def __init__(self, dataset: str, start: Any, back: Any = None, *, curves: bool = False, **options: Any) -> None:
        of_values = options.get("breakdown") is not None
        self.form: Grid | Curves = Curves(bqplot.LinearScale()) if curves or of_values else Grid()
        self._grain = options.get("grain", "week")
        super().__init__(self.form.figure, self.form.legend, dataset, start, back, **options)

    def draw(self, result: ProductResult) -> None:
        chart = result.chart()
        since = f"{self._grain}s since, from left to right"
        self.show(chart, f"share that came back, {since}", result.table())
        if isinstance(self.form, Curves) and chart.kind == "line":
            draw_trend(self.form, chart)
            return
        column = chart.columns["share"]
        begun = result.frame.filter(pl.col("size") > 0)
        later = begun.filter(pl.col("offset") > 0)
        frame = later if later.height else begun
        if isinstance(self.form, Curves):
            self._draw_curves(self.form, result.frame, frame.filter("complete"), column.axis_format)
            return
        edges, said = heat_bands(frame["share"], column)
        cohorts = frame["cohort"].unique().sort()
        offsets = frame["offset"].unique().sort().to_list()
        grid = np.full((len(cohorts), len(offsets)), EMPTY)
        pale = np.zeros(grid.shape, dtype=bool)
        for row in frame.iter_rows(named=True):
            place = cohorts.index_of(row["cohort"]), offsets.index(row["offset"])
            grid[place] = np.searchsorted(edges[1:-1], row["share"], side="right")
            pale[place] = not row["complete"]
        sizes = frame.group_by("cohort").agg(pl.col("size").first()).sort("cohort")["size"].to_list()
        names = [f"{name}, {size:,d}" for name, size in zip(period_names(cohorts, self._grain), sizes, strict=True)]
        over = f"{self._grain} is not over"
        self.form.draw([str(one) for one in offsets], names, grid, said, pale=pale, pale_name=over, outside=False)

    def _draw_curves(self, form: Curves, table: pl.DataFrame, complete: pl.DataFrame, format: str) -> None:
        offsets = complete["offset"].unique().sort()
        mean = weighted_mean(table)
        curves = [Curve("mean of all, by their sizes", _shares(mean, offsets))]
        behind = [Curve("", _shares(own, offsets)) for own in complete.partition_by("cohort", maintain_order=True)]
        places = offsets.cast(pl.Float64).to_numpy()
        step = -(-len(places) // 12)
        form.draw(
            places, curves, format=format, ticks=places[::step], ticks_format="d", behind=behind,
            behind_name=f"each {self._grain}'s cohort",
        )  # fmt: skip


def _shares(rows: pl.DataFrame, offsets: pl.Series) -> Any:
    joined = offsets.to_frame().join(rows, on="offset", how="left", maintain_order="left")
    return joined["share"].fill_null(np.nan).to_numpy()
