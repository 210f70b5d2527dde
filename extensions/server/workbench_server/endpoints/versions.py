from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from workbench import Workbench
from workbench.data.lake import Difference
from workbench.foundation.errors import Invalid
from workbench_server.arrow import Rows
from workbench_server.endpoint import MAX_SAFE_INTEGER, Answer, Body, Endpoint, Limit, Query, cursor_of, position_in
from workbench_server.values import Column, columns_of, rows_of

__all__ = ["ENDPOINTS"]


class DiffQuery(Query):
    before: int = Field(ge=0, le=MAX_SAFE_INTEGER, description="A version.")
    after: int | None = Field(None, ge=0, le=MAX_SAFE_INTEGER, description="Another; the newest when not given.")
    key: tuple[str, ...] = Field((), description="Columns that tell rows apart; the dataset's key when not given.")
    whole: bool = Field(False, description="Compare whole rows, whatever the dataset's key.")
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


class DiffFacts(Answer):
    """What two versions are compared by, and what became of the columns."""

    dataset: str
    before: int
    after: int
    key: list[str] = Field(description="What rows were told apart by; empty where whole rows were counted.")
    columns_added: list[str]
    columns_removed: list[str]
    columns_retyped: list[Retyped]


class DatasetDiff(DiffFacts):
    """What is different between two versions, as the asker's policy shows both."""

    added: DiffRows
    removed: DiffRows
    changed: DiffRows = Field(description="Of each column that changed, 'before X' and 'after X'.")


class DiffHead(DiffFacts):
    """What is said of rows that differ, as JSON: the value of `workbench` in the metadata of the stream's schema.

    The rows are one row with three lists: `added`, `removed` and `changed`.
    """

    added: int = Field(description="How many there are, of which the list has some.")
    removed: int
    changed: int


class Paged(Query):
    limit: Limit = 50
    cursor: str | None = Field(None, description="The `next` of the page before.")


class VersionsQuery(Paged):
    before: int | None = Field(None, ge=0, le=MAX_SAFE_INTEGER, description="Only versions with a lower number.")


class VersionEffect(Answer):
    """What a version did to rows and columns; a number is null where nobody counted, or the asker is not told."""

    added: int | None
    changed: int | None = Field(description="Rows that took the place of another of the same key.")
    removed: int | None
    columns_added: list[str]
    columns_removed: list[str]
    columns_retyped: list[Retyped]


class VersionItem(Answer):
    number: int
    time: datetime
    operation: str
    principal: str
    run: str | None
    effect: VersionEffect
    told: str = Field(description="The effect in words.")


class VersionList(Answer):
    items: list[VersionItem]
    next: str | None


class RestoreTo(Body):
    version: int = Field(ge=0, le=MAX_SAFE_INTEGER, description="Whose rows and columns are to be the newest one's.")


class Restored(Answer):
    dataset: str
    version: int = Field(description="The newest, which has them.")


def versions(wb: Workbench, name: str, *, query: VersionsQuery) -> VersionList:
    before = query.before if query.cursor is None else _number(query.cursor)
    found = wb.datasets.get(name).versions(before=before, limit=query.limit + 1)
    shown = found[: query.limit]
    return VersionList(
        items=[
            VersionItem(
                number=one.number,
                time=one.time,
                operation=one.operation,
                principal=one.principal,
                run=one.run,
                effect=VersionEffect.model_validate(asdict(one.effect)),
                told=str(one.effect),
            )
            for one in shown
        ],
        next=cursor_of(str(shown[-1].number)) if len(found) > len(shown) else None,
    )


def diff(wb: Workbench, name: str, *, query: DiffQuery) -> DatasetDiff:
    found = _difference(wb, name, query)
    return DatasetDiff(
        **_facts(name, found),
        added=_rows(found.added, found.rows_added),
        removed=_rows(found.removed, found.rows_removed),
        changed=_rows(found.changed, found.rows_changed),
    )


def diff_rows(wb: Workbench, name: str, *, query: DiffQuery) -> Rows:
    found = _difference(wb, name, query)
    frames = {"added": found.rows_added, "removed": found.rows_removed, "changed": found.rows_changed}
    one_row = pl.DataFrame([frame.to_struct(kind).implode() for kind, frame in frames.items()])
    head = DiffHead(**_facts(name, found), added=found.added, removed=found.removed, changed=found.changed)
    return Rows(head, iter([one_row]))


def _difference(wb: Workbench, name: str, query: DiffQuery) -> Difference:
    if query.whole and query.key:
        raise Invalid("whole rows are compared by no key", hint="leave out key, or whole")
    key = () if query.whole else query.key or None
    return wb.datasets.get(name).diff(query.before, query.after, key=key, limit=query.limit)


def _facts(name: str, found: Difference) -> dict[str, Any]:
    return {
        "dataset": name,
        "before": found.before,
        "after": found.after,
        "key": list(found.key),
        "columns_added": list(found.columns_added),
        "columns_removed": list(found.columns_removed),
        "columns_retyped": [Retyped(name=one, before=a, after=b) for one, (a, b) in found.columns_retyped.items()],
    }


def restore(wb: Workbench, name: str, *, body: RestoreTo) -> Restored:
    return Restored(dataset=name, version=wb.datasets.get(name).restore(body.version).number)


def _number(cursor: str | None) -> int:
    position = position_in(cursor)
    if position is None:
        return 0
    if not position.isdecimal():
        raise Invalid(f"'{cursor}' is no cursor of this list", hint="send back the `next` of the page before")
    return int(position)


def _rows(count: int, frame: pl.DataFrame) -> DiffRows:
    return DiffRows(count=count, columns=columns_of(frame.schema), rows=rows_of(frame))


_ONE = "datasets/{name}"
ENDPOINTS = (
    Endpoint(
        f"{_ONE}/versions", "datasets", "read", VersionList, versions, "Its commits, newest first, and what each did.",
        VersionsQuery,
    ),
    Endpoint(
        f"{_ONE}/diff", "datasets", "read", DatasetDiff, diff, "What is different between two versions.", DiffQuery,
        slow=True,
    ),
    Endpoint(
        f"{_ONE}/diff/rows", "datasets", "read", DiffHead, diff_rows, "The rows that differ between two versions.",
        DiffQuery, rows=True, slow=True,
    ),
    Endpoint(
        f"{_ONE}/restore", "datasets", "restore", Restored, restore, "Make an old version the newest.", method="POST",
        body=RestoreTo, slow=True,
    ),
)  # fmt: skip
