"""Rows into a file, whole or not at all: written beside it and put in its place, or put into a store at once."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import polars as pl
import pyarrow as pa
import pyarrow.parquet as parquet

from workbench.data.connectors import Remote
from workbench.data.destinations.excel import write_excel
from workbench.data.destinations.model import Sent
from workbench.data.lake import disk_errors, sync
from workbench.foundation.errors import Conflict, Invalid, nearest

__all__ = ["LocalFile", "StoredFile"]

Writer = Callable[[pa.RecordBatchReader, Path], int]


class LocalFile:
    """A file of this machine; its ending says the format."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            Invalid: The ending is of no known format.
        """
        self.url = str(path)
        self._path = path
        self._write = _writer(path.name)

    def write(self, rows: pa.RecordBatchReader, *, table: str | None, key: Sequence[str], overwrite: bool) -> Sent:
        """See `Destination.write`."""
        _only_whole(self.url, table, key)
        folder = self._path.parent
        if not folder.is_dir():
            raise Invalid(f"there is no folder {folder} to write to")
        if self._path.exists() and not overwrite:
            raise _there(self.url)
        aside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            with disk_errors(folder):
                count = self._write(rows, aside)
                sync([aside])
                aside.replace(self._path)
                sync([folder])
        finally:
            aside.unlink(missing_ok=True)
        return Sent(self.url, count)


class StoredFile:
    """A file of a store that fsspec knows: `s3://bucket/orders.parquet#secrets=key:env:S3_KEY`."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            Invalid: The ending is of no known format, or the options behind the `#` are none.
        """
        self._remote = Remote.of_url(url)
        self.url = self._remote.place
        self._name = PurePosixPath(self.url).name
        self._write = _writer(self._name)

    def write(self, rows: pa.RecordBatchReader, *, table: str | None, key: Sequence[str], overwrite: bool) -> Sent:
        """See `Destination.write`."""
        _only_whole(self.url, table, key)
        if not overwrite and self._remote.exists():
            raise _there(self.url)
        with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
            file = Path(folder) / self._name
            with disk_errors(file.parent):
                count = self._write(rows, file)
            self._remote.put(file)
        return Sent(self.url, count)


def _only_whole(url: str, table: str | None, key: Sequence[str]) -> None:
    if table is not None:
        raise Invalid(f"{url} is a file and has no tables", hint="leave `table` out")
    if key:
        raise Invalid(
            f"{url} is a file, which is written whole: there is no key to replace rows by", hint="overwrite=True"
        )


def _there(url: str) -> Conflict:
    return Conflict(f"there is a file {url} already", hint="name another one, or allow overwrite=True (--overwrite)")


def _writer(name: str) -> Writer:
    ending = PurePosixPath(name).suffix.lower()
    if ending not in WRITERS:
        guess = nearest(ending, WRITERS)
        raise Invalid(
            f"cannot write to '{name}': no format has that ending" + (f"; did you mean '{guess}'?" if guess else ""),
            hint=f"known endings: {', '.join(WRITERS)}; a table of a database is named by a URL",
        )
    return WRITERS[ending]


def _text(ending: str) -> Writer:
    def write(rows: pa.RecordBatchReader, path: Path) -> int:
        _without_bytes(rows.schema, ending)
        count = 0
        with path.open("wb") as file:
            for frame in _frames(rows):
                try:
                    match ending:
                        case "csv":
                            frame.write_csv(file, include_header=not count)
                        case "tsv":
                            frame.write_csv(file, include_header=not count, separator="\t")
                        case _:
                            frame.write_ndjson(file)
                except pl.exceptions.ComputeError as error:
                    raise Invalid(
                        f"{ending} cannot hold these columns: {str(error).splitlines()[0]}", hint="send .parquet"
                    ) from error
                count += frame.height
        return count

    return write


def _frames(rows: pa.RecordBatchReader) -> Iterator[pl.DataFrame]:
    """The batches that have rows; one without any, if none has."""
    none = True
    for batch in rows:
        if batch.num_rows:
            none = False
            yield pl.DataFrame(pl.from_arrow(batch))
    if none:
        yield pl.DataFrame(pl.from_arrow(rows.schema.empty_table()))


def _without_bytes(schema: pa.Schema, ending: str) -> None:
    for field in schema:
        if "binary" in str(field.type):
            raise Invalid(f"{ending} cannot hold the column '{field.name}', which is bytes", hint="send .parquet")


def _write_parquet(rows: pa.RecordBatchReader, path: Path) -> int:
    count = 0
    with parquet.ParquetWriter(path, rows.schema, compression="zstd") as file:
        for batch in rows:
            file.write_batch(batch)
            count += batch.num_rows
    return count


WRITERS: dict[str, Writer] = {
    ".csv": _text("csv"),
    ".tsv": _text("tsv"),
    ".parquet": _write_parquet,
    ".ndjson": _text("ndjson"),
    ".jsonl": _text("ndjson"),
    ".xlsx": write_excel,
}
