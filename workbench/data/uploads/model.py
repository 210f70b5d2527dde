from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import polars as pl

from workbench.data.connectors import ColumnType

__all__ = ["Preview", "ReadAs", "Upload", "UploadState"]


class UploadState(StrEnum):
    """How far an upload is.

    Attributes:
        RECEIVING: Not all of its bytes are here.
        RECEIVED: All are; it can be looked at and loaded.
        LOADED: It is in a dataset, and its bytes are gone.
    """

    RECEIVING = "receiving"
    RECEIVED = "received"
    LOADED = "loaded"


@dataclass(frozen=True)
class Upload:
    """A file that somebody sends. Times are UTC.

    Attributes:
        file: What it is called where it comes from; only ever shown.
        size: Bytes, as was said at the beginning.
        received: How many of them are here: where the next piece begins.
        touched: When something was last done with it; long after that it is forgotten.
        dataset: What it was loaded into.
        version: The version that made.
        run: The run that loaded it, or tried to last.
    """

    id: str
    file: str
    owner: str
    size: int
    received: int
    state: UploadState
    created: datetime
    touched: datetime
    dataset: str | None = None
    version: int | None = None
    run: str | None = None


@dataclass(frozen=True)
class ReadAs:
    """How an uploaded file is read, where it is not as it was found to be.

    Attributes:
        separator: Between the fields of delimited text, such as ";" or "tab".
        encoding: Of delimited text, such as "cp1252".
        sheet: Of a workbook: its name, or its number from 1.
        header: The row of a sheet that names its columns, from 1.
        types: Column -> text, integer, number, boolean, date or time.
        time_zone: Of times that do not say theirs.
    """

    separator: str | None = None
    encoding: str | None = None
    sheet: str = ""
    header: int = 1
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    time_zone: str | None = None


@dataclass(frozen=True)
class Preview:
    """What a file would be as a dataset.

    Attributes:
        format: "csv", "json", "ndjson", "parquet" or "xlsx", as its first bytes say.
        read: How it is read: what was asked for, and what was found out for the rest.
        sheets: Of a workbook.
        frame: Its first rows.
        rows: How many there are.
        zoneless: Columns of times that do not say their zone: `time_zone` has to, before they are loaded.
    """

    format: str
    read: ReadAs
    sheets: tuple[str, ...]
    frame: pl.DataFrame
    rows: int
    zoneless: tuple[str, ...]
