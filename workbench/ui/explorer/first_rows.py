from __future__ import annotations

from collections.abc import Sequence

from workbench.analytics.exploration import Condition, View
from workbench.app import Workbench
from workbench.charts import table_html
from workbench.ui.part import Part
from workbench.ui.plain import html
from workbench.ui.selection import Selection

__all__ = ["FirstRows"]


class FirstRows(Part):
    """The first rows that meet the conditions, as they lie.

    Attributes:
        view: Of which dataset, under which conditions; its columns come first.
    """

    wide = True

    def __init__(self, view: View, *, most: int = 10) -> None:
        super().__init__()
        self.view, self.most = view, most
        self._shown = html()
        self.widget.add_class("wb-rows")

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        view = self.view
        found = wb.exploration.rows(view.dataset, view.where, limit=self.most, first=_named(view, view.where))
        self.versions = {view.dataset: found.version}
        shown = found.frame.height
        every = "The one row" if shown == 1 else f"All {shown:,} rows"
        said = f"{shown:,} of the {found.matched:,} rows" if shown < found.matched else every
        if view.where:
            said += " that meets the filters" if found.matched == 1 else " that meet the filters"
        if found.frame.width < found.columns:
            said += f"; {found.frame.width} of the {found.columns} columns, those of the filters and figure first"
        self.entitle("Rows", said)
        self._shown.value = table_html(found.table())
        self._put([self._shown])
        return shown > 0


def _named(view: View, where: Sequence[Condition]) -> list[str]:
    return [*(one.column for one in where), *(one.column for one in view.by), *([view.of] if view.of else [])]
