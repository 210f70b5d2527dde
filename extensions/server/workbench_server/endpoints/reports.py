from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from workbench import Workbench
from workbench.governance.runs import RunStatus
from workbench.publishing.reports import ReportRun
from workbench_server.endpoint import Answer, Endpoint, Limit, Query, cursor_of, position_in

__all__ = ["ENDPOINTS"]


class RenderedReport(Answer):
    """A rendered run of a report that the asker may open."""

    report: str
    run: str
    status: RunStatus
    started: datetime
    principal: str
    parameters: dict[str, Any]
    html: str = Field(description="Where the page is, below the server's address.")
    pdf: str | None
    note: str | None = Field(description="Why there is no PDF.")


class ReportItem(Answer):
    name: str
    title: str
    description: str
    audience: str
    latest: RenderedReport | None = Field(description="The newest run that the asker may open.")


class ReportList(Answer):
    items: list[ReportItem]


class RenderedQuery(Query):
    limit: Limit = 50
    cursor: str | None = Field(None, description="The `next` of the page before.")


class RenderedList(Answer):
    items: list[RenderedReport]
    next: str | None


def listed(wb: Workbench) -> ReportList:
    items = []
    for one in wb.reports.list():
        newest = wb.gallery.list(one.name, limit=1)
        items.append(
            ReportItem(
                name=one.name,
                title=one.title,
                description=one.description,
                audience=one.audience,
                latest=_rendered(newest[0]) if newest else None,
            )
        )
    return ReportList(items=items)


def runs(wb: Workbench, name: str, *, query: RenderedQuery) -> RenderedList:
    if name not in wb.gallery.names():
        wb.reports.get(name)  # says so if there is no such report; one that never ran has no runs
    found = wb.gallery.list(name, before=position_in(query.cursor), limit=query.limit + 1)
    shown = found[: query.limit]
    return RenderedList(
        items=[_rendered(one) for one in shown],
        next=cursor_of(shown[-1].run.id) if len(found) > len(shown) else None,
    )


def _rendered(one: ReportRun) -> RenderedReport:
    where = f"/workbench/reports/{one.name}/{one.run.id}"
    return RenderedReport(
        report=one.name,
        run=one.run.id,
        status=one.run.status,
        started=one.run.started,
        principal=one.run.principal,
        parameters=dict(one.run.parameters),
        html=f"{where}/report.html",
        pdf=f"{where}/report.pdf" if one.pdf else None,
        note=one.note,
    )


ENDPOINTS = (
    Endpoint("reports", "reports", "read", ReportList, listed, "Reports, each with its newest rendered run."),
    Endpoint("reports/{name}/runs", "reports", "read", RenderedList, runs, "Its rendered runs.", RenderedQuery),
)
