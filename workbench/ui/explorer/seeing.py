"""What the question shows: one figure large, or its chart with the table and the SQL under it."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from workbench.analytics.exploration import Seen, View
from workbench.app import Workbench
from workbench.charts import Tile
from workbench.ui.explorer.drawn import Drawn
from workbench.ui.explorer.question import Question
from workbench.ui.plain import html
from workbench.ui.selection import Selection

__all__ = ["Seeing"]


class Seeing(Drawn):
    """
    Attributes:
        view: What is asked.
        seen: The answer; None where there is none.
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.view = View("")
        self.seen: Seen | None = None
        self._question = question
        self._figure = html()
        self._sql = html()

    def beside(self) -> list[widgets.Widget]:
        return [*super().beside(), self._sql]

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        self.seen = None
        seen = self.seen = wb.exploration.look(self.view)
        self.versions = {self.view.dataset: seen.version}
        self._sql.value = (
            f'<details class="wb-details"><summary>SQL</summary><pre class="wb-sql">{escape(seen.sql)}</pre></details>'
        )
        look = self._question.chosen(seen)
        if not seen.looks:
            return self._single(seen)
        return self.take(seen.chart(look), seen.table())

    def _single(self, seen: Seen) -> bool:
        """A figure that nothing breaks down."""
        self.chart = None
        self.entitle(seen.title, seen.told)
        value = seen.frame.item()
        if value is None:
            self._put([])
            return False
        said = escape(Tile(seen.figure, value).column.say(value))
        self._figure.value = f'<p class="wb-single" role="status">{said}</p>'
        self._put([self._figure, self._sql])
        return True
