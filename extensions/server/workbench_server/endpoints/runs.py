from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from workbench import Workbench
from workbench.foundation.errors import Forbidden
from workbench.governance.runs import Receipt, Run, RunKind, RunStatus
from workbench_server.endpoint import Answer, Endpoint, Limit, Query, cursor_of, position_in

__all__ = ["ENDPOINTS"]

LOG = "run.log"
PAGE = 100_000


class RunsQuery(Query):
    kind: RunKind | None = Field(None, description="Only of this kind.")
    status: RunStatus | None = Field(None, description="Only those that ended like this, or still run.")
    name: str | None = Field(None, description="Only of this notebook, pipeline or report.")
    parent: str | None = Field(None, description="Only those that this run started.")
    limit: Limit = 50
    cursor: str | None = Field(None, description="The `next` of the page before.")


class RunItem(Answer):
    id: str
    kind: RunKind
    name: str
    status: RunStatus
    started: datetime
    finished: datetime | None
    seconds: float | None
    principal: str
    parent: str | None = Field(description="The run that started this one.")
    parameters: dict[str, Any]
    error: str | None = Field(description="Why it failed; where a policy hides some of what it read, only that it did.")


class RunList(Answer):
    items: list[RunItem]
    next: str | None


class RunDetail(RunItem):
    receipt: Receipt = Field(description="What made its result, as far as it has come.")


class LogQuery(Query):
    offset: int = Field(0, ge=0, description="Where to begin, in bytes: 0, or the `next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=1_000_000, description="At most so many bytes.")] = PAGE


class RunLog(Answer):
    """A part of what a run printed and logged."""

    run: str
    text: str
    offset: int
    size: int = Field(description="Of the whole log, in bytes; a run that still runs makes it grow.")
    next: int | None = Field(description="Where to go on; null at the end.")


def listed(wb: Workbench, *, query: RunsQuery) -> RunList:
    before = position_in(query.cursor)
    chosen = {name: getattr(query, name) for name in ("kind", "status", "name", "parent")}
    found = wb.runs.list(**chosen, before=before, limit=query.limit + 1)
    shown = found[: query.limit]
    return RunList(
        items=[RunItem(**_plain(wb, run)) for run in shown],
        next=cursor_of(shown[-1].id) if len(found) > len(shown) else None,
    )


def detail(wb: Workbench, id: str) -> RunDetail:
    run = wb.runs.get(id)
    return RunDetail(**_plain(wb, run), receipt=wb.runs.receipt(run.id))


def log(wb: Workbench, id: str, *, query: LogQuery) -> RunLog:
    run = wb.runs.get(id)
    if not wb.gallery.tells(run):
        raise Forbidden(
            f"the log of run {run.id} is closed to you: a policy hides some of the data that it may show",
            hint="run it yourself, or ask somebody who sees all of that data",
        )
    path = run.directory / LOG  # the catalog's own id, not what was asked for
    if not path.is_file():
        return RunLog(run=run.id, text="", offset=0, size=0, next=None)
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = file.seek(min(query.offset, size))
        part = file.read(query.limit)
    if start + len(part) < size:
        part = part[: part.rfind(b"\n") + 1] or part  # whole lines, so that no character is cut in two
    end = start + len(part)
    text = part.decode("utf-8", "replace")
    return RunLog(run=run.id, text=text, offset=start, size=size, next=end if end < size else None)


def _plain(wb: Workbench, run: Run) -> dict[str, Any]:
    found = {name: getattr(run, name) for name in RunItem.model_fields}
    if run.error and not wb.gallery.tells(run):
        found["error"] = "not told, since a policy hides some of the data from you"
    return found


ENDPOINTS = (
    Endpoint("runs", "runs", "read", RunList, listed, "Runs, newest first.", RunsQuery),
    Endpoint("runs/{id}", "runs", "read", RunDetail, detail, "A run and its receipt."),
    Endpoint("runs/{id}/log", "runs", "read", RunLog, log, "What a run printed and logged.", LogQuery),
)
