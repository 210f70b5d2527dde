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
from workbench.data.lake.layout import EventLayout
from workbench.data.lake.schema import polars_schema

if TYPE_CHECKING:  # loads pandas with it, which takes longer than most queries; only the SQL door needs it
    import pyarrow.dataset as pads

__all__ = ["Snapshot"]


@dataclass(frozen=True)
class Snapshot:
    """Immutable. `files` has a row per data file: path, size_bytes, num_records, and per column `partition.x`, `min.x`,
    `max.x` where known; in the order of writing. `schema` is what the dataset shows; files may have more.
    """

    folder: Path
    version: int
    schema: pl.Schema
    partition_by: tuple[str, ...]
    files: pl.DataFrame
    layout: EventLayout | None = None

    @classmethod
    def of(cls, table: DeltaTable, folder: Path, layout: EventLayout | None) -> Snapshot:
        files = pl.DataFrame(table.get_add_actions(flatten=True))
        # A name is part-<columns>-<time>-<random>: the last two put files in the order of writing.
        order = pl.col("path").str.split("-").list.slice(2).list.join("-")
        stored = polars_schema(table.schema())
        return cls(
            folder=folder,
            version=table.version(),
            schema=stored if layout is None else layout.shown(stored),
            partition_by=tuple(table.metadata().partition_columns),
            files=files.sort(order),
            layout=layout,
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
    def in_files(self) -> pl.Schema:
        """The columns of a file that this version would write, in its order."""
        return self.schema if self.layout is None else self.layout.in_files(self.schema)

    @cached_property
    def uniform(self) -> bool:
        """Whether every file has exactly the columns of this version."""
        return all(of_schema(name, self.in_files) for name in self.names)

    def paths(self, names: Sequence[str] | None = None) -> list[Path]:
        return [self.folder / name for name in (self.names if names is None else names)]

    def scan(
        self, names: Sequence[str] | None = None, *, file: str | None = None, hashed: bool = False
    ) -> pl.LazyFrame:
        """Reads all files, or some; columns that a file does not have yet are null.

        Args:
            file: The name of one more column, which says the path of the file that a row is in.
            hashed: Columns as a file of events has them, with the hash of the subject.
        """
        paths = self.paths(names)
        more: dict[str, pl.DataType] = {} if file is None else {file: pl.String()}
        if not paths:
            return pl.LazyFrame(schema={**(self.in_files if hashed else self.schema), **more})
        if self.uniform:  # the plainest scan there is: what every engine can run
            found = pl.scan_parquet(paths, glob=False, hive_partitioning=False, include_file_paths=file)
        else:
            found = pl.scan_parquet(
                paths,
                schema=self.in_files,
                missing_columns="insert",
                glob=False,
                hive_partitioning=False,
                include_file_paths=file,
            )
        return found if hashed or self.layout is None else found.select(*self.schema, *more)

    def arrow(self, names: Sequence[str] | None = None) -> pads.Dataset:
        """The rows of all files, or of some, as an Arrow dataset, for a reader that pushes its filters and columns into
        the scan.
        """
        import pyarrow.dataset as pads

        schema = pl.DataFrame(schema=self.schema).to_arrow().schema
        return pads.dataset([str(path) for path in self.paths(names)], schema=schema, format="parquet")

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
