"""The explorer: pick a dataset, look at its columns, filter, group, draw, and keep what is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from workbench.analytics.exploration import Seen, View
from workbench.app import Workbench
from workbench.foundation.errors import NotFound, WorkbenchError
from workbench.foundation.observability import logger
from workbench.foundation.wording import counted
from workbench.ui.explorer.columns import Columns, OneColumn, Together
from workbench.ui.explorer.conditions import Conditions
from workbench.ui.explorer.first_rows import FirstRows
from workbench.ui.explorer.keeping import Keeping
from workbench.ui.explorer.profiling import Profiling
from workbench.ui.explorer.question import Question
from workbench.ui.explorer.seeing import Seeing
from workbench.ui.part import told
from workbench.ui.plain import button, hbox, html, vbox
from workbench.ui.prerender import prerender
from workbench.ui.selection import Selection
from workbench.ui.theme import css

__all__ = ["Explorer", "explore"]

_LONGEST_VALUE = 100
_NONE = ("Choose a dataset", "")


class Explorer(widgets.VBox):  # type: ignore[misc]
    """A dataset that one does not know yet; displays itself as the last value of a cell.

    All of it is as whoever the workbench acts for may see it. What goes wrong is said in a sentence.

    Attributes:
        pick: Which dataset.
        again: Reads its newest version.
        conditions: Which of its rows.
        question: Which figure, by what, drawn how.
        seeing: The chart.
        rows: The first of the rows.
        columns: What the columns are and hold, of the rows that the filters leave.
        column: One of them, closely.
        together: Which of them go together.
        profiling: What finds that out.
        keeping: What is seen becomes a query or a metric.
    """

    def __init__(self, wb: Workbench, dataset: str = "") -> None:
        self.wb = wb
        self.pick = widgets.Dropdown(description="Dataset")
        self.again = button("Read again", "Look at the dataset's newest version")
        self.again.add_class("wb-reset")
        self.conditions, self.question = Conditions(), Question(wb.exploration)
        self.seeing, self.rows, self.keeping = Seeing(self.question), FirstRows(View("")), Keeping(wb)
        self.columns, self.column, self.together = Columns(), OneColumn(), Together()
        self._trouble, self._about, self._origin = html(), html(), html()
        self._schema: dict[str, Any] = {}
        self._version: int | None = None
        self._task: asyncio.Task[None] | None = None
        self.profiling = Profiling(wb, (self.columns, self.column, self.together))
        self._quiet = False
        bar = hbox([self.pick, self.again])
        filtering = vbox([html('<h2 class="wb-title">Filter</h2>'), self.conditions.widget])
        asking = vbox([html('<h2 class="wb-title">Group</h2>'), self.question.widget])
        profiled = [self.columns.widget, self.column.widget, self.together.widget]
        seen = [self.seeing.widget, self.keeping.widget, self.rows.widget]
        self._below = vbox([filtering, *profiled, asking, *seen])
        for box, names in (
            (bar, ["wb-filters"]),
            (filtering, ["wb-card", "wb-span"]),
            (asking, ["wb-card", "wb-span"]),
            (self._below, ["wb-grid"]),
            (self._origin, ["wb-origin"]),
        ):
            for name in names:
                box.add_class(name)
        super().__init__([html(f"<style>{css()}</style>"), bar, self._trouble, self._about, self._below, self._origin])
        for name in ("wb-board", "wb", "wb-explorer"):
            self.add_class(name)
        self.pick.observe(self._picked, names="value")
        self.again.on_click(lambda _: self._open())
        self.conditions.on_change(self.look)
        self.question.on_change(self.look)
        self._offer(dataset)
        self._open()

    @property
    def busy(self) -> bool:
        """Whether something is still being drawn."""
        return self.profiling.busy or (self._task is not None and not self._task.done())

    @property
    def seen(self) -> Seen | None:
        """What is shown; None where nothing is, as while a filter has a value that its column cannot have."""
        return self.seeing.seen

    def _repr_mimebundle_(self, **given: Any) -> dict[str, Any]:
        """The widget; and as it stands by now: what a run displays, such as a report, has the chart as SVG."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(**given)
        chart = self.seeing.chart
        if self.wb.actor.run is not None and chart is not None:
            return bundle | {"text/html": chart._repr_html_()}
        return bundle | {"text/html": prerender(self, {})}

    def look(self) -> None:
        """Asks what filters and question say, and draws it."""
        name = self.pick.value
        if not name or self._quiet or not self._still_as_it_was(name):
            return
        try:
            view = self.question.view(self.conditions.asked())
        except WorkbenchError as error:
            self._say(error)
            self.keeping.show(None)
            return
        self._say(None)
        self.seeing.view = self.rows.view = view
        for part in (self.seeing, self.rows):
            part.wait()
        self.seeing.refresh(self.wb, Selection())
        self.keeping.show(self.seeing.seen)
        self.profiling.follow(name, view.where)
        self._later([lambda: self.rows.refresh(self.wb, Selection())])
        self._tell_origin()

    def _offer(self, dataset: str) -> None:
        """The datasets that there are."""
        try:
            names = sorted((one.name for one in self.wb.datasets.list()), key=str.casefold)
        except WorkbenchError as error:
            self._say(error)
            names = []
        known = [*names, *([dataset] if dataset and dataset not in names else [])]
        self._quiet = True
        self.pick.options = [_NONE, *((name, name) for name in known)]
        self.pick.value = dataset
        self._quiet = False

    def _picked(self, _: Any) -> None:
        if not self._quiet:
            self._open()

    def _open(self) -> None:
        """Begins anew with the dataset that is picked, as it is now."""
        self.profiling.stop()
        if self._task is not None:
            self._task.cancel()
        name = self.pick.value
        self._below.add_class("wb-hidden")
        self._about.value = self._origin.value = ""
        self._say(None)
        if not name:
            said = "Choose a dataset to see its columns, filter and group its rows, and draw them."
            if len(self.pick.options) == 1:
                said = "There is no dataset here yet. `workbench demo` makes some; `workbench dataset load FILE` one."
            self._about.value = f'<p class="wb-message" role="status">{escape(said)}</p>'
            return
        try:
            self._schema = self.wb.exploration.columns(name)
            self._tell_about(name)
            self.conditions.over(self._schema, self._values)
            self.question.over(name, self._schema)
        except WorkbenchError as error:
            self._say(error)
            if isinstance(error, NotFound):
                self._offer("")
            return
        self._below.remove_class("wb-hidden")
        self.profiling.begin(name)
        self.look()

    def _still_as_it_was(self, name: str) -> bool:
        """Whether the dataset still has the columns that are offered; if not, says what became of it."""
        try:
            schema = self.wb.exploration.columns(name)
        except WorkbenchError as error:
            self._below.add_class("wb-hidden")
            self._say(error)
            return False
        if schema == self._schema:
            return True
        self._open()
        self._tell(f"The columns of '{name}' are others by now: its filters and figure begin anew.")
        return False

    def _tell_about(self, name: str) -> None:
        info = self.wb.datasets[name].info
        self._version = info.version
        facts = [counted(info.rows, "row"), counted(len(info.columns), "column")]
        facts.append(f"version {info.version} of {info.updated:%Y-%m-%d %H:%M} UTC")
        about = f"<p>{escape(info.description)}</p>" if info.description else ""
        self._about.value = f'<div class="wb-about"><p role="status">{escape(", ".join(facts))}</p>{about}</div>'

    def _values(self, column: str) -> Sequence[str]:
        """Values to choose from, as they are typed: the most frequent texts."""
        profile = self.profiling.whole
        found = next((one for one in profile.columns if one.name == column), None) if profile else None
        if found is None or found.kind not in ("text", "boolean"):
            return ()
        if found.kind == "boolean":
            return ("yes", "no")
        values = [top.value for top in found.frequent if len(top.value) < _LONGEST_VALUE]
        return [_typed(value) for value in values]

    def _later(self, works: Sequence[Callable[[], None]]) -> None:
        """One after the other; between two of them a further change is heard, and the rest is then left to it."""
        if self._task is not None:
            self._task.cancel()
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # outside of a kernel there is no later
            for work in works:
                work()
            return
        self._task = asyncio.ensure_future(_one_by_one(works))

    def _say(self, error: WorkbenchError | None) -> None:
        self._tell("" if error is None else told(error))

    def _tell(self, text: str) -> None:
        self._trouble.value = f'<p class="wb-message" role="alert">{escape(text)}</p>' if text else ""

    def _tell_origin(self) -> None:
        version = self.seeing.versions.get(self.pick.value)
        said = "" if version is None else f"From {self.pick.value} version {version}."
        self._origin.value = f"<p>{escape(said)}</p>" if said else ""


def _typed(value: str) -> str:
    """A text as it is typed where commas stand between several."""
    plain = not set(value) & set(',"\n\r') and value == value.strip() and value
    return value if plain else '"' + value.replace('"', '""') + '"'


async def _one_by_one(works: Sequence[Callable[[], None]]) -> None:
    for work in works:
        await asyncio.sleep(0)
        try:
            work()
        except Exception:  # noqa: BLE001 (a viewer must never read a traceback; it is in the log)
            logger(__name__).exception("a part of the explorer failed")


def explore(wb: Workbench, dataset: str = "") -> Explorer:
    """Looks at a dataset: `explore(wb, "flights")`.

    Args:
        dataset: Which one; without a name one picks it.
    """
    return Explorer(wb, dataset)
