"""One dataset as a user holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from workbench.compute import frames, listed
from workbench.data.lake.cards import card, line, versions_listing
from workbench.data.lake.differing import Difference, difference
from workbench.data.lake.exporting import written
from workbench.data.lake.lake import Lake
from workbench.data.lake.layout import LayoutReport
from workbench.data.lake.model import DatasetInfo, Version
from workbench.data.lake.previewing import RowPage, computing, page, selected
from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.listing import Listing
from workbench.governance.runs import Actor

if TYPE_CHECKING:
    import dask.dataframe as dd
    import pandas as pd

__all__ = ["Dataset"]


class Dataset:
    """One dataset, at its newest version or at a fixed one. Shows what the asker's policy shows. Times are UTC."""

    def __init__(
        self, lake: Lake, name: str, actor: Actor, *, version: int | None = None, time: datetime | None = None
    ):
        self._lake = lake
        self._actor = actor
        self._version = version
        self._time = time
        self.name = name

    @property
    def info(self) -> DatasetInfo:
        """Rows, columns, size, freshness and origin of the version that reads give."""
        return self._lake.info(self.name, self._actor, version=self._version, at=self._time)

    @property
    def version(self) -> int:
        """The version that reads give: the fixed one, the one a run is sealed to, or the newest."""
        return self.info.version

    def versions(self, *, before: int | None = None, limit: int | None = None) -> Listing[Version]:
        """Its history: every commit, newest first, with what it did to rows and columns.

        Rows of a commit that nobody counted, as some of other programs that write Delta tables, are counted by
        `diff`; so are those of any commit for somebody who may see some of the rows only.

        Args:
            before: Only those with a lower number.
            limit: At most so many.
        """
        return versions_listing(self.name, self._lake.versions(self.name, self._actor, before=before, limit=limit))

    def at(self, version: int | None = None, *, time: datetime | None = None) -> Dataset:
        """The dataset as it was: at a version, or at a time.

        Raises:
            Invalid: Neither or both are given.
            NotFound: There is no such version.
        """
        if (version is None) == (time is None):
            raise Invalid("say either a version or a time", hint="dataset.at(version=3) or dataset.at(time=...)")
        fixed = Dataset(self._lake, self.name, self._actor, version=version, time=time)
        fixed.lazy()
        return fixed

    def diff(
        self, before: int, after: int | None = None, *, key: str | Sequence[str] | None = None, limit: int = 20
    ) -> Difference:
        """What became of the rows and columns from one version to another: `dataset.diff(3)`.

        Both are as the asker's policy shows them.

        Args:
            before: A version's number.
            after: Another's; the newest when not given.
            key: What tells rows apart; the dataset's own key when not given. Empty: whole rows are counted.
            limit: At most so many rows of each kind are given along.

        Raises:
            NotFound: There is no such version, or it was cleaned away.
            Invalid: A key is no column, or is on more than one row of what the asker may see.
        """
        last = self.version if after is None else after
        with self._telling():
            old, new = ((number, self._lake.read(self.name, self._actor, version=number)) for number in (before, last))
            return difference(old, new, listed(self.info.key if key is None else key), limit)

    def restore(self, version: int) -> Version:
        """Makes the rows and columns of an old version the newest one's; the versions between stay.

        Returns:
            The new version; the newest one where that is the one asked for.

        Raises:
            NotFound: There is no such version, or it was cleaned away.
            Forbidden: Neither the dataset's owner nor an engineer.
        """
        return self._changing().restore(self.name, version, self._actor)

    def lazy(self) -> pl.LazyFrame:
        """The rows as a lazy Polars plan."""
        return self._lake.read(self.name, self._actor, version=self._version, at=self._time)

    def to_polars(self, columns: str | Sequence[str] | None = None) -> pl.DataFrame:
        """The rows as a Polars frame.

        Args:
            columns: Which columns, in this order; all when not given. Others are not read from disk.

        Raises:
            Invalid: No such column; says the nearest one.
        """
        with self._telling():
            return frames.to_polars(self._of(columns))

    def to_pandas(self, columns: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Like `to_polars`, for pandas. Whole numbers and booleans with nulls keep their type."""
        with self._telling():
            return frames.to_pandas(self._of(columns))

    def to_arrow(self, columns: str | Sequence[str] | None = None) -> pa.Table:
        """Like `to_polars`, as an Arrow table."""
        with self._telling():
            return frames.to_arrow(self._of(columns))

    def to_dask(self) -> dd.DataFrame:
        """A lazy Dask frame, one partition per data file."""
        return frames.to_dask(self._lake.plans(self.name, self._actor, version=self._version, at=self._time))

    def to_cudf(self, columns: str | Sequence[str] | None = None) -> Any:
        """Like `to_polars`, as a `cudf.DataFrame` in the memory of the GPU.

        Raises:
            Unavailable: There is no GPU, or cuDF is not installed.
        """
        with self._telling():
            return frames.to_cudf(self._of(columns))

    def to_dask_cudf(self) -> Any:
        """A lazy `dask_cudf.DataFrame`, one partition per data file.

        Raises:
            Unavailable: There is no GPU, or dask_cudf is not installed.
        """
        return frames.to_dask_cudf(self._lake.plans(self.name, self._actor, version=self._version, at=self._time))

    def preview(self, rows: int = 10) -> pl.DataFrame:
        """The first rows."""
        with self._telling():
            return self.lazy().head(rows).collect(engine="in-memory")

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
            limit: At most so many.

        Returns:
            The rows, and how many meet the condition in all.

        Raises:
            NotFound: The dataset was deleted meanwhile.
            Invalid: No such column, or the condition is none.
            IntegrityError: A file is damaged; names it.
        """
        with self._lake.telling(self.name, self._actor, version=self._version, at=self._time):
            return page(
                self.lazy(), columns=listed(columns), where=where, order=listed(order), offset=offset, limit=limit
            )

    def batches(
        self,
        columns: str | Sequence[str] | None = None,
        *,
        where: str | None = None,
        order: str | Sequence[str] | None = None,
        rows: int = 65_536,
    ) -> Iterator[pl.DataFrame]:
        """The rows as frames, one after the other, for more of them than memory holds; at least one frame.

        Args:
            columns: Which columns, in this order; all when not given.
            where: SQL condition over one row's columns.
            order: Columns to sort by, descending with a leading minus. Sorting takes memory for all rows.
            rows: Of one frame, about.

        Raises:
            Invalid: No such column, or the condition is none.
            IntegrityError: A file is damaged; names it. Only found when its rows are reached.
        """
        found = selected(self.lazy(), columns=listed(columns), where=where, order=listed(order))
        return self._computed(found, where, rows)

    def export(self, to: Path | str, *, overwrite: bool = False) -> int:
        """Writes the rows to a file, whole or not at all.

        Args:
            to: Its ending says the format: .csv, .tsv, .parquet, .ndjson or .json.
            overwrite: Whether a file that is there already may be replaced.

        Returns:
            How many rows were written.

        Raises:
            Invalid: The ending is of no known format, or the format cannot hold a column.
            Conflict: There is such a file already, and `overwrite` is not asked for.
            Unavailable: The disk is full or the folder may not be written to.
        """
        return written(self.to_polars, Path(to), overwrite=overwrite)

    def append(self, frame: Any, *, evolve: bool = False) -> Version:
        """Adds rows after those that are there: `dataset.append(pl.DataFrame({"order_id": [3], "total": [9.5]}))`.

        Args:
            frame: A Polars, pandas, Dask or Arrow frame with the dataset's columns, in any order.
            evolve: New columns are added to the dataset and missing ones are null, where otherwise both are refused.

        Returns:
            The new version.

        Raises:
            Invalid: The columns or values do not fit, or a key is null or doubled in the frame; names them.
            Conflict: A row's key is in the dataset already (`upsert` replaces it), or others kept committing first.
            Forbidden: Neither the dataset's owner nor an engineer.
            Unavailable: The disk is full or may not be written to; nothing was changed.
        """
        return self._changing().append(self.name, frame, self._actor, evolve=evolve)

    def overwrite(self, frame: Any, *, partition: Mapping[str, Any] | None = None, evolve: bool = False) -> Version:
        """Replaces all rows, or one partition's: `dataset.overwrite(frame, partition={"day": date(2013, 1, 1)})`.

        Older versions stay readable with `at`.

        Args:
            frame: A Polars, pandas, Dask or Arrow frame.
            partition: A value for each column that the dataset is partitioned by. The frame's rows must be in that
                partition, or lack these columns.
            evolve: The frame's columns become the dataset's, where otherwise other columns are refused; for a
                partition, new columns are added and missing ones are null.

        Returns:
            The new version.

        Raises:
            Invalid: The columns, values or partition do not fit, or a key is null or doubled; names them.
            Conflict: Others kept committing first.
            Forbidden: Neither the dataset's owner nor an engineer.
            Unavailable: The disk is full or may not be written to; nothing was changed.
        """
        return self._changing().overwrite(self.name, frame, self._actor, partition=partition, evolve=evolve)

    def upsert(self, frame: Any, *, key: str | Sequence[str] | None = None, evolve: bool = False) -> Version:
        """Replaces rows that have a key of the frame's and adds the others: `dataset.upsert(frame, key="order_id")`.

        Args:
            frame: A Polars, pandas, Dask or Arrow frame with the dataset's columns, in any order; one row per key.
            key: The column or columns to compare; the dataset's own key when not given.
            evolve: New columns are added to the dataset and missing ones are null, where otherwise both are refused.

        Returns:
            The new version.

        Raises:
            Invalid: There is no key, a key is null or doubled in the frame, or the columns do not fit.
            Conflict: Others kept committing first.
            Forbidden: Neither the dataset's owner nor an engineer.
            Unavailable: The disk is full or may not be written to; nothing was changed.
        """
        return self._changing().upsert(self.name, frame, self._actor, key=key, evolve=evolve)

    def optimize(self) -> Version:
        """Merges small files into larger ones, those of a sorted dataset in order; of a dataset of events, each
        period's runs into one.
        """
        return self._changing().optimize(self.name, self._actor)

    def layout(self) -> LayoutReport:
        """How the files lie: how many and how large, by period, and for a dataset of events how evenly by subject."""
        return self._lake.layout(self.name, self._actor, version=self._version)

    def _of(self, columns: str | Sequence[str] | None) -> pl.LazyFrame:
        rows = self.lazy()
        if columns is None:
            return rows
        known = rows.collect_schema()
        for name in (wanted := listed(columns)):
            if name not in known:
                raise unknown("column", name, known, error=Invalid)
        return rows.select(wanted)

    def _computed(self, plan: pl.LazyFrame, where: str | None, rows: int) -> Iterator[pl.DataFrame]:
        with self._telling(), computing(where):
            yield from frames.batches(plan, rows)

    def _telling(self) -> AbstractContextManager[None]:
        return self._lake.telling(self.name, self._actor, version=self._version, at=self._time)

    def _changing(self) -> Lake:
        if self._version is not None or self._time is not None:
            raise Invalid(
                f"'{self.name}' at an old version cannot be changed", hint=f"use wb.datasets.get('{self.name}')"
            )
        return self._lake

    def __repr__(self) -> str:
        return f"Dataset {line(self.info)}"

    def _repr_html_(self) -> str:
        return card(self.info, self.preview(5))
