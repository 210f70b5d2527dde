from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from workbench import Workbench
from workbench.data.lake import Dataset, DatasetInfo, DatasetSummary
from workbench.foundation.errors import Invalid
from workbench.governance.runs import Direction, RunKind, RunStatus
from workbench_server.arrow import Rows
from workbench_server.endpoint import MAX_SAFE_INTEGER, Answer, Endpoint, Limit, Query
from workbench_server.values import Column, columns_of, rows_of

__all__ = ["ENDPOINTS"]

Sort = Literal["name", "-name", "updated", "-updated", "rows", "-rows", "bytes", "-bytes"]
# A lineage tells the newest; the whole of it is the run's business.
MOST_RUNS = 50


class Search(Query):
    search: str = Field("", max_length=200, description="Words that name, description, source, owner or columns have.")
    owner: str | None = Field(None, description="Only what this user owns.")
    sort: Sort = Field("name", description="By what; descending with a leading minus.")
    limit: Limit = 50
    cursor: str | None = Field(None, description="The `next` of the page before.")


class DatasetFacts(Answer):
    name: str
    description: str
    source: str = Field(description="Where the rows come from; empty where nobody said.")
    owner: str
    rows: int = Field(description="As many as the asker may see.")
    bytes: int = Field(description="The size of the newest version's files.")
    version: int
    updated: datetime = Field(description="When the newest version was committed.")


class DatasetItem(DatasetFacts):
    """A dataset as it is listed."""

    columns: int = Field(description="How many.")


class Facet(Answer):
    value: str
    count: int


class DatasetList(Answer):
    items: list[DatasetItem]
    total: int = Field(description="How many there are on all pages.")
    next: str | None = Field(description="The cursor of the next page; null on the last one.")
    owners: list[Facet] = Field(description="How many each owner has, of those that the search finds.")


class DatasetColumn(Column):
    nullable: bool


class DatasetDetail(DatasetFacts):
    """What is known of a dataset without reading its rows."""

    id: str = Field(description="Stays when it is renamed.")
    columns: list[DatasetColumn]
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    files: int
    created: datetime


class DetailQuery(Query):
    version: int | None = Field(
        None, ge=0, le=MAX_SAFE_INTEGER, description="Which version; the newest when not given."
    )


class Selection(Query):
    columns: tuple[str, ...] = Field((), description="Which columns, in this order; all when none is given.")
    where: str | None = Field(None, description="SQL condition over one row's columns: origin = 'JFK' AND delay > 15.")
    order: tuple[str, ...] = Field((), description="Columns to sort by, descending with a leading minus.")
    version: int | None = Field(
        None, ge=0, le=MAX_SAFE_INTEGER, description="Which version; the newest when not given."
    )


class PreviewQuery(Selection):
    offset: int = Field(0, ge=0, le=MAX_SAFE_INTEGER, description="How many rows to leave out at the beginning.")
    limit: Annotated[int, Field(ge=1, le=1000, description="At most so many rows.")] = 100


class RowsQuery(Selection):
    offset: int = Field(
        0, ge=0, le=MAX_SAFE_INTEGER, description="How many rows to leave out at the beginning, where there is a limit."
    )
    limit: int | None = Field(None, ge=0, le=100_000, description="At most so many rows; all when not given.")


class RowsHead(Answer):
    """What is said of rows, as JSON: the value of `workbench` in the metadata of the stream's schema."""

    dataset: str
    version: int
    total: int | None = Field(description="How many rows meet the condition; null where no limit was given.")


class Preview(Answer):
    """Some of a dataset's rows, as the asker's policy shows them."""

    dataset: str
    version: int
    columns: list[Column]
    rows: list[list[Any]] = Field(description="A list per row, in the order of the columns; see Column for the values.")
    offset: int
    total: int = Field(description="How many rows meet the condition.")


class LineageItem(Answer):
    """A run that read or wrote the dataset."""

    run: str
    kind: RunKind
    name: str
    status: RunStatus
    started: datetime
    direction: Direction
    version: str = Field(description="Of the dataset, as it was read or written.")


class Lineage(Answer):
    dataset: str
    runs: list[LineageItem] = Field(description="The newest runs that read or wrote it.")
    upstream: list[str] = Field(description="Datasets that were read by the runs that wrote it.")
    downstream: list[str] = Field(description="Datasets that were written by the runs that read it.")


def search(wb: Workbench, *, query: Search) -> DatasetList:
    page = wb.datasets.search(query.search, owner=query.owner, sort=query.sort, limit=query.limit, cursor=query.cursor)
    return DatasetList(
        items=[DatasetItem(**_plain(one, DatasetItem), columns=one.columns) for one in page.items],
        total=page.total,
        next=page.next,
        owners=[Facet(value=owner, count=count) for owner, count in page.owners.items()],
    )


def detail(wb: Workbench, name: str, *, query: DetailQuery) -> DatasetDetail:
    dataset = wb.datasets.get(name)
    if query.version is not None:
        dataset = dataset.at(query.version)
    info = dataset.info
    nullable = {column.name: column.nullable for column in info.columns}
    columns = [
        DatasetColumn(**column.model_dump(), nullable=nullable[column.name])
        for column in columns_of(dataset.lazy().collect_schema())
    ]
    return DatasetDetail(
        **_plain(info, DatasetDetail),
        columns=columns,
    )


def preview(wb: Workbench, name: str, *, query: PreviewQuery) -> Preview:
    dataset = _held(wb.datasets.get(name), query.version)
    page = dataset.page(
        columns=query.columns, where=query.where, order=query.order, offset=query.offset, limit=query.limit
    )
    return Preview(
        dataset=name,
        version=dataset.version,
        columns=columns_of(page.frame.schema),
        rows=rows_of(page.frame),
        offset=query.offset,
        total=page.total,
    )


def rows(wb: Workbench, name: str, *, query: RowsQuery) -> Rows:
    dataset = _held(wb.datasets.get(name), query.version)
    if query.limit is None:
        if query.offset:
            raise Invalid("an offset needs a limit", hint="without a limit all rows come")
        frames = dataset.batches(query.columns, where=query.where, order=query.order)
        return Rows(RowsHead(dataset=name, version=dataset.version, total=None), frames)
    page = dataset.page(
        columns=query.columns, where=query.where, order=query.order, offset=query.offset, limit=query.limit
    )
    return Rows(RowsHead(dataset=name, version=dataset.version, total=page.total), iter([page.frame]))


def _held(dataset: Dataset, version: int | None) -> Dataset:
    """Held fast, so that the version told is the one read while somebody writes."""
    return dataset.at(dataset.version if version is None else version)


def lineage(wb: Workbench, name: str) -> Lineage:
    beside = wb.lineage(name, up=1, down=1)  # first, since it says who may not see the dataset
    edges = wb.runs.lineage("dataset", name)
    runs = list(dict.fromkeys(edge.run for edge in edges))[:MOST_RUNS]
    known = {run: wb.runs.get(run) for run in runs}
    items = [
        LineageItem(
            run=edge.run,
            kind=known[edge.run].kind,
            name=known[edge.run].name,
            status=known[edge.run].status,
            started=known[edge.run].started,
            direction=edge.direction,
            version=edge.version,
        )
        for edge in edges
        if edge.run in known
    ]
    return Lineage(
        dataset=name,
        runs=items,
        upstream=sorted(node.name for node in beside.upstream if node.kind == "dataset"),
        downstream=sorted(node.name for node in beside.downstream if node.kind == "dataset"),
    )


def _plain(told: DatasetInfo | DatasetSummary, model: type[BaseModel]) -> dict[str, Any]:
    return {name: getattr(told, name) for name in model.model_fields if name != "columns"}


_ONE = "datasets/{name}"
ENDPOINTS = (
    Endpoint("datasets", "datasets", "read", DatasetList, search, "Datasets, found by words and owner.", Search),
    Endpoint(
        _ONE, "datasets", "read", DatasetDetail, detail, "Columns, key, origin and freshness of a dataset.", DetailQuery
    ),
    Endpoint(f"{_ONE}/preview", "datasets", "read", Preview, preview, "Some of a dataset's rows.", PreviewQuery),
    Endpoint(
        f"{_ONE}/rows", "datasets", "read", RowsHead, rows, "A dataset's rows, all of them.", RowsQuery, rows=True
    ),
    Endpoint(f"{_ONE}/lineage", "datasets", "read", Lineage, lineage, "What it was made of, and what is made of it."),
)
