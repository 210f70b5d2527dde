from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from workbench import Workbench
from workbench.data.sources import DataSource, SyncRecord
from workbench_server.endpoint import Answer, Body, Endpoint, Limit, Query

__all__ = ["ENDPOINTS"]


class SyncItem(Answer):
    """One sync."""

    run: str = Field(description="Its run, whose receipt says all of it.")
    mode: str
    by: str
    started: datetime
    finished: datetime | None
    outcome: Literal["running", "succeeded", "failed"]
    rows: int | None = Field(description="That were loaded; null where a policy hides some of the dataset.")
    removed: int | None = Field(description="That were taken out, being deleted at the source; null likewise.")
    held: int | None = Field(description="That were held back, as they do not fit what is expected; null likewise.")
    version: int | None = Field(description="Of the dataset, afterwards.")
    everything: bool = Field(description="Whether all rows of the source were read.")
    notes: tuple[str, ...] = Field(description="What somebody should know.")
    error: str | None
    hint: str | None = Field(description="What to do about the error.")


class SyncList(Answer):
    items: list[SyncItem]


class SourceItem(Answer):
    """A data source, and how it was last synced."""

    name: str
    kind: str = Field(description="What it is, by its URL: postgresql, file.")
    definition: dict[str, Any] = Field(description="What it says, without what it leaves as it is by default.")
    version: int = Field(description="Counts its changes, from 1.")
    owner: str
    created: datetime
    updated: datetime
    saved_by: str
    paused: datetime | None = Field(description="Since when it may not be synced.")
    records: int | None = Field(description="Rows of its dataset that the asker may see; null before the first sync.")
    last: SyncItem | None


class SourceList(Answer):
    items: list[SourceItem]


class SourceHistoryQuery(Query):
    limit: Limit = 50


class SourceBody(Body):
    name: str = Field(description="Letters, digits, - and _, a letter first; at most 63.")
    url: str = Field(description="A path or a URL, without a password.")
    into: str = Field(description="The dataset; made by the first sync.")
    settings: dict[str, Any] = Field({}, description="mode, table, key, cursor and the like: see docs/sources.md.")


class SourceChange(Body):
    settings: dict[str, Any] = Field(description="What is to be otherwise.")


class SourceAct(Body):
    """Nothing more to say."""


class SyncBody(Body):
    anew: bool = Field(False, description="Load all of it, in the place of what is there.")


class SourceTested(Answer):
    columns: dict[str, str] = Field(description="Column -> its type.")
    rows: int = Field(description="In the first batch.")
    incremental: bool = Field(description="Whether it can be asked for the rows beyond its cursor alone.")


class SourceRemoved(Answer):
    name: str


def listed(wb: Workbench) -> SourceList:
    return _list(wb.sources.list())


def detail(wb: Workbench, name: str) -> SourceItem:
    return _item(wb.sources.get(name))


def added(wb: Workbench, *, body: SourceBody) -> SourceItem:
    return _item(wb.sources.add(body.name, **{**body.settings, "url": body.url, "into": body.into}))


def changed(wb: Workbench, name: str, *, body: SourceChange) -> SourceItem:
    return _item(wb.sources.change(name, **body.settings))


def removed(wb: Workbench, name: str) -> SourceRemoved:
    wb.sources.remove(name)
    return SourceRemoved(name=name)


def tested(wb: Workbench, name: str, *, body: SourceAct) -> SourceTested:
    found = wb.sources.test(name)
    return SourceTested(columns=dict(found.columns), rows=found.rows, incremental=found.incremental)


def synced(wb: Workbench, name: str, *, body: SyncBody) -> SyncItem:
    return _sync(wb.sources.sync(name, anew=body.anew))


def paused(wb: Workbench, name: str, *, body: SourceAct) -> SourceItem:
    return _item(wb.sources.pause(name))


def resumed(wb: Workbench, name: str, *, body: SourceAct) -> SourceItem:
    return _item(wb.sources.resume(name))


def history(wb: Workbench, name: str, *, query: SourceHistoryQuery) -> SyncList:
    return SyncList(items=[_sync(one) for one in wb.sources.history(name, limit=query.limit)])


def versions(wb: Workbench, name: str) -> SourceList:
    return _list(wb.sources.versions(name))


def _list(found: Sequence[DataSource]) -> SourceList:
    return SourceList(items=[_item(one) for one in found])


def _item(source: DataSource) -> SourceItem:
    return SourceItem(
        name=source.name,
        kind=source.definition.kind,
        definition=source.definition.model_dump(mode="json", exclude_defaults=True, exclude={"name"}),
        version=source.version,
        owner=source.owner,
        created=source.created,
        updated=source.updated,
        saved_by=source.saved_by,
        paused=source.paused,
        records=source.records,
        last=None if source.last is None else _sync(source.last),
    )


def _sync(sync: SyncRecord) -> SyncItem:
    return SyncItem(**{name: getattr(sync, name) for name in SyncItem.model_fields})


def _act(path: str, answer: type[Answer], work: Any, summary: str, body: type[Body] = SourceAct) -> Endpoint:
    return Endpoint(path, "sources", "change", answer, work, summary, method="POST", body=body, slow=True)


ENDPOINTS = (
    Endpoint("sources", "sources", "read", SourceList, listed, "Every data source, and how it was last synced."),
    Endpoint("sources/{name}", "sources", "read", SourceItem, detail, "One data source."),
    Endpoint(
        "sources/{name}/history",
        "sources",
        "read",
        SyncList,
        history,
        "The syncs of a source, newest first.",
        query=SourceHistoryQuery,
    ),
    Endpoint(
        "sources/{name}/versions", "sources", "read", SourceList, versions, "What a source said before, newest first."
    ),
    Endpoint(
        "sources",
        "sources",
        "change",
        SourceItem,
        added,
        "Adds a source; nothing is read yet.",
        method="POST",
        body=SourceBody,
    ),
    Endpoint(
        "sources/{name}",
        "sources",
        "change",
        SourceItem,
        changed,
        "Changes some of what a source says; what it said before stays.",
        method="PUT",
        body=SourceChange,
    ),
    Endpoint(
        "sources/{name}",
        "sources",
        "change",
        SourceRemoved,
        removed,
        "Forgets a source, and how far it is; its dataset stays.",
        method="DELETE",
    ),
    _act("sources/{name}/test", SourceTested, tested, "Looks whether a source can be read. Nothing is loaded."),
    _act("sources/{name}/sync", SyncItem, synced, "Brings the rows of a source in.", SyncBody),
    _act("sources/{name}/pause", SourceItem, paused, "Has syncs of a source refused until it is resumed."),
    _act("sources/{name}/resume", SourceItem, resumed, "Lets a paused source be synced again."),
)
