"""Rows of a Delta table that somebody else keeps: as it is, or as it was at a version or a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

import polars as pl
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from workbench.data.connectors.fragment import Secrets, Settings, options_of
from workbench.data.connectors.model import BATCH_ROWS
from workbench.foundation.errors import Invalid, NotFound, Unavailable, nearest, unknown
from workbench.foundation.secret import read_secret

__all__ = ["DeltaOptions", "DeltaSource"]


def _zoned(given: datetime | None) -> datetime | None:
    if given is not None and given.tzinfo is None:
        raise ValueError("has a time without a zone: write 2026-01-31T12:00:00Z")
    return given


class DeltaOptions(BaseModel):
    """What the address of a Delta table says behind its `#`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int | None = Field(None, ge=0, description="The version to read; by default the newest.")
    at: Annotated[datetime | None, AfterValidator(_zoned)] = Field(
        None, description="The time as of which to read, `2026-01-31T12:00:00Z`."
    )
    secrets: Secrets = Field(default_factory=dict, description="What the store takes that is secret.")
    settings: Settings = Field(default_factory=dict, description="What else it takes.")


class DeltaSource:
    """A Delta table: `delta:///data/orders`, `delta+s3://bucket/orders#version=3`.

    Its one table is named after its folder. Rows come in no promised order.
    """

    def __init__(self, url: str) -> None:
        """
        Raises:
            NotFound: There is no Delta table, or it has no such version.
            Invalid: An option is wrong.
            Unavailable: The store cannot be reached.
        """
        place, _, fragment = url.partition("#")
        scheme, _, path = place.partition("://")
        _, _, store = scheme.partition("+")
        if not path.strip("/"):
            raise Invalid(f"{place} names no table", hint="write delta:///data/orders, or delta+s3://bucket/orders")
        self.url = url
        self._place = place
        self._path = f"{store}://{path}" if store else unquote(path)
        self._local = not store
        self._options = options_of(DeltaOptions, fragment, place, noun="Delta table", example="version=3")
        if self._options.version is not None and self._options.at is not None:
            raise Invalid(f"{place} has a version and a time", hint="say one of them")
        self._name = unquote(path).rstrip("/").rpartition("/")[2]
        self._opened()

    def __repr__(self) -> str:
        return f"DeltaSource({self.url})"

    def tables(self) -> list[str]:
        """The one that it is."""
        return [self._name]

    def schema(self, *, table: str | None = None, query: str | None = None) -> pa.Schema:
        self._check(table, query)
        with self._telling():
            return _plain(pa.schema(self._opened().schema().to_arrow()).empty_table()).schema

    def batches(
        self,
        *,
        table: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        self._check(table, query)
        schema = self.schema()
        none = True
        with self._telling():
            for batch in pa.RecordBatchReader.from_stream(self._opened().scan()):
                for begin in range(0, batch.num_rows, batch_rows):
                    none = False
                    part = pa.Table.from_batches([batch.slice(begin, batch_rows)])
                    yield from _plain(part).cast(schema).combine_chunks().to_batches()
        if none:
            yield pa.RecordBatch.from_pylist([], schema)

    def fingerprint(self) -> str:
        """By the table's identity and version: no file of rows is looked at."""
        with self._telling():
            opened = self._opened()
            return hashlib.sha256(f"{opened.metadata().id}\n{opened.version()}".encode()).hexdigest()[:32]

    def _opened(self) -> DeltaTable:
        """The table as its log is now, at the version that is meant."""
        options = self._options
        secrets = {name: read_secret(reference) for name, reference in options.secrets.items()}
        try:
            opened = DeltaTable(self._path, storage_options={**options.settings, **secrets})
            newest = opened.version()
            if options.version is not None:
                if options.version > newest:
                    raise NotFound(
                        f"{self._place} has no version {options.version}", hint=f"versions go from 0 to {newest}"
                    )
                opened.load_as_version(options.version)
            elif options.at is not None:
                opened.load_as_version(options.at)
                if opened.version() == 0:  # which is what one gets for any time before it, too
                    began = datetime.fromtimestamp(opened.history()[-1]["timestamp"] / 1000, UTC)
                    if began > options.at:
                        raise NotFound(f"{self._place} is not as old as {options.at}: it began at {began}")
        except TableNotFoundError as error:
            raise NotFound(
                f"no Delta table {self._place}{self._nearest()}", hint="its folder has a _delta_log"
            ) from error
        except (DeltaError, OSError) as error:
            raise Unavailable(f"{self._place} cannot be read: {_said(error, secrets)}") from None
        return opened

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (DeltaError, OSError, pa.ArrowException) as error:
            secrets = {name: read_secret(reference) for name, reference in self._options.secrets.items()}
            raise Invalid(
                f"{self._place} cannot be read: {_said(error, secrets)}",
                hint="a file of it may be gone: cleaned away, or not copied along",
            ) from None

    def _nearest(self) -> str:
        path = Path(self._path)
        siblings = [one.parent.name for one in path.parent.glob("*/_delta_log")] if self._local else []
        guess = nearest(path.name, siblings)
        return f"; did you mean '{guess}'?" if guess else ""

    def _check(self, table: str | None, query: str | None) -> None:
        if query is not None:
            raise Invalid(
                f"{self._place} is a Delta table and takes no query",
                hint='load it into a dataset and query that: workbench sql "SELECT ..."',
            )
        if table is not None and table != self._name:
            raise unknown("table", table, self.tables())


def _plain(rows: pa.Table) -> pa.Table:
    """Of the types that other sources give: no views, no dictionaries, times in microseconds and UTC."""
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    times = [
        pl.col(name).dt.cast_time_unit("us")
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime) and dtype.time_unit != "us"
    ]
    return frame.with_columns(times).to_arrow(compat_level=pl.CompatLevel.oldest())


def _said(error: Exception, secrets: Mapping[str, str]) -> str:
    """What a library says of an error, in one line and without a secret."""
    text = " ".join(str(error).split())
    for secret in secrets.values():
        text = text.replace(secret, "...")
    return text[:300]
