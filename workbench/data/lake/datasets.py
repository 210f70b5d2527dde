"""Datasets as a user holds them: `wb.datasets` and the handles it gives out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from workbench.compute import frames
from workbench.data.connectors import open_source, read_reader
from workbench.data.lake.cards import card, line, table_card
from workbench.data.lake.disk import disk_errors, sync
from workbench.data.lake.lake import Lake
from workbench.data.lake.model import CleanReport, DatasetInfo, Version
from workbench.foundation.errors import Invalid
from workbench.governance.runs import Actor

if TYPE_CHECKING:
    import dask.dataframe as dd
    import pandas as pd

__all__ = ["Dataset", "Datasets"]

EXPORTS = (".csv", ".tsv", ".parquet", ".ndjson", ".json")


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

    def versions(self) -> list[Version]:
        """Every commit, newest first."""
        return self._lake.versions(self.name, self._actor)

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

    def lazy(self) -> pl.LazyFrame:
        """The rows as a lazy Polars plan."""
        return self._lake.read(self.name, self._actor, version=self._version, at=self._time)

    def to_polars(self) -> pl.DataFrame:
        return frames.to_polars(self.lazy())

    def to_pandas(self) -> pd.DataFrame:
        """Whole numbers and booleans with nulls keep their type."""
        return frames.to_pandas(self.lazy())

    def to_arrow(self) -> pa.Table:
        return frames.to_arrow(self.lazy())

    def to_dask(self) -> dd.DataFrame:
        """A lazy Dask frame, one partition per data file."""
        return frames.to_dask(self._lake.parts(self.name, self._actor, version=self._version, at=self._time))

    def preview(self, rows: int = 10) -> pl.DataFrame:
        """The first rows."""
        return self.lazy().head(rows).collect(engine="in-memory")

    def export(self, to: Path | str) -> int:
        """Writes the rows to a file, whole or not at all.

        Args:
            to: Its ending says the format: .csv, .tsv, .parquet, .ndjson or .json.

        Returns:
            How many rows were written.

        Raises:
            Invalid: The ending is of no known format, or the format cannot hold a column.
            Unavailable: The disk is full or the folder may not be written to.
        """
        path = Path(to)
        if path.suffix.lower() not in EXPORTS:
            raise Invalid(f"cannot export to '{path.name}'", hint=f"known endings: {', '.join(EXPORTS)}")
        if not path.parent.is_dir():
            raise Invalid(f"there is no folder {path.parent} to export to")
        frame = self.to_polars()
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with disk_errors(path.parent):
                _write(frame, aside, path.suffix.lower())
                sync([aside])
                aside.replace(path)
                sync([path.parent])
        finally:
            aside.unlink(missing_ok=True)
        return frame.height

    def append(self, frame: Any, *, evolve: bool = False) -> Version:
        """Adds rows; see `Lake.append`."""
        return self._changing().append(self.name, frame, self._actor, evolve=evolve)

    def overwrite(self, frame: Any, *, partition: Mapping[str, Any] | None = None, evolve: bool = False) -> Version:
        """Replaces all rows or one partition; see `Lake.overwrite`."""
        return self._changing().overwrite(self.name, frame, self._actor, partition=partition, evolve=evolve)

    def upsert(self, frame: Any, *, key: Sequence[str] | None = None, evolve: bool = False) -> Version:
        """Replaces rows by key and adds the others; see `Lake.upsert`."""
        return self._changing().upsert(self.name, frame, self._actor, key=key, evolve=evolve)

    def optimize(self) -> Version:
        """Merges small files into larger ones."""
        return self._changing().optimize(self.name, self._actor)

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


class Datasets:
    """The datasets of a workspace, as one actor sees them.

    Args:
        base: The folder that relative paths start from.
    """

    def __init__(self, lake: Lake, actor: Actor, *, base: Path | None = None) -> None:
        self._lake = lake
        self._actor = actor
        self._base = base

    def get(self, name: str) -> Dataset:
        """
        Raises:
            NotFound: No such dataset; the message has the nearest name.
        """
        self._lake.version(name)
        return Dataset(self._lake, name, self._actor)

    def __getitem__(self, name: str) -> Dataset:
        return self.get(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._lake.exists(name)

    def __iter__(self) -> Iterator[Dataset]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self._lake.names())

    def infos(self) -> list[DatasetInfo]:
        """Every dataset that the actor may see, by name."""
        return self._lake.infos(self._actor)

    def create(
        self,
        name: str,
        frame: Any,
        *,
        key: Sequence[str] = (),
        partition_by: Sequence[str] = (),
        description: str = "",
        source: str = "",
    ) -> Dataset:
        """Makes a dataset of a frame, or an empty one of a schema; see `Lake.create`."""
        self._lake.create(
            name, frame, self._actor, key=key, partition_by=partition_by, description=description, source=source
        )
        return Dataset(self._lake, name, self._actor)

    def load(
        self,
        source: str | Path,
        name: str,
        *,
        table: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        key: Sequence[str] = (),
        partition_by: Sequence[str] = (),
        description: str = "",
        time_zone: str | None = None,
    ) -> Dataset:
        """Makes a dataset of a file, or of a database's table or query.

        Args:
            source: A path or URL; see `workbench.data.connectors.open_source`.
            parameters: Values of the query's `:name` parameters.
            time_zone: The zone of times that have none, such as "UTC" or "America/New_York".

        Raises:
            NotFound: No such file, table or column.
            Invalid: The source cannot be read, or has times without a zone and none is given.
            Conflict: There is a dataset of that name.
        """
        opened = open_source(source, base=self._base)
        where = f"{opened.url} {table}" if table else opened.url
        with read_reader(opened, table=table, query=query, parameters=parameters) as reader:
            rows = reader if time_zone is None else _zoned(reader, time_zone)
            return self.create(name, rows, key=key, partition_by=partition_by, description=description, source=where)

    def rename(self, name: str, new_name: str) -> Dataset:
        """Gives a dataset another name; versions, policies and pins go along."""
        self._lake.rename(name, new_name, self._actor)
        return Dataset(self._lake, new_name, self._actor)

    def delete(self, name: str) -> None:
        """Deletes a dataset with all its versions."""
        self._lake.delete(name, self._actor)

    def optimize(self, name: str) -> Version:
        """Merges a dataset's small files into larger ones."""
        return self._lake.optimize(name, self._actor)

    def clean(self, name: str, *, keep_days: float = 7) -> CleanReport:
        """Removes files that no kept version needs; see `Lake.clean`."""
        return self._lake.clean(name, self._actor, keep_days=keep_days)

    def __repr__(self) -> str:
        found = self.infos()
        return "\n".join(line(info) for info in found) or "no dataset yet: wb.datasets.load('file.csv', 'name')"

    def _repr_html_(self) -> str:
        return table_card(self.infos())

    def list(self) -> list[Dataset]:
        """Every dataset that the actor may see, by name."""
        return [Dataset(self._lake, info.name, self._actor) for info in self.infos()]


def _zoned(reader: pa.RecordBatchReader, zone: str) -> pl.LazyFrame:
    frame = pl.from_arrow(reader.read_all())
    assert isinstance(frame, pl.DataFrame)
    naive = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime) and dtype.time_zone is None]
    try:
        return frame.with_columns(pl.col(naive).dt.replace_time_zone(zone)).lazy()
    except pl.exceptions.PolarsError as error:
        raise Invalid(f"times cannot be read as '{zone}': {str(error).splitlines()[0]}") from error


def _write(frame: pl.DataFrame, path: Path, ending: str) -> None:
    try:
        match ending:
            case ".csv":
                frame.write_csv(path)
            case ".tsv":
                frame.write_csv(path, separator="\t")
            case ".parquet":
                frame.write_parquet(path)
            case ".ndjson":
                frame.write_ndjson(path)
            case _:
                frame.write_json(path)
    except pl.exceptions.ComputeError as error:
        if "space" in str(error):
            raise
        raise Invalid(
            f"{ending[1:]} cannot hold these columns: {str(error).splitlines()[0]}", hint="export to .parquet"
        ) from error
