"""What the bqplot drawings share: scales, axes in the page's colours, a figure that fits its card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import bqplot
import ipywidgets as widgets

from workbench.charts import Chart, Table
from workbench.ui.part import Part, details
from workbench.ui.plain import box, html

__all__ = ["CHARACTER", "INK", "MUTED", "SERIES", "Drawing", "axis", "cut", "figure", "legend", "renamed", "step"]

SERIES = tuple(f"var(--wb-series-{number})" for number in range(1, 9))
INK = "var(--wb-ink)"
MUTED = "var(--wb-ink-2)"
CHARACTER = 6.4
"""How wide a character of a label is, in CSS pixels, on average."""
_GRID = "var(--wb-grid)"
_FULL = 240
_HIGHEST = 52


class Drawing(Part):
    """A part that is a bqplot figure with its words and its table under it.

    Attributes:
        chart: What is drawn, as data; None before the first time.
    """

    def __init__(self, drawn: bqplot.Figure) -> None:
        super().__init__()
        self.chart: Chart | None = None
        self.figure = drawn
        self._details = html()
        self._frame = box([drawn])
        self._frame.add_class("wb-drawing")

    def show(self, chart: Chart, under: str, table: Table | None = None) -> None:
        """Puts the words of a chart around the drawing.

        Args:
            table: What stands under it in place of the rows that are drawn.
        """
        self.chart = chart
        self.entitle(chart.title, under)
        self._details.value = details(table or chart.table(), chart.alt)
        self._put([self._frame, *self.beside(), self._details])

    def picture(self) -> str:
        """The drawing without its widgets, as SVG; "" where there is none."""
        return ""

    def beside(self) -> list[widgets.Widget]:
        """What stands between the drawing and its table."""
        return []


def cut(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"


def step(rows: int, least: int) -> int:
    """How high each of so many rows is, in CSS pixels: few are higher, as a low figure leaves its card empty."""
    return max(least, min(_HIGHEST, _FULL // max(1, rows)))


@contextmanager
def renamed(scales: Mapping[bqplot.OrdinalScale, list[str]]) -> Iterator[None]:
    """Gives scales other names while marks get other values: at no moment has a mark a name that its scale lacks.

    An upright scale takes its names from the bottom up. bqplot's own `reverse` turns round only the names that a scale
    has when the page opens, not those it gets later.
    """
    for scale, names in scales.items():
        scale.domain = list(dict.fromkeys([*(scale.domain or []), *names]))
    yield
    for scale, names in scales.items():
        scale.domain = names


def figure(marks: list[Any], axes: list[bqplot.Axis], *, height: int, margin: dict[str, int]) -> bqplot.Figure:
    """A figure as wide as its card, on the card's own paper.

    Args:
        height: In CSS pixels.
        margin: Room for the axes, in CSS pixels: top, right, bottom, left.
    """
    return bqplot.Figure(
        marks=marks,
        axes=axes,
        fig_margin=margin,
        background_style={"fill": "transparent"},
        layout=widgets.Layout(width="100%", height=f"{height}px", min_width="0"),
        animation_duration=0,
        display_toolbar=False,
        padding_y=0,
    )


def legend(entries: Iterable[tuple[str, str]], *, more: str = "", label: str = "Colours") -> str:
    """Colours and what each means, in HTML.

    Args:
        entries: A CSS colour or gradient, and markup.
        more: Further items.
        label: What the list is called to those who do not see it.
    """
    items = "".join(f'<li><span style="background:{color}"></span>{text}</li>' for color, text in entries)
    return f'<ul class="wb-legend" aria-label="{label}">{items}{more}</ul>'


def axis(scale: bqplot.Scale, *, upright: bool = False, grid: bool = False, **traits: Any) -> bqplot.Axis:
    return bqplot.Axis(
        scale=scale,
        orientation="vertical" if upright else "horizontal",
        grid_lines="solid" if grid else "none",
        grid_color=_GRID,
        color="transparent",  # of its line: the grid, or the marks themselves, say where it is
        tick_style={"fill": MUTED, "font-size": "12px"},
        **traits,
    )
