from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from workbench import Workbench
from workbench.data.quality import Held
from workbench.foundation.errors import NotFound
from workbench_server.endpoint import Answer, Body, Endpoint, Query
from workbench_server.values import Column, columns_of, rows_of

__all__ = ["ENDPOINTS"]


class HeldQuery(Query):
    every: bool = Field(False, description="With those that were loaded, parted or discarded.")


class HeldRowsQuery(Query):
    limit: int = Field(100, ge=1, le=1000, description="At most so many rows.")


class HeldItem(Answer):
    """Rows that were held back at once."""

    id: str
    dataset: str
    kind: Literal["suite", "transforms", "stream"] = Field(description="Who held them.")
    origin: str = Field(
        description="Which transforms took them out of which dataset, which stream or source; empty where a load did."
    )
    suite: str = Field(description="What they did not fit; empty where that is no suite.")
    rows: int
    reasons: dict[str, int] = Field(description="Expectation -> how many of the rows break it.")
    state: Literal["held", "loading", "loaded", "parted", "replaced", "discarded"]
    run: str | None
    principal: str
    held: datetime
    ended: datetime | None
    parent: str | None = Field(description="What they are a part of.")


class HeldList(Answer):
    items: list[HeldItem]


class HeldDetail(HeldItem):
    columns: list[Column]
    values: list[list[Any]] = Field(description="As they came; the last column says which expectations each breaks.")


class Redriving(Body):
    """Nothing has to be said."""


class RedrivenItem(Answer):
    loaded: int = Field(description="How many rows are in the dataset now.")
    version: int | None
    held: list[HeldItem] = Field(description="What is still held; empty where all rows fit.")


def listed(wb: Workbench, name: str, *, query: HeldQuery) -> HeldList:
    return HeldList(items=[HeldItem(**_told(one)) for one in wb.quality.held.list(name, every=query.every)])


def detail(wb: Workbench, name: str, id: str, *, query: HeldRowsQuery) -> HeldDetail:
    _of(wb, name, id)
    frame = wb.quality.held.rows(id).head(query.limit)
    return HeldDetail(**_told(wb.quality.held.get(id)), columns=columns_of(frame.schema), values=rows_of(frame))


def redriven(wb: Workbench, name: str, id: str, *, body: Redriving) -> RedrivenItem:
    _of(wb, name, id)
    done = wb.quality.held.redrive(id)
    return RedrivenItem(loaded=done.loaded, version=done.version, held=[HeldItem(**_told(one)) for one in done.held])


def discarded(wb: Workbench, name: str, id: str) -> HeldItem:
    _of(wb, name, id)
    return HeldItem(**_told(wb.quality.held.discard(id)))


def _told(one: Held) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if name not in ("how", "turns")}


def _of(wb: Workbench, name: str, id: str) -> None:
    wb.datasets.get(name)
    if wb.quality.held.get(id).dataset != name:
        raise NotFound(f"no rows are held back from '{name}' as '{id}'")


_ALL = "datasets/{name}/quarantine"
_ONE = f"{_ALL}/{{id}}"
ENDPOINTS = (
    Endpoint(_ALL, "quarantine", "read", HeldList, listed, "Rows that are held back from a dataset.", HeldQuery),
    Endpoint(_ONE, "quarantine", "read", HeldDetail, detail, "Some of them, and why each is.", HeldRowsQuery),
    Endpoint(
        f"{_ONE}/redrive",
        "quarantine",
        "change",
        RedrivenItem,
        redriven,
        "Loads those that fit now.",
        method="POST",
        body=Redriving,
        slow=True,
    ),
    Endpoint(_ONE, "quarantine", "change", HeldItem, discarded, "Gives them up.", method="DELETE"),
)
