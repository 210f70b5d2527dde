from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from workbench.data.lake.effect import UNKNOWN, Effect
from workbench.data.lake.layout import EventLayout
from workbench.foundation.wording import counted

__all__ = [
    "Checkpoint",
    "CleanReport",
    "Column",
    "DatasetInfo",
    "DatasetPage",
    "DatasetRecord",
    "DatasetSummary",
    "Outline",
    "Version",
]


@dataclass(frozen=True)
class Checkpoint:
    """How far one slice of a stream has come, committed together with the rows it speaks of.

    Attributes:
        stream: What is loaded, such as "flights from ops.db".
        slice: Which part of it, such as a day.
        mark: A number from 0 to 2**63 - 1 that says which content of the slice is in: a hash, an offset.
        follows: The mark that has to be there when it is committed, 0 for none; None where that does not matter.
    """

    stream: str
    slice: str
    mark: int
    follows: int | None = None


@dataclass(frozen=True)
class Version:
    """One commit to a dataset.

    Attributes:
        time: UTC.
        effect: What it did to rows and columns, as far as that is known without opening a file.
    """

    number: int
    time: datetime
    operation: str
    principal: str
    run: str | None
    effect: Effect = UNKNOWN

    def __repr__(self) -> str:
        inside = f" in run {self.run}" if self.run else ""
        return (
            f"<version {self.number}: {self.operation} by {self.principal}, {self.time:%Y-%m-%d %H:%M:%S} UTC{inside},"
            f" {self.effect}>"
        )


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    nullable: bool


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a dataset without reading its rows. Times are UTC.

    Attributes:
        rows: As many as the asker may see.
        bytes: The size of the newest version's files.
        updated: When the newest version was committed.
        source: Where the rows come from; empty where nobody said.
        layout: How its files lie, for a dataset of events.
        sort_by: The columns that its rows are sorted by.
    """

    name: str
    id: str
    rows: int
    columns: tuple[Column, ...]
    bytes: int
    files: int
    version: int
    updated: datetime
    created: datetime
    owner: str
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    description: str
    source: str
    layout: EventLayout | None = None
    sort_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetRecord:
    """A dataset as the catalog knows it.

    Attributes:
        version: The newest version whose commit the catalog has recorded; the lake may be one crash ahead.
        complete_from: The first version from which on nothing was cleaned away.
        layout: How its files lie, for a dataset of events.
        sort_by: The columns that its rows are sorted by.
    """

    id: str
    name: str
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    description: str
    source: str
    owner: str
    created: datetime
    version: int
    complete_from: int
    layout: EventLayout | None = None
    sort_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outline:
    """What the catalog keeps of a dataset's newest version, so that thousands are listed without opening one.

    Attributes:
        columns: Their names.
        updated: When it was committed, UTC.
    """

    rows: int
    bytes: int
    columns: tuple[str, ...]
    updated: datetime


@dataclass(frozen=True)
class DatasetSummary:
    """A dataset in a list. Times are UTC.

    Attributes:
        rows: As many as the asker may see.
        columns: How many.
        bytes: The size of the newest version's files.
        updated: When the newest version was committed.
    """

    name: str
    rows: int
    columns: int
    bytes: int
    version: int
    updated: datetime
    owner: str
    description: str
    source: str


@dataclass(frozen=True)
class DatasetPage:
    """Some of the datasets that fit a search.

    Attributes:
        total: How many fit, on all pages.
        owners: Of those that fit the text, how many each owner has.
        next: What `cursor` gets for the page after this one; None on the last.
    """

    items: tuple[DatasetSummary, ...]
    total: int
    owners: Mapping[str, int]
    next: str | None


@dataclass(frozen=True)
class CleanReport:
    """What a clean-up of one dataset removed and what it had to keep.

    Attributes:
        pinned: Versions older than asked for that were kept because a run's receipt needs them.
        leftovers: Folders of deleted or never finished datasets that were removed along the way.
        unknown: Folders of datasets that the catalog does not know, which were left alone.
    """

    dataset: str
    files: int
    bytes: int
    complete_from: int
    pinned: tuple[int, ...]
    leftovers: int
    unknown: tuple[Path, ...] = ()

    def __str__(self) -> str:
        kept = f"versions from {self.complete_from} on are complete"
        if self.pinned:
            kept += f", pinned {', '.join(map(str, self.pinned))} kept"
        also = f"; {self.leftovers} left-over folders removed" if self.leftovers else ""
        if self.unknown:
            also += f"; {len(self.unknown)} folders of datasets that the catalog does not know were left alone"
        return f"{self.dataset}: {counted(self.files, 'file')} removed ({self.bytes / 1e6:.1f} MB); {kept}{also}"
