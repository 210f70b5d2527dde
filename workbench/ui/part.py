"""What every figure of a dashboard is: a card with a title that is loading, ready, empty, in error or not there yet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape
from typing import Literal

import ipywidgets as widgets

from workbench.app import Workbench
from workbench.charts import Table, table_html
from workbench.foundation.errors import WorkbenchError
from workbench.foundation.observability import logger
from workbench.foundation.wording import counted
from workbench.ui.absent import lacking
from workbench.ui.plain import html, vbox
from workbench.ui.selection import Selection

__all__ = ["Part", "State", "details", "told"]

State = Literal["loading", "ready", "empty", "error", "absent"]

_EMPTY = "Nothing matches these filters."
_BROKEN = "This figure cannot be shown just now."


class Part(ABC):
    """One figure, drawn anew from the metric layer whenever a filter changes.

    Attributes:
        state: loading until it was computed once and while it is computed again; then ready, empty, error or absent:
            its dataset has yet to be made, which the dashboard says for all of them.
        message: What stands in its place when it is empty or in error.
        lacks: The dataset that has yet to be made; "" where that is not what is wrong.
        widget: What is displayed.
        wide: Whether it takes the whole width of a dashboard.
    """

    wide = False

    def __init__(self) -> None:
        self.state: State = "loading"
        self.message = ""
        self.lacks = ""
        self.versions: dict[str, int] = {}
        self._head = html()
        self._said = html()
        self._body = vbox()
        self._body.add_class("wb-body")
        self.widget = vbox([self._head, self._said, self._body])
        for name in ("wb-card", "wb-loading", *(["wb-span"] if self.wide else [])):
            self.widget.add_class(name)

    @abstractmethod
    def compute(self, wb: Workbench, selection: Selection) -> bool:
        """Asks the metric layer and draws; False where there is nothing to draw."""

    def refresh(self, wb: Workbench, selection: Selection) -> None:
        """Brings the figure up to date. What goes wrong is shown in its place, in a sentence."""
        self.lacks = ""
        try:
            found = self.compute(wb, selection)
        except WorkbenchError as error:
            self.lacks = lacking(wb, error)
            if self.lacks:
                self._show("absent", "")
                return
            self.fail(error)
        except Exception:  # noqa: BLE001 (a viewer must never read a traceback; it is in the log)
            logger(__name__).exception("a figure of a dashboard failed")
            self._show("error", _BROKEN)
        else:
            self.settle(found)

    def settle(self, found: bool) -> None:
        """Says that it was drawn, or that there is nothing to draw."""
        self._show("ready" if found else "empty", "" if found else _EMPTY)

    def fail(self, error: WorkbenchError) -> None:
        """Says why there is nothing to draw."""
        self._show("error", told(error))

    def wait(self) -> None:
        """Says that it is about to be drawn anew."""
        self._show("loading", "")

    def entitle(self, title: str, under: str = "") -> None:
        below = f'<p class="wb-sub">{escape(under)}</p>' if under else ""
        self._head.value = f'<h2 class="wb-title">{escape(title)}</h2>{below}'

    def _show(self, state: State, message: str) -> None:
        if state != self.state:
            self.widget.remove_class(f"wb-{self.state}")
            self.widget.add_class(f"wb-{state}")
            self.state = state
        if message != self.message:
            self.message = message
            self._said.value = f'<p class="wb-message" role="status">{escape(message)}</p>' if message else ""

    def _put(self, children: Sequence[widgets.Widget]) -> None:
        if tuple(children) != self._body.children:
            self._body.children = tuple(children)


def details(table: Table, alt: str) -> str:
    """The text and the table that say what a drawing shows."""
    rows = table.frame.height
    return (
        f'<p class="wb-sr">{escape(alt)}</p><details class="wb-details"><summary>Table, '
        f"{counted(rows, 'row')}</summary>{table_html(table)}</details>"
    )


def told(error: WorkbenchError) -> str:
    """An error and its hint in sentences, for whoever reads a page."""
    return " ".join(filter(None, [_sentence(str(error)), error.hint and _sentence(error.hint)]))


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
