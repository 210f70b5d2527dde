"""Keeping what one sees, under a name."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from workbench.analytics.exploration import Seen
from workbench.app import Workbench
from workbench.foundation.errors import WorkbenchError
from workbench.governance.security import Role
from workbench.ui.part import told
from workbench.ui.plain import button, hbox, html, vbox

__all__ = ["Keeping"]


class Keeping:
    """A name and two buttons: what is seen becomes a query, or its figure a metric.

    Attributes:
        seen: What would be kept; None where nothing is seen.
    """

    def __init__(self, wb: Workbench) -> None:
        self._wb = wb
        self.seen: Seen | None = None
        self.name = widgets.Text(description="Name", placeholder="such as delays_by_carrier")
        self.description = widgets.Text(description="What it is", placeholder="in a sentence")
        self.as_query = button("Keep as a query", "Others may run it once it is shared: workbench query share NAME")
        self.as_metric = button("Keep as a metric", "Its figure, by what it is grouped by, of the rows filtered")
        self.said = html()
        head = '<h2 class="wb-title">Keep what you see</h2>'
        if wb.exploration.keeps:
            fields = hbox([self.name, self.description, self.as_query, self.as_metric])
            fields.add_class("wb-keeping")
            shown = [html(head), fields, self.said]
        else:
            who = wb.actor.principal
            why = f"takes the role analyst; yours is {who.role}"
            if who.role.includes(Role.ANALYST):
                why = "is not for this page, which only reads: explore the dataset in a notebook of your own"
            shown = [html(f'{head}<p class="wb-sub">Keeping {escape(why)}.</p>')]
        self.widget = vbox(shown)
        for one in ("wb-card", "wb-span"):
            self.widget.add_class(one)
        self.as_query.on_click(lambda _: self._keep("query"))
        self.as_metric.on_click(lambda _: self._keep("metric"))

    def show(self, seen: Seen | None) -> None:
        """Takes what is seen now."""
        self.seen = seen
        self.as_query.disabled = seen is None
        self.as_metric.disabled = seen is None or seen.view.aggregation is None
        self.said.value = ""

    def _keep(self, kind: str) -> None:
        if self.seen is None:
            return
        name, about = self.name.value.strip(), self.description.value.strip()
        try:
            if kind == "query":
                kept = self._wb.exploration.keep_query(self.seen.view, name, description=about)
                said = f"Kept as the query '{kept.name}'. It is yours alone: workbench query share {kept.name}"
            else:
                metric = self._wb.exploration.keep_metric(
                    self.seen.view, name, label=self.seen.figure, description=about
                )
                said = f"Kept as the metric '{metric.name}', for everybody: wb.metrics.query(\"{metric.name}\")"
        except WorkbenchError as error:
            self.said.value = f'<p class="wb-message" role="alert">{escape(told(error))}</p>'
        else:
            self.said.value = f'<p class="wb-kept" role="status">{escape(said)}</p>'
