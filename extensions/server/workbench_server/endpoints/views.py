from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from workbench import Workbench
from workbench.data.views import RefreshRecord, View
from workbench_server.endpoint import Answer, Body, Endpoint, Limit, Query

__all__ = ["ENDPOINTS"]


class RefreshItem(Answer):
    """One refresh of a view."""

    run: str = Field(description="Its run, whose receipt says all of it.")
    by: str
    started: datetime
    finished: datetime | None
    outcome: Literal["running", "succeeded", "failed"]
    way: Literal["", "whole", "rows", "groups", "unchanged"] = Field(
        description="Computed whole, by the rows that came, by their groups, or not at all, since nothing changed."
    )
    why: str = Field(description="Why so; a clause.")
    rows: int = Field(description="That were written.")
    version: int | None = Field(description="Of the view's dataset, afterwards.")
    read: dict[str, int] = Field(description="Dataset -> the version that the rows are of.")
    error: str | None


class RefreshList(Answer):
    items: list[RefreshItem]


class ViewItem(Answer):
    """A materialized view, and how it was last refreshed."""

    name: str = Field(description="Its dataset's, too.")
    sql: str
    description: str
    version: int = Field(
        description="Counts the changes of what it says, from 1; 0 for a file that nobody has asked for."
    )
    owner: str = Field(description="Whoever defined it; empty where the version is 0.")
    created: datetime
    updated: datetime
    saved_by: str
    last: RefreshItem | None


class ViewList(Answer):
    items: list[ViewItem]


class ViewHistoryQuery(Query):
    limit: Limit = 50


class ViewBody(Body):
    sql: str = Field(description="One SELECT over datasets.")
    description: str = Field("", description="What it is, for who finds it in a list.")


class RefreshBody(Body):
    anew: bool = Field(False, description="Compute it whole, whatever changed.")


class ViewExplained(Answer):
    """How a view can be brought up to date, and what a refresh would do now."""

    view: str
    reads: dict[str, int] = Field(description="Its datasets, and their newest versions.")
    can: Literal["whole", "rows", "groups"] = Field(description="How it may be carried on; whole: it may not.")
    cannot: str = Field(description="Why it is always computed whole; empty where it is not.")
    way: Literal["whole", "rows", "groups", "unchanged"] = Field(description="What a refresh would do.")
    why: str


class ViewRemoved(Answer):
    name: str


def listed(wb: Workbench) -> ViewList:
    return ViewList(items=[_item(view) for view in wb.views.list()])


def detail(wb: Workbench, name: str) -> ViewItem:
    return _item(wb.views.get(name))


def defined(wb: Workbench, name: str, *, body: ViewBody) -> ViewItem:
    return _item(wb.views.define(name, body.sql, description=body.description))


def removed(wb: Workbench, name: str) -> ViewRemoved:
    wb.views.remove(name)
    return ViewRemoved(name=name)


def refreshed(wb: Workbench, name: str, *, body: RefreshBody) -> RefreshItem:
    return _refresh(wb.views.refresh(name, anew=body.anew))


def history(wb: Workbench, name: str, *, query: ViewHistoryQuery) -> RefreshList:
    return RefreshList(items=[_refresh(one) for one in wb.views.history(name, limit=query.limit)])


def explained(wb: Workbench, name: str) -> ViewExplained:
    found = wb.views.explain(name)
    return ViewExplained(**{field: getattr(found, field) for field in ViewExplained.model_fields})


def _item(view: View) -> ViewItem:
    return ViewItem(
        name=view.name,
        sql=view.definition.sql,
        description=view.definition.description,
        version=view.version,
        owner=view.owner,
        created=view.created,
        updated=view.updated,
        saved_by=view.saved_by,
        last=None if view.last is None else _refresh(view.last),
    )


def _refresh(refresh: RefreshRecord) -> RefreshItem:
    return RefreshItem(**{field: getattr(refresh, field) for field in RefreshItem.model_fields})


ENDPOINTS = (
    Endpoint("views", "views", "read", ViewList, listed, "Every view, and how it was last refreshed."),
    Endpoint("views/{name}", "views", "read", ViewItem, detail, "One view."),
    Endpoint(
        "views/{name}/history",
        "views",
        "read",
        RefreshList,
        history,
        "The refreshes of a view, newest first.",
        query=ViewHistoryQuery,
    ),
    Endpoint(
        "views/{name}/explain",
        "views",
        "read",
        ViewExplained,
        explained,
        "How a view can be brought up to date, and what a refresh would do now.",
        slow=True,
    ),
    Endpoint(
        "views/{name}",
        "views",
        "change",
        ViewItem,
        defined,
        "Defines a view, or changes what it says; nothing is computed yet.",
        method="PUT",
        body=ViewBody,
        slow=True,
    ),
    Endpoint(
        "views/{name}/refresh",
        "views",
        "change",
        RefreshItem,
        refreshed,
        "Brings a view up to date, and says how, and why so.",
        method="POST",
        body=RefreshBody,
        slow=True,
    ),
    Endpoint(
        "views/{name}", "views", "change", ViewRemoved, removed, "Forgets a view; its dataset stays.", method="DELETE"
    ),
)
