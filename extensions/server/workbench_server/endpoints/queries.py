from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from workbench import Workbench
from workbench.analytics.queries import QueryResult, QueryRun, RunState, SavedQuery
from workbench.governance.security import Role
from workbench_server.arrow import Rows
from workbench_server.endpoint import MAX_SAFE_INTEGER, Answer, Body, Endpoint, Limit, Query, cursor_of, position_in
from workbench_server.endpoints.metrics import Explanation
from workbench_server.values import Column, columns_of, rows_of

__all__ = ["ENDPOINTS"]

Scalar = str | bool | int | float
Name = Annotated[str, Field(max_length=255)]


class QueriesQuery(Query):
    search: str = Field("", max_length=200, description="Words that name, description, owner or datasets have.")
    owner: str | None = Field(None, description="Only what this user owns.")


class QueryQuery(Query):
    version: int | None = Field(
        None, ge=1, le=MAX_SAFE_INTEGER, description="Which version of it; the newest when not given."
    )


class ParameterItem(Answer):
    type: str = Field(description="text, integer, number, boolean, date or time.")
    default: Scalar | None = Field(description="Taken where nothing is given; null: a value has to be given.")
    description: str


class QueryItem(Answer):
    """A saved query at one of its versions."""

    id: str = Field(description="Of the query: another one of the same name has another.")
    name: str
    sql: str
    description: str
    owner: str
    shared: Role | None = Field(description="The least role that may see and run it; null: its owner alone.")
    parameters: dict[str, ParameterItem] = Field(description="By name, without the $.")
    datasets: tuple[str, ...] = Field(description="What it reads.")
    version: int
    created: datetime
    updated: datetime = Field(description="When this version was saved.")
    saved_by: str


class QueryList(Answer):
    items: list[QueryItem]


class QueryGone(Answer):
    """A query that is not there any more."""

    name: str


class ParameterBody(Body):
    type: str = Field("text", description="text, integer, number, boolean, date or time.")
    default: Scalar | None = Field(None, description="Taken where nothing is given; null: a value has to be given.")
    description: str = Field("", description="For whoever is asked for a value.")


class QueryBody(Body):
    """What a query says from now on."""

    sql: str = Field(description="One SELECT; $name is a parameter.")
    description: str | None = Field(None, description="Not given: as it was.")
    parameters: dict[Name, ParameterBody] = Field({}, description="By name, without the $. Not given: as it was.")
    shared: Role | None = Field(None, description="Of a new query: the least role that may see and run it.")
    expected: int | None = Field(None, ge=0, description="The version that is to be replaced; 0: there is none yet.")


class SharingBody(Body):
    role: Role | None = Field(description="The least role that may see and run it; null: its owner alone.")


class QueryRunQuestion(Body):
    parameters: dict[Name, Any] = Field({}, description="Values by name; a date or time as text.")
    version: int | None = Field(None, ge=1, description="Of the query; the newest when not given.")
    versions: dict[Name, int] = Field({}, description="Dataset -> the version to read, where it is not the newest.")
    time_limit: float | None = Field(None, gt=0, description="Seconds; at most what the workspace allows.")
    memory_limit: int | None = Field(None, ge=1, description="Megabytes; at most what the workspace allows.")


class QueryRunBody(QueryRunQuestion):
    limit: Annotated[int, Field(ge=1, le=10_000, description="At most so many rows.")] = 1_000


class QueryRowsBody(QueryRunQuestion):
    limit: int | None = Field(
        None, ge=1, le=MAX_SAFE_INTEGER, description="At most so many rows; as preferred when not given."
    )


class QueryRunItem(Answer):
    """Who ran a query."""

    id: str
    query: str
    query_version: int
    by: str
    role: Role = Field(description="What they were then.")
    started: datetime
    state: RunState
    seconds: float | None
    rows: int | None = Field(description="How many it gave.")
    cut: bool = Field(description="Whether a limit left rows out.")
    versions: dict[str, tuple[int, ...]] = Field(description="Dataset -> the versions that were read.")
    parameters: dict[str, Scalar] = Field(description="What was given.")
    error: str | None
    cancelled_by: str | None


class QueryAnswer(Answer):
    """The rows that a query gave."""

    columns: list[Column]
    rows: list[list[Any]] = Field(description="A list per row, in the order of the columns; see Column for the values.")
    more: bool = Field(description="Whether the limit left rows out.")
    run: QueryRunItem


class QueryHead(Answer):
    """What is said of rows, as JSON: the value of `workbench` in the metadata of the stream's schema."""

    run: QueryRunItem


class QueryRunsQuery(Query):
    query: str | None = Field(None, description="Only of this query.")
    state: RunState | None = Field(None, description="Only those that ended like this, or still run.")
    limit: Limit = 50
    cursor: str | None = Field(None, description="The `next` of the page before.")


class QueryRunList(Answer):
    items: list[QueryRunItem]
    next: str | None


def listed(wb: Workbench, *, query: QueriesQuery) -> QueryList:
    return QueryList(items=[_item(one) for one in wb.queries.list(query.search, owner=query.owner)])


def detail(wb: Workbench, name: str, *, query: QueryQuery) -> QueryItem:
    return _item(wb.queries.get(name, version=query.version))


def history(wb: Workbench, name: str) -> QueryList:
    return QueryList(items=[_item(one) for one in wb.queries.history(name)])


def save(wb: Workbench, name: str, *, body: QueryBody) -> QueryItem:
    parameters = {one: about.model_dump() for one, about in body.parameters.items()}
    return _item(
        wb.queries.save(
            name,
            body.sql,
            description=body.description,
            parameters=parameters,
            shared=body.shared,
            expected=body.expected,
        )
    )


def share(wb: Workbench, name: str, *, body: SharingBody) -> QueryItem:
    return _item(wb.queries.share(name, body.role))


def delete(wb: Workbench, name: str) -> QueryGone:
    wb.queries.delete(name)
    return QueryGone(name=name)


def run(wb: Workbench, name: str, *, body: QueryRunBody) -> QueryAnswer:
    found = _result(wb, name, body, body.limit)
    frame = found.to_polars()
    return QueryAnswer(columns=columns_of(frame.schema), rows=rows_of(frame), more=found.cut, run=_run(found.run))


def rows(wb: Workbench, name: str, *, body: QueryRowsBody) -> Rows:
    found = _result(wb, name, body, body.limit)
    return Rows(QueryHead(run=_run(found.run)), iter([found.to_polars()]))


def explained(wb: Workbench, name: str, *, body: QueryRunQuestion) -> Explanation:
    told = wb.queries.explain(
        name,
        body.parameters,
        version=body.version,
        versions=body.versions,
        time_limit=body.time_limit,
        memory_limit=body.memory_limit,
    )
    return Explanation(text=told)


def runs(wb: Workbench, *, query: QueryRunsQuery) -> QueryRunList:
    before = position_in(query.cursor)
    found = wb.queries.runs(query.query, state=query.state, before=before, limit=query.limit + 1)
    shown = found[: query.limit]
    return QueryRunList(
        items=[_run(one) for one in shown], next=cursor_of(shown[-1].id) if len(found) > len(shown) else None
    )


def cancel(wb: Workbench, id: str) -> QueryRunItem:
    return _run(wb.queries.cancel(id))


def _result(wb: Workbench, name: str, asked: QueryRunQuestion, limit: int | None) -> QueryResult:
    return wb.queries.run(
        name,
        asked.parameters,
        version=asked.version,
        versions=asked.versions,
        limit=limit,
        time_limit=asked.time_limit,
        memory_limit=asked.memory_limit,
    )


def _item(query: SavedQuery) -> QueryItem:
    told = {name: getattr(query, name) for name in QueryItem.model_fields if name != "parameters"}
    parameters = {name: ParameterItem(**about.model_dump()) for name, about in query.parameters.items()}
    return QueryItem(**told, parameters=parameters)


def _run(run: QueryRun) -> QueryRunItem:
    return QueryRunItem(**{name: getattr(run, name) for name in QueryRunItem.model_fields})


_ONE = "queries/{name}"
_WHAT = "queries"
_RUN = f"{_ONE}/run"
ENDPOINTS = (
    Endpoint(_WHAT, _WHAT, "read", QueryList, listed, "Saved queries, found by words and owner.", QueriesQuery),
    Endpoint(_ONE, _WHAT, "read", QueryItem, detail, "What a query says.", QueryQuery),
    Endpoint(
        _ONE, _WHAT, "write", QueryItem, save, "Saves a query, or a new version of one.", method="PUT", body=QueryBody
    ),
    Endpoint(_ONE, _WHAT, "write", QueryGone, delete, "Deletes a query; who ran it stays known.", method="DELETE"),
    Endpoint(f"{_ONE}/versions", _WHAT, "read", QueryList, history, "Its versions, newest first."),
    Endpoint(
        f"{_ONE}/sharing", _WHAT, "write", QueryItem, share, "Says who may run it.", method="PUT", body=SharingBody
    ),
    Endpoint(
        _RUN, _WHAT, "run", QueryAnswer, run, "Runs a query as the asker.", method="POST", body=QueryRunBody, slow=True
    ),
    Endpoint(
        f"{_RUN}/rows",
        _WHAT,
        "run",
        QueryHead,
        rows,
        "The same, with every type as it is and without a limit.",
        rows=True,
        method="POST",
        body=QueryRowsBody,
        slow=True,
    ),
    Endpoint(
        f"{_ONE}/explain",
        _WHAT,
        "run",
        Explanation,
        explained,
        "How a query is answered, without answering it.",
        method="POST",
        body=QueryRunQuestion,
        slow=True,
    ),
    Endpoint(
        "query-runs", _WHAT, "read", QueryRunList, runs, "Who ran what, newest first: one's own runs.", QueryRunsQuery
    ),
    Endpoint("query-runs/{id}/cancel", _WHAT, "run", QueryRunItem, cancel, "Ends a running query.", method="POST"),
)
