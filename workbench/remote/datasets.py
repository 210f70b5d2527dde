"""The datasets of a workspace through its server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from workbench.compute import frames, listed
from workbench.data.lake import (
    DatasetInfo,
    DatasetPage,
    DatasetSummary,
    Difference,
    RowPage,
    Version,
    card,
    line,
    version_at,
    versions_listing,
)
from workbench.foundation.errors import Invalid
from workbench.foundation.listing import Listing
from workbench.governance.runs import Direction, RunKind, RunStatus
from workbench.remote.differing import differing
from workbench.remote.door import Door, path
from workbench.remote.reading import Named, Reading

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Lineage", "LineageRun", "RemoteDataset", "RemoteDatasets"]


@dataclass(frozen=True)
class LineageRun:
    """A run that read or wrote a dataset. `started` is UTC, `version` the dataset's."""

    run: str
    kind: RunKind
    name: str
    status: RunStatus
    started: datetime
    direction: Direction
    version: str


@dataclass(frozen=True)
class Lineage:
    """What a dataset was made of, and what is made of it.

    Attributes:
        runs: The newest that read or wrote it.
        upstream: Datasets that were read by the runs that wrote it.
        downstream: Datasets that were written by the runs that read it.
    """

    dataset: str
    runs: tuple[LineageRun, ...]
    upstream: tuple[str, ...]
    downstream: tuple[str, ...]


@dataclass(frozen=True)
class _Facet:
    value: str
    count: int


@dataclass(frozen=True)
class _Found:
    items: tuple[DatasetSummary, ...]
    total: int
    owners: tuple[_Facet, ...]
    next: str | None = field(default=None)


class RemoteDataset(Reading):
    """One dataset, at its newest version or at a fixed one. Shows what the asker's policy shows. Times are UTC."""

    def __init__(self, door: Door, name: str, *, version: int | None = None) -> None:
        self._door = door
        self._version = version
        self.name = name

    @property
    def info(self) -> DatasetInfo:
        """Rows, columns, size, freshness and origin of the version that reads give."""
        return self._door.ask(self._path(), DatasetInfo, version=self._version)

    @property
    def version(self) -> int:
        """The version that reads give: the fixed one, or the newest."""
        return self.info.version

    @property
    def schema(self) -> pl.Schema:
        """The columns and their types."""
        return self._outline()[0]

    def versions(self, *, before: int | None = None, limit: int | None = None) -> Listing[Version]:
        """Its history: every commit, newest first, with what it did to rows and columns.

        Args:
            before: Only those with a lower number.
            limit: At most so many.
        """
        found = self._door.pages(self._path("versions"), Version, limit=limit, before=before)
        return versions_listing(self.name, list(found))

    def diff(
        self, before: int, after: int | None = None, *, key: str | Sequence[str] | None = None, limit: int = 20
    ) -> Difference:
        """What became of the rows and columns from one version to another, counted on the server: `dataset.diff(3)`.

        Both are as the asker's policy shows them.

        Args:
            before: A version's number.
            after: Another's; the newest when not given.
            key: What tells rows apart; the dataset's own key when not given. Empty: whole rows are counted.
            limit: At most so many rows of each kind are given along, up to 1,000.

        Raises:
            NotFound: There is no such version, or it was cleaned away.
            Invalid: A key is no column, or is on more than one row of what the asker may see.
        """
        return differing(self._door, self.name, before, after, key=None if key is None else listed(key), limit=limit)

    def lineage(self) -> Lineage:
        """The runs that read and wrote it, and the datasets beside it."""
        return self._door.ask(self._path("lineage"), Lineage)

    def at(self, version: int | None = None, *, time: datetime | None = None) -> RemoteDataset:
        """The dataset as it was: at a version, or at a time.

        Raises:
            Invalid: Neither or both are given, or the time has no zone or lies in the future.
            NotFound: There is no such version.
        """
        if (version is None) == (time is None):
            raise Invalid("say either a version or a time", hint="dataset.at(version=3) or dataset.at(time=...)")
        number = version if time is None else version_at(self.name, time, self.versions)
        fixed = RemoteDataset(self._door, self.name, version=number)
        fixed._outline()
        return fixed

    def lazy(self) -> pl.LazyFrame:
        """The rows as a lazy Polars plan of the version that there is now.

        Collecting it asks the server for the columns that the plan needs, each time anew. Polars may put what goes
        wrong then into an error of its own.
        """
        schema, version = self._outline()

        def read(
            columns: list[str] | None, predicate: pl.Expr | None, most: int | None, _: int | None
        ) -> Iterator[pl.DataFrame]:
            # A plan that only counts rows needs no column, and a frame without one has none.
            wanted = schema.names()[:1] if columns == [] else columns
            for frame in self._frames(wanted, version=version):
                part = frame if most is None else frame.head(most)
                most = None if most is None else most - part.height
                yield part if predicate is None else part.filter(predicate)
                if most == 0:
                    return

        return register_io_source(read, schema=schema)

    def to_polars(self, columns: str | Sequence[str] | None = None) -> pl.DataFrame:
        """The rows as a Polars frame.

        Args:
            columns: Which columns, in this order; all when not given. Others are not sent.

        Raises:
            Invalid: No such column; says the nearest one.
            Unavailable: Not all rows came; then there are none.
        """
        return self._page(columns=listed(columns)).frame

    def to_pandas(self, columns: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Like `to_polars`, for pandas. Whole numbers and booleans with nulls keep their type."""
        return frames.to_pandas(self.to_polars(columns))

    def to_arrow(self, columns: str | Sequence[str] | None = None) -> pa.Table:
        """Like `to_polars`, as an Arrow table."""
        return frames.to_arrow(self.to_polars(columns))

    def batches(
        self,
        columns: str | Sequence[str] | None = None,
        *,
        where: str | None = None,
        order: str | Sequence[str] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """The rows as frames, one after the other, for more of them than memory holds. The server says how large.

        Args:
            columns: Which columns, in this order; all when not given.
            where: SQL condition over one row's columns.
            order: Columns to sort by, descending with a leading minus.

        Raises:
            Invalid: No such column, or the condition is none.
            Unavailable: Not all rows came. Only found when they did not.
        """
        return self._frames(listed(columns), where=where, order=listed(order), version=self._version)

    def preview(self, rows: int = 10) -> pl.DataFrame:
        """The first rows."""
        return self._page(limit=rows).frame

    def page(
        self,
        *,
        columns: str | Sequence[str] | None = None,
        where: str | None = None,
        order: str | Sequence[str] | None = None,
        offset: int = 0,
        limit: int = 100,
    ) -> RowPage:
        """Some of the rows: `dataset.page(where="origin = 'JFK'", order="-dep_delay", limit=20)`.

        Args:
            columns: Which columns, in this order; all when not given.
            where: SQL condition over one row's columns.
            order: Columns to sort by, descending with a leading minus; nulls come last, equal rows stay as they were.
            offset: How many rows to leave out at the beginning.
            limit: At most so many, up to 100,000.

        Returns:
            The rows, and how many meet the condition in all.

        Raises:
            NotFound: The dataset was deleted meanwhile.
            Invalid: No such column, or the condition is none.
        """
        return self._page(columns=listed(columns), where=where, order=listed(order), offset=offset, limit=limit)

    def _path(self, *more: str) -> str:
        return path("datasets", self.name, *more)

    def _page(self, **parameters: Any) -> RowPage:
        with self._door.rows(self._path("rows"), self._rows, version=self._version, **parameters) as stream:
            frame = stream.frame()
            total = stream.head["total"]
            return RowPage(frame, frame.height if total is None else total)

    def _frames(self, columns: Sequence[str] | None, **parameters: Any) -> Iterator[pl.DataFrame]:
        with self._door.rows(self._path("rows"), self._rows, columns=columns, **parameters) as stream:
            yield from stream.frames()

    def _outline(self) -> tuple[pl.Schema, int]:
        with self._door.rows(self._path("rows"), self._rows, version=self._version, limit=0) as stream:
            stream.frame()
            return stream.schema, int(stream.head["version"])

    @property
    def _rows(self) -> str:
        return f"the rows of '{self.name}'"

    def __repr__(self) -> str:
        return f"RemoteDataset {line(self.info)}"

    def _repr_html_(self) -> str:
        return card(self.info, self.preview(5))


class RemoteDatasets(Named[RemoteDataset]):
    """The datasets of a workspace, as whoever the token belongs to sees them."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def get(self, name: str) -> RemoteDataset:
        """
        Raises:
            NotFound: No such dataset; the message has the nearest name.
        """
        found = RemoteDataset(self._door, name)
        self._door.ask(path("datasets", name, "versions"), dict[str, Any], limit=1)
        return found

    def __len__(self) -> int:
        return self.search(limit=1).total

    def list(self) -> Listing[RemoteDataset]:
        """Every dataset, by name."""
        found = {item.name: item for item in self._door.pages("datasets", DatasetSummary)}
        return Listing(
            (RemoteDataset(self._door, name) for name in found),
            caption="Datasets",
            row=lambda dataset: _row(found[dataset.name]),
            empty="There is no dataset yet.",
        )

    def infos(self) -> Sequence[DatasetInfo]:
        """What is known of every dataset, by name: a question for each."""
        return [dataset.info for dataset in self.list()]

    def search(
        self,
        text: str = "",
        *,
        owner: str | None = None,
        sort: str = "name",
        limit: int = 50,
        cursor: str | None = None,
    ) -> DatasetPage:
        """Finds datasets by words that occur in names, descriptions, sources, owners or columns; all of them must.

        Args:
            owner: Only this user's.
            sort: "name", "updated", "rows" or "bytes" (by all of a dataset's rows); with a "-" before it, descending.
            limit: At most this many, 1 to 500.
            cursor: `next` of the page before.

        Raises:
            Invalid: The order, limit or cursor is none.
        """
        found = self._door.ask("datasets", _Found, search=text, owner=owner, sort=sort, limit=limit, cursor=cursor)
        return DatasetPage(found.items, found.total, {one.value: one.count for one in found.owners}, found.next)

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()


def _row(summary: DatasetSummary) -> Mapping[str, str]:
    return {
        "dataset": summary.name,
        "rows": f"{summary.rows:,}",
        "columns": str(summary.columns),
        "version": str(summary.version),
        "updated (UTC)": f"{summary.updated:%Y-%m-%d %H:%M}",
        "owner": summary.owner,
    }
