"""What the columns of the chosen rows hold, found out beside whatever else is asked meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from workbench.analytics.exploration import Condition
from workbench.app import Workbench
from workbench.data.quality import Profile
from workbench.foundation.errors import WorkbenchError
from workbench.foundation.observability import logger
from workbench.ui.explorer.columns import Columns, OneColumn, Together
from workbench.ui.selection import Selection

__all__ = ["Profiling"]

PAUSE = 0.4
"""Seconds without a further change after which the rows that filters leave are looked at."""

Asked = tuple[str, tuple[Condition, ...]]


class Profiling:
    """Has the parts of an explorer show the profile of what is asked last.

    One profile is computed at a time: what was asked meanwhile and is wanted no more is never begun.

    Attributes:
        parts: What shows it.
        whole: The profile of all rows, where that was asked.
    """

    def __init__(self, wb: Workbench, parts: tuple[Columns, OneColumn, Together]) -> None:
        self._wb = wb
        self.parts = parts
        self.whole: Profile | None = None
        self._asked: Asked | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: asyncio.Future[Profile | WorkbenchError] | None = None

    @property
    def busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def begin(self, dataset: str) -> None:
        """Begins anew, with all rows of a dataset."""
        self.stop()
        self.whole = None
        for part in self.parts:
            part.profile = None
        self._ask((dataset, ()), pause=0)

    def follow(self, dataset: str, where: Sequence[Condition]) -> None:
        """Goes on to the rows that meet conditions; back to all rows, where there are none."""
        asked = (dataset, tuple(where))
        if asked == self._asked:
            return
        self.stop()
        if not where and self.whole is not None:
            self._asked = asked
            self.show(self.whole)
        else:
            self._ask(asked, pause=PAUSE)

    def stop(self) -> None:
        """Nobody waits any longer for what was asked."""
        self._asked = None
        if self._task is not None:
            self._task.cancel()

    def show(self, profile: Profile | WorkbenchError, *, filtered: bool = False) -> None:
        for part in self.parts:
            if isinstance(profile, Profile):
                part.profile, part.filtered = profile, filtered
                part.refresh(self._wb, Selection())
            else:
                part.fail(profile)

    def _ask(self, asked: Asked, *, pause: float) -> None:
        self._asked = asked
        for part in self.parts:
            part.wait()
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # outside of a kernel nobody waits
            self._found(asked, self._profiled(asked))
            return
        self._task = asyncio.ensure_future(self._later(asked, pause))

    async def _later(self, asked: Asked, pause: float) -> None:
        await asyncio.sleep(pause)
        while self._thread is not None and not self._thread.done():
            await asyncio.wait([self._thread])
        self._thread = asyncio.ensure_future(asyncio.to_thread(self._profiled, asked))
        self._found(asked, await asyncio.shield(self._thread))

    def _found(self, asked: Asked, profile: Profile | WorkbenchError) -> None:
        filtered = bool(asked[1])
        if not filtered and isinstance(profile, Profile):
            self.whole = profile
        self.show(profile, filtered=filtered)

    def _profiled(self, asked: Asked) -> Profile | WorkbenchError:
        dataset, where = asked
        try:
            return self._wb.exploration.profile(dataset, where)
        except WorkbenchError as error:
            return error
        except Exception:  # noqa: BLE001 (a viewer must never read a traceback; it is in the log)
            logger(__name__).exception("a profile failed")
            return WorkbenchError("the columns cannot be described just now")
