from __future__ import annotations

from typing import Annotated, Any

import polars as pl
from pydantic import Field

from workbench import Workbench
from workbench_server.endpoint import MAX_SAFE_INTEGER, Answer, Body, Endpoint, Query
from workbench_server.values import Column, columns_of, rows_of

__all__ = ["ENDPOINTS"]


class DiffQuery(Query):
    before: int = Field(ge=0, le=MAX_SAFE_INTEGER, description="A version.")
    after: int | None = Field(None, ge=0, le=MAX_SAFE_INTEGER, description="Another; the newest when not given.")
    key: tuple[str, ...] = Field((), description="Columns that tell rows apart; the dataset's key when not given.")
    limit: Annotated[int, Field(ge=0, le=1_000, description="At most so many rows of each kind.")] = 20


class DiffRows(Answer):
    """Some of the rows of a kind."""

    count: int = Field(description="How many there are.")
    columns: list[Column]
    rows: list[list[Any]] = Field(description="A list per row, in the order of the columns; see Column for the values.")


class Retyped(Answer):
    name: str
    before: str
    after: str


class DatasetDiff(Answer):
    """What is different between two versions, as the asker's policy shows both."""

    dataset: str
    before: int
    after: int
    key: list[str] = Field(description="What rows were told apart by; empty where whole rows were counted.")
    added: DiffRows
    removed: DiffRows
    changed: DiffRows = Field(description="Of each column that changed, 'before X' and 'after X'.")
    columns_added: list[str]
    columns_removed: list[str]
    columns_retyped: list[Retyped]


class RestoreTo(Body):
    version: int = Field(ge=0, le=MAX_SAFE_INTEGER, description="Whose rows and columns are to be the newest one's.")


class Restored(Answer):
    dataset: str
    version: int = Field(description="The newest, which has them.")


def diff(wb: Workbench, name: str, *, query: DiffQuery) -> DatasetDiff:
    found = wb.datasets.get(name).diff(query.before, query.after, key=query.key or None, limit=query.limit)
    return DatasetDiff(
        dataset=name,
        before=found.before,
        after=found.after,
        key=list(found.key),
        added=_rows(found.added, found.rows_added),
        removed=_rows(found.removed, found.rows_removed),
        changed=_rows(found.changed, found.rows_changed),
        columns_added=list(found.columns_added),
        columns_removed=list(found.columns_removed),
        columns_retyped=[Retyped(name=one, before=a, after=b) for one, (a, b) in found.columns_retyped.items()],
    )


def restore(wb: Workbench, name: str, *, body: RestoreTo) -> Restored:
    return Restored(dataset=name, version=wb.datasets.get(name).restore(body.version).number)


def _rows(count: int, frame: pl.DataFrame) -> DiffRows:
    return DiffRows(count=count, columns=columns_of(frame.schema), rows=rows_of(frame))


_ONE = "datasets/{name}"
ENDPOINTS = (
    Endpoint(
        f"{_ONE}/diff", "datasets", "read", DatasetDiff, diff, "What is different between two versions.", DiffQuery,
        slow=True,
    ),
    Endpoint(
        f"{_ONE}/restore", "datasets", "restore", Restored, restore, "Make an old version the newest.", method="POST",
        body=RestoreTo, slow=True,
    ),
)  # fmt: skip
