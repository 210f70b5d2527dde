from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workbench import Workbench
from workbench.data.lake import Mode
from workbench.data.uploads import Part, ReadAs, Upload, UploadState
from workbench_server.endpoint import MAX_SAFE_INTEGER, Answer, Body, Endpoint, Query
from workbench_server.values import Column, columns_of, rows_of

__all__ = ["ENDPOINTS"]

ColumnType = Literal["text", "integer", "number", "boolean", "date", "time"]


class UploadItem(Answer):
    """A file that somebody sends."""

    id: str
    file: str = Field(description="What it is called where it comes from.")
    owner: str
    size: int = Field(description="Bytes, as was said at the beginning.")
    received: int = Field(description="How many of them are here: where the next piece begins.")
    state: UploadState
    created: datetime
    touched: datetime = Field(description="When something was last done with it; long after that it is forgotten.")
    dataset: str | None = Field(description="What it was loaded into.")
    version: int | None = Field(description="The version that made.")
    run: str | None = Field(description="The run that loaded it, or tried to last.")


class UploadList(Answer):
    items: list[UploadItem]


class NewUpload(Body):
    file: str = Field(max_length=1_000, description="The file's name; folders before it are left away.")
    size: int = Field(ge=0, le=MAX_SAFE_INTEGER, description="Its bytes.")


class Offset(Query):
    offset: int = Field(0, ge=0, le=MAX_SAFE_INTEGER, description="Where the piece begins: what `received` says.")


class HowToRead(BaseModel):
    """How the file is read, where it is not as it is found to be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    separator: str | None = Field(None, description="Between the fields of delimited text: ';', 'tab'.")
    encoding: str | None = Field(None, description="Of delimited text: 'cp1252'.")
    sheet: str = Field("", description="Of a workbook: its name, or its number from 1.")
    header: int = Field(1, ge=1, le=1_000_000, description="The row of a sheet that names its columns, from 1.")
    types: dict[str, ColumnType] = Field(default_factory=dict, description="Columns that are to be of a type.")
    time_zone: str | None = Field(None, description="Of times that do not say theirs: 'Europe/Vienna'.")


class PreviewOf(Body):
    read: HowToRead = Field(HowToRead(), description="How it is read, where not as it is found to be.")
    rows: Annotated[int, Field(ge=1, le=1_000, description="At most so many rows.")] = 50


class UploadPreview(Answer):
    """What the file would be as a dataset."""

    upload: str
    format: str = Field(description="csv, json, ndjson, parquet or xlsx, as its bytes say.")
    separator: str | None = Field(description="Of delimited text.")
    encoding: str | None = Field(description="Of delimited text.")
    sheets: list[str] = Field(description="Of a workbook.")
    columns: list[Column]
    rows: list[list[Any]] = Field(description="The first, a list per row; see Column for the values.")
    total: int = Field(description="How many rows there are.")
    zoneless: list[str] = Field(description="Columns of times without a zone, for which `time_zone` has to be said.")


class LoadUpload(Body):
    dataset: str = Field(description="Its name.")
    mode: Mode | None = Field(None, description="How a dataset that is there gets the rows; a new one when null.")
    read: HowToRead = Field(HowToRead(), description="How it is read, where not as it is found to be.")
    key: list[str] = Field(default_factory=list, description="The columns that tell rows apart.")
    sort_by: list[str] = Field(default_factory=list, description="The columns a new dataset's rows are sorted by.")
    description: str = Field("", max_length=10_000, description="Of a new dataset.")


class Cancelled(Answer):
    id: str


def start(wb: Workbench, *, body: NewUpload) -> UploadItem:
    return _item(wb.uploads.start(body.file, body.size))


def listed(wb: Workbench) -> UploadList:
    return UploadList(items=[_item(one) for one in wb.uploads.list()])


def detail(wb: Workbench, id: str) -> UploadItem:
    return _item(wb.uploads.get(id))


def taking(wb: Workbench, id: str, *, query: Offset) -> Part:
    return wb.uploads.receive(id, query.offset)


def taken(wb: Workbench, id: str, *, query: Offset) -> UploadItem:
    return _item(wb.uploads.get(id))


def preview(wb: Workbench, id: str, *, body: PreviewOf) -> UploadPreview:
    found = wb.uploads.preview(id, _read(body.read), rows=body.rows)
    return UploadPreview(
        upload=id,
        format=found.format,
        separator=found.read.separator,
        encoding=found.read.encoding,
        sheets=list(found.sheets),
        columns=columns_of(found.frame.schema),
        rows=rows_of(found.frame),
        total=found.rows,
        zoneless=list(found.zoneless),
    )


def load(wb: Workbench, id: str, *, body: LoadUpload) -> UploadItem:
    done = wb.uploads.load(
        id,
        body.dataset,
        mode=body.mode,
        read=_read(body.read),
        key=body.key,
        sort_by=body.sort_by,
        description=body.description,
    )
    return _item(done)


def cancel(wb: Workbench, id: str) -> Cancelled:
    wb.uploads.cancel(id)
    return Cancelled(id=id)


def _item(one: Upload) -> UploadItem:
    return UploadItem(**{name: getattr(one, name) for name in UploadItem.model_fields})


def _read(given: HowToRead) -> ReadAs:
    return ReadAs(**{name: getattr(given, name) for name in HowToRead.model_fields})


_ONE = "uploads/{id}"
ENDPOINTS = (
    Endpoint("uploads", "uploads", "read", UploadList, listed, "One's own uploads, newest first."),
    Endpoint(
        "uploads", "uploads", "write", UploadItem, start, "Begin an upload; its bytes follow.", method="POST",
        body=NewUpload,
    ),
    Endpoint(_ONE, "uploads", "read", UploadItem, detail, "How far an upload is."),
    Endpoint(_ONE, "uploads", "write", Cancelled, cancel, "Forget an upload and its bytes.", method="DELETE"),
    Endpoint(
        f"{_ONE}/content", "uploads", "write", UploadItem, taken,
        "Send its bytes, all at once or piece by piece. What came of a piece that was cut off stays.", Offset,
        method="PUT", content=True, taking=taking,
    ),
    Endpoint(
        f"{_ONE}/preview", "uploads", "write", UploadPreview, preview,
        "What it would be as a dataset: columns, types, first rows.", method="POST", body=PreviewOf, slow=True,
    ),
    Endpoint(
        f"{_ONE}/load", "uploads", "write", UploadItem, load,
        "Make a dataset of it, or bring its rows into one, as a run.", method="POST", body=LoadUpload, slow=True,
    ),
)  # fmt: skip
