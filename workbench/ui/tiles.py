"""Key figures, each with its change against the period before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from workbench.analytics.metrics import Metric, MetricResult
from workbench.app import Workbench
from workbench.charts import Tile
from workbench.ui.part import Part
from workbench.ui.selection import Selection

__all__ = ["Figure", "Tiles"]

_ARROWS = {"up": "▲", "down": "▼", "level": "■"}


@dataclass(frozen=True)
class Figure:
    """One key figure as it is shown.

    Attributes:
        value: What the metric layer gave; None where there is no value.
        text: The value as it reads, with its unit.
        change: How it differs from the period before, as it reads; "" where that cannot be said.
        direction: Whether it rose.
        verdict: Whether that is good; "" where nobody said what is better.
    """

    metric: str
    label: str
    value: Any
    text: str
    change: str = ""
    direction: Literal["up", "down", "level", ""] = ""
    verdict: Literal["better", "worse", ""] = ""


class Tiles(Part):
    """A row of key figures over all rows that the filters leave.

    Args:
        metrics: Names of metrics.
        higher_is_better: Those of them whose rise is good.
        lower_is_better: Those whose fall is good.
    """

    wide = True

    def __init__(
        self, metrics: Sequence[str], *, higher_is_better: Sequence[str] = (), lower_is_better: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.metrics = tuple(metrics)
        self.figures: tuple[Figure, ...] = ()
        self._good = dict.fromkeys(higher_is_better, "up") | dict.fromkeys(lower_is_better, "down")
        self.widget.add_class("wb-figures")

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        now = wb.metrics.query(self.metrics, where=selection.where, between=selection.between)
        earlier = selection.before
        then: dict[str, Any] = {}
        if earlier is not None:
            asked = wb.metrics.query(self.metrics, where=earlier.where, between=earlier.between)
            then = asked.frame.row(0, named=True)
        since = f"on the {selection.days} days before" if selection.days != 1 else "on the day before"
        return self.take(now, then, since)

    def take(self, now: MetricResult, then: Mapping[str, Any], since: str) -> bool:
        """Shows a result that nothing breaks down.

        Args:
            then: What each metric was.
            since: When that was, in words.
        """
        self.versions = dict(now.versions)
        row = now.frame.row(0, named=True)
        self.figures = tuple(self._figure(metric, row[metric.name], then.get(metric.name)) for metric in now.metrics)
        tiles = "".join(_html(figure, since) for figure in self.figures)
        self._head.value = f'<dl class="wb-kpis" aria-label="Key figures">{tiles}</dl>'
        return True

    def _figure(self, metric: Metric, value: Any, before: Any) -> Figure:
        tile = Tile(metric.title, value, metric.unit, metric.format)
        text = tile.column.say(value) if _real(value) else "–"
        if not (_real(value) and _real(before)):
            return Figure(metric.name, metric.title, value, text)
        change = _change(metric, value, before)
        direction: Literal["up", "down", "level"] = "level"
        if any(digit in "123456789" for digit in change):
            direction = "up" if value > before else "down"
        good = self._good.get(metric.name)
        verdict: Literal["better", "worse", ""] = ""
        if good is not None and direction != "level":
            verdict = "better" if direction == good else "worse"
        return Figure(metric.name, metric.title, value, text, change, direction, verdict)


def _real(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _change(metric: Metric, value: Any, before: Any) -> str:
    """Shares differ by points, what has a unit by so much of it, and counts by a percentage."""
    if metric.format.endswith("%"):
        return f"{abs(value - before) * 100:.1f} points"
    if metric.unit:
        return Tile("", abs(value - before), metric.unit, metric.format).column.say(abs(value - before))
    if before == 0:
        return ""
    return f"{abs(value - before) / abs(before) * 100:,.1f}%"


def _html(figure: Figure, since: str) -> str:
    label, text = escape(figure.label), escape(figure.text)
    amount, glue, unit = text.rpartition("\N{NO-BREAK SPACE}")
    text = f'{amount}{glue}<wbr><span class="wb-unit">{unit}</span>' if amount else text
    if not figure.change:
        under = '<span class="wb-since">no earlier period to compare with</span>'
        if figure.text == "–":
            under = '<span class="wb-since">no value to show</span>'
    else:
        word = {"up": "up ", "down": "down ", "level": ""}[figure.direction or "level"]
        verdict = f", {figure.verdict}" if figure.verdict else ""
        under = (
            f'<span class="wb-change wb-{figure.verdict or "plain"}"><span aria-hidden="true">'
            f'{_ARROWS[figure.direction or "level"]}</span> <span class="wb-sr">{word}</span>{escape(figure.change)}'
            f'<span class="wb-sr">{verdict}</span></span> <span class="wb-since">{since}</span>'
        )
    shown = f'<dt>{label}</dt><dd class="wb-value">{text}</dd><dd>{under}</dd>'
    return f'<div data-metric="{escape(figure.metric)}">{shown}</div>'
