"""A result drawn live, in one word: `show(wb.product.funnel("events", ["view", "buy"]))`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from workbench.analytics import product
from workbench.analytics.metrics import MetricResult
from workbench.analytics.product import ProductResult
from workbench.foundation.errors import Invalid
from workbench.ui.along import Along
from workbench.ui.bars import Bars
from workbench.ui.drawing import Drawing
from workbench.ui.heat import Heat
from workbench.ui.line import Line
from workbench.ui.part import Part
from workbench.ui.plain import html, vbox
from workbench.ui.prerender import prerender
from workbench.ui.product import Asked, Duplicates, Funnel, Lifecycle, Paths, Retention, Sessions, Stickiness
from workbench.ui.rows import Rows
from workbench.ui.theme import css
from workbench.ui.tiles import Tiles

__all__ = ["Shown", "show"]


class Shown(widgets.VBox):  # type: ignore[misc]
    """Figures of one result, without filters; displays itself as the last value of a cell.

    Attributes:
        parts: A figure for each metric of the result, or the one of its question.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        grid = vbox([part.widget for part in self.parts])
        grid.add_class("wb-grid")
        super().__init__([html(f"<style>{css()}</style>"), grid])
        for name in ("wb-board", "wb"):
            self.add_class(name)

    def _repr_mimebundle_(self, **given: Any) -> dict[str, Any]:
        """The widget; and what stands in its place where no kernel lives, as in a report: the charts as pictures."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(**given)
        charts = [part.chart for part in self.parts if isinstance(part, Drawing) and part.chart is not None]
        html = "".join(chart._repr_html_() for chart in charts) if charts else prerender(self, {})
        return bundle | {"text/html": html}


def show(result: MetricResult | ProductResult) -> Shown:
    """Draws a result of `wb.metrics.query` or of `wb.product` with the figures of dashboards.

    A question of `wb.product` has its own figure. Metrics are key figures where nothing breaks them down, else a figure
    each: a line along time, bars by one dimension, curves by one along time, a heatmap by two; by more, one table.

    Raises:
        Invalid: It is no such result.
    """
    if isinstance(result, ProductResult):
        asked = _of_question(result)
        asked.settle(asked.take(result))
        return Shown([asked])
    if not isinstance(result, MetricResult):
        raise Invalid(
            f"{type(result).__name__} is no result that can be shown",
            hint="show(wb.metrics.query(...)), or show(wb.product.funnel(...)) and the like",
        )
    return Shown([_of_metrics(result, one.name) for one in result.metrics] if _apart(result) else [_together(result)])


def _of_question(result: ProductResult) -> Asked:
    """The figure of the question that was asked, in the form that the result has."""
    asked, name = result.answer.analysis, result.dataset
    match asked:
        case product.FunnelTable():
            return Funnel(name, (), grain=asked.funnel.grain)
        case product.Retention():
            return Retention(name, None, grain=asked.every.grain, breakdown=asked.breakdown)
        case product.Stickiness():
            return Stickiness(name, None, breakdown=asked.breakdown)
        case product.Lifecycle():
            return Lifecycle(name, None, grain=asked.every.grain, breakdown=asked.breakdown)
        case product.Paths():
            return Paths(name)
        case product.SessionSummary():
            return Sessions(name, grain=asked.grain)
        case product.Duplicates():
            return Duplicates(name, grain=asked.grain)
    raise Invalid(f"{result.title} has no figure", hint="its .table() shows the rows")


def _apart(result: MetricResult) -> bool:
    return 1 <= len(result.groups) <= 2


def _together(result: MetricResult) -> Part:
    names = [metric.name for metric in result.metrics]
    if not result.groups:
        tiles = Tiles(names)
        tiles.settle(tiles.take(result, {}, ""))
        return tiles
    rows = Rows(names, by=result.groups)
    rows.settle(rows.take(result))
    return rows


def _of_metrics(result: MetricResult, metric: str) -> Part:
    first, *more = result.groups
    part: Line | Along | Bars | Heat
    if result.grain:
        part = Along(metric, by=more[0], grain=result.grain) if more else Line(metric, grain=result.grain)
    else:
        part = Heat(metric, across=first, down=more[0]) if more else Bars(metric, by=first)
    part.settle(part.take(result))
    return part
