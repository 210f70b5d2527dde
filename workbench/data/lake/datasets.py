"""The datasets of a workspace as a user holds them: `wb.datasets`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.data.connectors import TextFormat, open_source, read_reader, stream_in_zone
from workbench.data.lake.cards import line, table_card
from workbench.data.lake.dataset import Dataset
from workbench.data.lake.lake import Lake
from workbench.data.lake.layout import EventLayout
from workbench.data.lake.model import CleanReport, DatasetInfo, DatasetPage, Version
from workbench.foundation.errors import Invalid
from workbench.governance.runs import Actor

__all__ = ["Datasets"]


class Datasets:
    """The datasets of a workspace, as one actor sees them.

    Args:
        base: The folder that relative paths start from.

    Attributes:
        contracts: What each does with new columns and types: `wb.datasets.contracts.set("orders", columns="evolve")`.
    """

    def __init__(self, lake: Lake, actor: Actor, *, base: Path | None = None) -> None:
        self._lake = lake
        self._actor = actor
        self._base = base
        self.contracts = lake.contracts(actor)

    def get(self, name: str) -> Dataset:
        """
        Raises:
            NotFound: No such dataset; the message has the nearest name.
        """
        self._lake.key(name)  # the catalog knows it; its files are looked at when they are read
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
        return self._lake.lists.infos(self._actor)

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

        Answered from the catalog alone, so that a workspace of thousands is looked through as one types.

        Args:
            owner: Only this user's.
            sort: "name", "updated", "rows" or "bytes" (by all of a dataset's rows); with a "-" before it, descending.
            limit: At most this many, 1 to 500.
            cursor: `next` of the page before.

        Raises:
            Invalid: The order, limit or cursor is none.
        """
        if not 1 <= limit <= 500:
            raise Invalid(f"a page has 1 to 500 datasets, not {limit}")
        return self._lake.lists.search(self._actor, text, owner=owner, sort=sort, limit=limit, cursor=cursor)

    def create(
        self,
        name: str,
        frame: Any,
        *,
        key: str | Sequence[str] = (),
        partition_by: str | Sequence[str] = (),
        sort_by: str | Sequence[str] = (),
        layout: EventLayout | None = None,
        description: str = "",
        source: str = "",
    ) -> Dataset:
        """Makes a dataset: `wb.datasets.create("orders", frame, key="order_id", description="Orders by day")`.

        Args:
            name: Letters, digits, `_` and `-`. SQL uses it, so no two names may differ only in upper and lower case.
            frame: Its rows: a Polars, pandas, Dask or Arrow frame, or a stream of Arrow batches; or only its columns,
                as a schema of Polars or Arrow. Times need a zone and are kept in UTC.
            key: The column or columns that tell its rows apart: never null, and no two rows alike.
            partition_by: The column or columns by whose values its files lie apart and can be overwritten alone.
            sort_by: The column or columns that its rows are sorted by in every file, and from file to file once it was
                optimized, so that who filters by them reads little.
            layout: For a dataset of events: how its files lie, so that funnels, sessions and the like find all of a
                subject's rows together: `EventLayout(subject="user_id", time="time", event="event")`.
            description: What it is, for people.
            source: Where the rows come from, for people; what the run has read, when not given inside one.

        Returns:
            A handle on the dataset.

        Raises:
            Invalid: The name, a column or a key cannot be used.
            Conflict: There is a dataset of that name, be it in other upper and lower case.
            Forbidden: Creating takes an analyst.
            Unavailable: The disk is full or may not be written to; nothing was made.
        """
        self._lake.create(
            name,
            frame,
            self._actor,
            key=key,
            partition_by=partition_by,
            sort_by=sort_by,
            layout=layout,
            description=description,
            source=source,
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
        key: str | Sequence[str] = (),
        partition_by: str | Sequence[str] = (),
        sort_by: str | Sequence[str] = (),
        description: str = "",
        time_zone: str | None = None,
        separator: str | None = None,
        encoding: str | None = None,
    ) -> Dataset:
        """Makes a dataset of a file, or of a database's table or query: `wb.datasets.load("orders.csv", "orders")`.

        In CSV and TSV files, empty fields and `NA` are null, and a column is what all its values are: whole numbers,
        numbers, booleans, dates, times, else text. Numbers that begin with a zero, such as zip codes, stay text.

        Args:
            source: A path (CSV, TSV, Parquet, JSON, newline-delimited JSON, Excel), a pattern of paths, such as
                `sales/*.csv#file=month`, or a URL, such as `s3://bucket/sales.csv`, `sqlite:///ops.db` or
                `https+json://api.example.com/orders`.
            name: The dataset to make; see `create`, also for `key`, `partition_by`, `sort_by` and
                `description`.
            table: The table of a database, or the sheet of a workbook.
            query: A SELECT instead of a table; for an API what stands behind the `?`, such as `status=open`.
            parameters: Values of the query's `:name` parameters.
            time_zone: The zone of times that have none, such as "UTC" or "America/New_York".
            separator: What stands between the fields of a delimited text file, where it is not what the ending says:
                ";", "|", "tab".
            encoding: Of a delimited text file that is not UTF-8: "cp1252", "latin-1".

        Returns:
            A handle on the dataset.

        Raises:
            NotFound: No such file, table or column.
            Invalid: The source cannot be read, or has times without a zone and none is given.
            Conflict: There is a dataset of that name.
        """
        given = separator is not None or encoding is not None
        text = TextFormat(separator, encoding or "utf-8") if given else None
        opened = open_source(source, base=self._base, text=text)
        where = f"{opened.url} {table}" if table else opened.url
        with read_reader(opened, table=table, query=query, parameters=parameters) as reader:
            if not reader.schema.names:
                raise Invalid(
                    f"{where} has no rows, and so no columns", hint="types= in an API's address says which there are"
                )
            try:
                rows = reader if time_zone is None else stream_in_zone(reader, time_zone)
                return self.create(
                    name,
                    rows,
                    key=key,
                    partition_by=partition_by,
                    sort_by=sort_by,
                    description=description,
                    source=where,
                )
            except Invalid as error:  # of the rows, which do not know where they are from
                if opened.url in str(error):
                    raise
                raise Invalid(f"{where}: {error}", hint=error.hint) from error

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
        """Removes the files that only old versions need, and what crashed writes and deleted datasets left behind.

        Args:
            keep_days: The dataset stays readable as of any time in these last days, the newest version always.
                Versions that a run's receipt pins are kept for as long as it does.

        Returns:
            What was removed and what had to be kept.

        Raises:
            NotFound: No such dataset.
            Forbidden: Neither the dataset's owner nor an engineer.
        """
        return self._lake.clean(name, self._actor, keep_days=keep_days)

    def __repr__(self) -> str:
        found = self.infos()
        return "\n".join(line(info) for info in found) or "no dataset yet: wb.datasets.load('file.csv', 'name')"

    def _repr_html_(self) -> str:
        return table_card(self.infos())

    def list(self) -> list[Dataset]:
        """Every dataset that the actor may see, by name."""
        return [Dataset(self._lake, info.name, self._actor) for info in self.infos()]
