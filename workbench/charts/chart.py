"""A chart that shows itself: two drawings, a caption, and the table it was drawn from."""

from __future__ import annotations

from functools import cached_property
from html import escape
from typing import Any

from workbench.charts.plot import Plot
from workbench.charts.sentence import say
from workbench.charts.svg import draw
from workbench.charts.table import TABLE_MIME, Table, length, styled, table_html
from workbench.charts.vegalite import MOST_BARS
from workbench.foundation.wording import counted

__all__ = ["NARROW", "WIDE", "Chart"]

WIDE = 736
NARROW = 336


class Chart(Plot):
    """A chart as data; see `Plot` for its fields and what it refuses."""

    @cached_property
    def alt(self) -> str:
        """What the chart shows, in words: highest and lowest with units, direction along an ordered axis, gaps."""
        return say(self)

    def svg(self, width: int = WIDE) -> str:
        """The drawing as one `<svg>` element.

        Args:
            width: In CSS pixels. Under 480 the drawing is made for a phone.
        """
        return draw(self, width, self.alt)

    def table(self) -> Table:
        """The rows the chart was drawn from, with the same words."""
        used = self.used
        return Table(
            title=self.title,
            frame=self.frame.select(used),
            labels={name: self.columns[name].label for name in used},
            units={name: self.columns[name].unit for name in used},
            formats={name: self.columns[name].format for name in used if self.columns[name].format},
        )

    def __repr__(self) -> str:
        return f"{self.title}\n{self.alt}"

    def _repr_html_(self) -> str:
        table = self.table()
        count = table.frame.height
        drawings = (
            f'<div class="wb-wide">{self.svg(WIDE)}</div><div class="wb-narrow">{self.svg(NARROW)}</div>'
            if count
            else ""
        )
        notes = [self.note] if self.note else []
        if self.kind == "bar" and self.frame[self.x].n_unique() > MOST_BARS:
            notes.append(f"The first {MOST_BARS} of {self.frame[self.x].n_unique():,} are drawn; the table has all.")
        under = "".join(f'<p class="wb-note">{escape(note)}</p>' for note in notes)
        return styled(
            f'<div class="wb wb-chart"><figure role="group" aria-label="{escape(self.title)}">'
            f'<figcaption><span class="wb-title">{escape(self.title)}</span>'
            f'<span class="wb-sub">{escape(self._measured())}</span></figcaption>{drawings}{under}</figure>'
            f'<details class="{length(count)}"><summary>Table, {counted(count, "row")}</summary>'
            f"{table_html(table)}</details></div>"
        )

    def _measured(self) -> str:
        """What is measured, in what unit, by what: the axis titles, written level."""
        others = [self.columns[name].label for name in self.used if name != self.value]
        by = " and ".join(other[0].lower() + other[1:] if other[1:2].islower() else other for other in others)
        return f"{self.columns[self.value].heading}, by {by}" if by else self.columns[self.value].heading

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self), TABLE_MIME: self.table().json()}
