"""A table that is searched, sorted and turned page by page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets
import polars as pl

from workbench.analytics.metrics import MetricResult
from workbench.app import Workbench
from workbench.charts import Table, table_html
from workbench.ui.part import Part
from workbench.ui.plain import button, hbox, html
from workbench.ui.selection import Selection

__all__ = ["Rows"]


class Rows(Part):
    """Metrics by dimensions, one row per group, a page at a time.

    Args:
        metrics: Names of metrics.
        by: Dimensions.
        title: By default the metrics and what they are broken down by.
        size: Rows on a page.

    Attributes:
        table: All rows; None before the first time.
        found: The rows that the search leaves, in the order shown.
        page: Which page is shown, the first being 0.
    """

    wide = True

    def __init__(self, metrics: Sequence[str], *, by: Sequence[str], title: str = "", size: int = 10) -> None:
        super().__init__()
        self.metrics, self.by, self.title, self.size = tuple(metrics), tuple(by), title, size
        self.table: Table | None = None
        self.found = pl.DataFrame()
        self.page = 0
        self._texts = pl.Series("", [], dtype=pl.String)
        self.search = widgets.Text(description="Search", placeholder="any column", continuous_update=True)
        self.order = widgets.Dropdown(description="Sort by", options=[("", "")])
        self.back = button("Previous", "The page before")
        self.forth = button("Next", "The page after")
        self._where = html()
        self._shown = html()
        for control, name in ((self.search, "wb-search"), (self.order, "wb-order")):
            control.add_class(name)
        top, foot = hbox([self.search, self.order]), hbox([self._where, self.back, self.forth])
        top.add_class("wb-tools")
        foot.add_class("wb-pager")
        self._parts = [top, self._shown, foot]
        self.search.observe(self._asked, names="value")
        self.order.observe(self._asked, names="value")
        self.back.on_click(lambda _: self.turn(-1))
        self.forth.on_click(lambda _: self.turn(1))

    @property
    def pages(self) -> int:
        return max(1, -(-self.found.height // self.size))

    def turn(self, by: int) -> None:
        """Shows a page further on, or back where `by` is negative; stops at the first and the last."""
        self.page = min(max(0, self.page + by), self.pages - 1)
        self._draw()

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        return self.take(wb.metrics.query(self.metrics, by=self.by, where=selection.where, between=selection.between))

    def take(self, result: MetricResult) -> bool:
        """Shows a result's rows; False where there are none."""
        self.versions = dict(result.versions)
        self.table = table = result.table(self.title or None)
        read = [
            pl.Series([column.read(value) for value in table.frame[name].to_list()], dtype=pl.String)
            for name, column in table.columns.items()
            if name in self.by
        ]
        joined = pl.DataFrame({str(at): series for at, series in enumerate(read)})
        self._texts = joined.select(pl.concat_str(pl.all(), separator="\n").str.to_lowercase()).to_series()
        options = [(", ".join(table.columns[name].label for name in self.by), "")]
        for name, column in table.columns.items():
            options += [(f"{column.label}, {way}", f"{sign}{name}") for way, sign in (("rising", ""), ("falling", "-"))]
        if tuple(options) != self.order.options:
            chosen = self.order.value
            self.order.options = options
            self.order.value = chosen if chosen in dict(map(reversed, options)) else ""  # type: ignore[arg-type]
        self.entitle(table.title)
        self._put(self._parts)
        self._find()
        return not table.frame.is_empty()

    def _asked(self, _: Any) -> None:
        if self.table is not None:
            self._find()

    def _find(self) -> None:
        """Keeps the rows that the search names, in the order asked for, from the first page on."""
        assert self.table is not None
        words = self.search.value.lower().split()
        kept = self.table.frame
        if words:
            kept = kept.filter(
                pl.all_horizontal([self._texts.str.contains(word, literal=True) for word in words])
                if len(words) > 1
                else self._texts.str.contains(words[0], literal=True)
            )
        if term := self.order.value:
            name = term.removeprefix("-")
            kept = kept.sort(name, descending=term.startswith("-"), nulls_last=True, maintain_order=True)
        self.found, self.page = kept, 0
        self._draw()

    def _draw(self) -> None:
        assert self.table is not None
        table, first = self.table, self.page * self.size
        page = Table(
            table.title,
            self.found.slice(first, self.size),
            table.labels,
            table.units,
            dict(_formats(table)),
            table.note,
        )
        # Without rows there is only the sentence under it.
        self._shown.value = "" if self.found.is_empty() else table_html(page)
        of = f"{self.found.height:,}"
        last = min(first + self.size, self.found.height)
        said = "No row matches the search" if self.search.value.strip() else "No rows"
        if self.found.height:
            said = f"Rows {first + 1:,} to {last:,} of {of}"
        self._where.value = f'<p role="status" aria-live="polite">{escape(said)}</p>'
        self.back.disabled, self.forth.disabled = self.page == 0, self.page >= self.pages - 1


def _formats(table: Table) -> dict[str, str]:
    """Every column's format as all rows have it, so that a page does not choose its own."""
    return {
        name: column.format or column.precision
        for name, column in table.columns.items()
        if column.format or column.precision
    }
