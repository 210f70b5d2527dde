"""One version of a dataset: its files and columns, and the plan that reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from deltalake import DeltaTable

from workbench.data.lake.datafiles import of_schema, partition_text
from workbench.data.lake.schema import polars_schema

if TYPE_CHECKING:  # loads pandas with it, which takes longer than most queries; only the SQL door needs it
    import pyarrow.dataset as pads

__all__ = ["Snapshot"]


@dataclass(frozen=True)
class Snapshot:
    """Immutable. `files` has a row per data file: path, size_bytes, num_records, and per column `partition.x`, `min.x`,
    `max.x` where known; in the order of writing.
    """

    folder: Path
    version: int
    schema: pl.Schema
    partition_by: tuple[str, ...]
    files: pl.DataFrame

    @classmethod
    def of(cls, table: DeltaTable, folder: Path) -> Snapshot:
        files = pl.DataFrame(table.get_add_actions(flatten=True))
        # A name is part-<columns>-<time>-<random>: the last two put files in the order of writing.
        order = pl.col("path").str.split("-").list.slice(2).list.join("-")
        return cls(
            folder=folder,
            version=table.version(),
            schema=polars_schema(table.schema()),
            partition_by=tuple(table.metadata().partition_columns),
            files=files.sort(order),
        )

    @cached_property
    def names(self) -> list[str]:
        return self.files["path"].to_list()

    @cached_property
    def rows(self) -> int:
        return int(self.files["num_records"].sum())

    @cached_property
    def bytes(self) -> int:
        return int(self.files["size_bytes"].sum())

    @cached_property
    def uniform(self) -> bool:
        """Whether every file has exactly the columns of this version."""
        return all(of_schema(name, self.schema) for name in self.names)

    def paths(self, names: Sequence[str] | None = None) -> list[Path]:
        return [self.folder / name for name in (self.names if names is None else names)]

    def scan(self, names: Sequence[str] | None = None, *, file: str | None = None) -> pl.LazyFrame:
        """Reads all files, or some; columns that a file does not have yet are null.

        Args:
            file: The name of one more column, which says the path of the file that a row is in.
        """
        paths = self.paths(names)
        if not paths:
            more = {} if file is None else {file: pl.String()}
            return pl.LazyFrame(schema={**self.schema, **more})
        if self.uniform:  # the plainest scan there is: what every engine can run
            return pl.scan_parquet(paths, glob=False, hive_partitioning=False, include_file_paths=file)
        return pl.scan_parquet(
            paths,
            schema=self.schema,
            missing_columns="insert",
            glob=False,
            hive_partitioning=False,
            include_file_paths=file,
        )

    def arrow(self) -> pads.Dataset:
        """The same rows as an Arrow dataset, for a reader that pushes its filters and columns into the scan."""
        import pyarrow.dataset as pads

        schema = pl.DataFrame(schema=self.schema).to_arrow().schema
        return pads.dataset([str(path) for path in self.paths()], schema=schema, format="parquet")

    def in_partition(self, values: Mapping[str, str | None]) -> pl.DataFrame:
        """The rows of `files` that belong to a partition, given its values as the log writes them."""
        found = self.files
        for name, value in values.items():
            column = f"partition.{name}"
            if column in found.columns:
                as_text = found[column].cast(pl.String)
                found = found.filter(as_text.is_null() if value is None else as_text == value)
        return found

    def partition_of(self, row: Mapping[str, object]) -> dict[str, str | None]:
        """The partition values of a row of `files`, as the log writes them."""
        return {name: partition_text(row.get(f"partition.{name}")) for name in self.partition_by}
