"""The reports of a workspace through its server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.foundation.errors import unknown
from workbench.foundation.listing import Listing
from workbench.governance.runs import RunStatus
from workbench.remote.door import Door, path
from workbench.remote.reading import Reading

__all__ = ["RemoteReport", "RemoteReports", "RenderedRun"]


@dataclass(frozen=True)
class RenderedRun:
    """A rendered run of a report. `started` is UTC.

    Attributes:
        html: The page's path, below the server's address; a browser that is signed in opens it.
        pdf: Likewise; None where there is none.
        note: Why there is no PDF.
    """

    report: str
    run: str
    status: RunStatus
    started: datetime
    principal: str
    parameters: Mapping[str, Any]
    html: str
    pdf: str | None
    note: str | None


@dataclass(frozen=True)
class RemoteReport:
    """A report.

    Attributes:
        latest: The newest run that the asker may open.
    """

    name: str
    title: str
    description: str
    audience: str
    latest: RenderedRun | None


@dataclass(frozen=True)
class _Reports:
    items: list[RemoteReport]


class RemoteReports(Reading):
    """The reports of a workspace, as far as the asker may open them."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> Listing[RemoteReport]:
        """Every sound report, by name."""
        return Listing(
            self._door.ask("reports", _Reports).items,
            caption="Reports",
            row=lambda report: {"report": report.name, "title": report.title, "description": report.description},
            empty="There is no report yet.",
        )

    def get(self, name: str) -> RemoteReport:
        """
        Raises:
            NotFound: No such report; the message has the nearest one.
        """
        known = {report.name: report for report in self.list()}
        if name not in known:
            raise unknown("report", name, known)
        return known[name]

    def latest(self, name: str) -> RenderedRun | None:
        """The newest rendered run that the asker may open.

        Raises:
            NotFound: No such report.
        """
        return next(iter(self.runs(name, limit=1)), None)

    def runs(self, name: str, *, limit: int = 50) -> Listing[RenderedRun]:
        """The rendered runs that the asker may open, newest first.

        Raises:
            NotFound: No such report.
        """
        return Listing(
            self._door.pages(path("reports", name, "runs"), RenderedRun, limit=limit),
            caption=f"Rendered runs of {name}",
            row=lambda one: {
                "run": one.run,
                "status": one.status.value,
                "started (UTC)": f"{one.started:%Y-%m-%d %H:%M}",
                "by": one.principal,
            },
            empty="There is no rendered run yet.",
        )

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()
