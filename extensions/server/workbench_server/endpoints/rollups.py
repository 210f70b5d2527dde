from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from workbench import Workbench
from workbench.analytics.metrics import RollupSummary
from workbench_server.endpoint import Answer, Body, Endpoint

__all__ = ["ENDPOINTS"]


class RollupItem(Answer):
    """A rollup, and how far it is."""

    name: str
    definition: dict[str, Any] = Field(description="Its keys, as a file would say them.")
    summary: str
    dataset: str
    status: Literal["never made", "current", "behind", "outdated"]
    version: int | None = Field(description="Of the dataset, which it stands for; null where it was never made.")
    newest: int = Field(description="The newest version of the dataset.")
    rows: int | None = Field(description="That are kept; null where a policy hides rows of the dataset.")
    bytes: int | None = Field(description="The same.")
    made: datetime | None


class RollupList(Answer):
    items: list[RollupItem]


class RollupRefresh(Body):
    anew: bool = Field(False, description="Make all of it, whatever changed.")


class RollupDefinition(Body):
    definition: dict[str, Any] = Field(description="The keys of a rollup, as a file would say them.")


class RollupRemoved(Answer):
    name: str


def listed(wb: Workbench) -> RollupList:
    return RollupList(items=[_item(one) for one in wb.metrics.rollups])


def detail(wb: Workbench, name: str) -> RollupItem:
    return _item(wb.metrics.rollups.summary(name))


def defined(wb: Workbench, *, body: RollupDefinition) -> RollupItem:
    return _item(wb.metrics.rollups.summary(wb.metrics.rollups.define(body.definition).name))


def refreshed(wb: Workbench, name: str, *, body: RollupRefresh) -> RollupItem:
    wb.metrics.rollups.refresh(name, anew=body.anew)
    return _item(wb.metrics.rollups.summary(name))


def removed(wb: Workbench, name: str) -> RollupRemoved:
    wb.metrics.rollups.remove(name)
    return RollupRemoved(name=name)


def _item(one: RollupSummary) -> RollupItem:
    return RollupItem(
        name=one.rollup.name,
        definition=one.rollup.model_dump(mode="json", exclude_defaults=True),
        summary=one.rollup.summary,
        dataset=one.dataset,
        status=one.status,
        version=one.version,
        newest=one.newest,
        rows=one.rows,
        bytes=one.bytes,
        made=one.made,
    )


ENDPOINTS = (
    Endpoint("rollups", "metrics", "read", RollupList, listed, "Every rollup, and how far it is."),
    Endpoint("rollups/{name}", "metrics", "read", RollupItem, detail, "One rollup, and how far it is."),
    Endpoint(
        "rollups",
        "metrics",
        "define",
        RollupItem,
        defined,
        "Keeps a rollup's definition in the catalog, if it is sound.",
        method="POST",
        body=RollupDefinition,
    ),
    Endpoint(
        "rollups/{name}",
        "metrics",
        "define",
        RollupRemoved,
        removed,
        "Takes a rollup out of the catalog, with all that is kept of it.",
        method="DELETE",
    ),
    Endpoint(
        "rollups/{name}/refresh",
        "metrics",
        "define",
        RollupItem,
        refreshed,
        "Makes a rollup stand for the newest version of its dataset.",
        method="POST",
        body=RollupRefresh,
        slow=True,
    ),
)
