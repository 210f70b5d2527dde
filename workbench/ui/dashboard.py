"""A dashboard: filters over parts that are drawn anew when a filter changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import ipywidgets as widgets

from workbench.app import Workbench
from workbench.foundation.errors import WorkbenchError
from workbench.foundation.observability import logger
from workbench.ui.absent import absent, lacking
from workbench.ui.drawing import Drawing
from workbench.ui.filters import Choice, Period
from workbench.ui.part import Part
from workbench.ui.plain import button, hbox, html, vbox
from workbench.ui.prerender import prerender
from workbench.ui.selection import Selection
from workbench.ui.theme import css

__all__ = ["Dashboard"]

DEBOUNCE = 0.06
"""Seconds without a further change before anything is computed: ticking three boxes is one redraw."""
SETTLE = 1.5
"""Seconds before dates that were put right are written back: not under the hands of who is still typing a year."""


class Dashboard(widgets.VBox):  # type: ignore[misc]
    """Filters on top, parts below; displays itself as the last value of a cell.

    What goes wrong is said in the place of what it concerns, never as a traceback.

    Args:
        wb: Whose numbers these are: every part asks it, as whoever it acts for.
        parts: From top to bottom. Wide ones have a row of their own, others stand two abreast where there is room.
        period: Filters all parts by time.
        choices: Filter all parts by a dimension.
    """

    def __init__(
        self, wb: Workbench, parts: Sequence[Part], *, period: Period | None = None, choices: Sequence[Choice] = ()
    ) -> None:
        self.wb, self.parts, self.period, self.choices = wb, tuple(parts), period, tuple(choices)
        self.reset = button("Reset", "Show everything as it was when the page was opened")
        self.reset.add_class("wb-reset")
        self._trouble, self._origin = html(), html()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._quiet = False
        self._unprepared, self._lacks = "", ""
        shown = [one.widget for one in self.filters]
        self._bar = bar = hbox([*shown, self.reset] if shown else [])
        grid = vbox([part.widget for part in self.parts])
        for box, name in ((bar, "wb-filters"), (grid, "wb-grid"), (self._origin, "wb-origin")):
            box.add_class(name)
        super().__init__([html(f"<style>{css()}</style>"), bar, self._trouble, grid, self._origin])
        self.add_class("wb-board")
        self.add_class("wb")
        self._prepare()
        for one in self.filters:
            one.on_change(self.changed)
        self.reset.on_click(lambda _: self._start_over())
        self._open()

    @property
    def filters(self) -> list[Period | Choice]:
        return [*([self.period] if self.period else []), *self.choices]

    @property
    def busy(self) -> bool:
        """Whether figures are still being drawn."""
        return self._timer is not None or (self._task is not None and not self._task.done())

    @property
    def selection(self) -> Selection:
        """What the filters say.

        Raises:
            Invalid: A date is missing.
        """
        where = " AND ".join(filter(None, (choice.where for choice in self.choices))) or None
        chosen = self.period.chosen() if self.period else None
        if chosen is None or self.period is None:
            return Selection(where=where)
        return Selection(*chosen, where, self.period.earliest)

    def _repr_mimebundle_(self, **given: Any) -> dict[str, Any]:
        """The widget; and as it stands by now, for a page whose widgets do not live yet, or never will."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(**given)
        pictures = {part.figure: part.picture() for part in self.parts if isinstance(part, Drawing)}
        return bundle | {"text/html": prerender(self, pictures)}

    def changed(self) -> None:
        """A filter says something else: everything is drawn anew, as soon as the filters have come to rest."""
        if self._quiet:
            return
        if self._settling is not None:
            self._settling.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # outside of a kernel nobody waits
            self.redraw()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(DEBOUNCE, self._begin)

    def redraw(self) -> None:
        """Brings every part up to date, now."""
        selection = self._selected()
        if selection is not None:
            for part in self.parts:
                part.refresh(self.wb, selection)
            self._tell_rest()

    def _open(self) -> None:
        """Draws what is in view first; the rest follows when the cell has ended, and its page is on its way."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # outside of a kernel there is no later
            self.redraw()
            return
        selection = self._selected()
        if selection is None:
            return
        first = next((place for place, part in enumerate(self.parts) if isinstance(part, Drawing)), 0) + 1
        for part in self.parts[:first]:
            part.refresh(self.wb, selection)
        self._task = asyncio.ensure_future(self._draw(selection, self.parts[first:]))

    def _begin(self) -> None:
        self._timer = None
        if self._task is not None:
            self._task.cancel()
        selection = self._selected()
        if selection is None:
            return
        for part in self.parts:
            part.wait()
        self._task = asyncio.ensure_future(self._draw(selection, self.parts))

    async def _draw(self, selection: Selection, parts: Sequence[Part]) -> None:
        """Part after part; between two of them a further change is heard, and the rest is then left to it."""
        for part in parts:
            part.refresh(self.wb, selection)
            await asyncio.sleep(0)
        self._tell_rest()

    def _prepare(self) -> None:
        try:
            for one in self.filters:
                one.prepare(self.wb)
        except WorkbenchError as error:
            self._lacks = lacking(self.wb, error)
            if self._lacks:
                self._bar.add_class("wb-absent")
            else:
                self._unprepared = str(error)
        except Exception:  # noqa: BLE001 (a viewer must never read a traceback; it is in the log)
            logger(__name__).exception("the filters of a dashboard failed")
            self._unprepared = "the filters cannot be shown just now"

    def _selected(self) -> Selection | None:
        try:
            selection = self.selection
        except WorkbenchError as error:
            self._say(str(error))
            return None
        note = self.period.note if self.period else ""
        self._say(note)
        if note:
            self._settle()
        return selection

    def _settle(self) -> None:
        try:
            self._settling = asyncio.get_running_loop().call_later(SETTLE, self._settled)
        except RuntimeError:  # outside of a kernel nobody types
            self._settled()

    def _settled(self) -> None:
        if self.period is not None:
            with self._quietly():
                self.period.settle()

    def _start_over(self) -> None:
        with self._quietly():
            for one in self.filters:
                one.reset()
        self.changed()

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Filters are moved, and nothing is drawn anew for it."""
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def _say(self, text: str) -> None:
        text = text or self._unprepared
        said = escape(text[:1].upper() + text[1:])
        self._trouble.value = f'<p class="wb-message" role="alert">{said}</p>' if said else ""

    def _tell_rest(self) -> None:
        """What the numbers are from, and what is not there."""
        lacks = list(dict.fromkeys(filter(None, (self._lacks, *(part.lacks for part in self.parts)))))
        if lacks:
            self._trouble.value = "".join(absent(self.wb, name) for name in lacks)
        self._tell_origin()

    def _tell_origin(self) -> None:
        versions: dict[str, Any] = {}
        for part in self.parts:
            versions |= part.versions
        said = ", ".join(f"{name} version {version}" for name, version in sorted(versions.items()))
        self._origin.value = f"<p>From {escape(said)}.</p>" if said else ""
