"""Rows of one file: CSV, TSV, Parquet, JSON and newline-delimited JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.data.connectors.delimited import TextFormat, read_delimited
from workbench.data.connectors.model import BATCH_ROWS
from workbench.foundation.errors import Invalid, NotFound, Unavailable, nearest, unknown

__all__ = ["FORMATS", "FileSource"]


class FileSource:
    """One file of rows; its one table is named after the file.

    Args:
        text: How a delimited file is written. With a separator, a file of an unknown ending is one.
    """

    def __init__(self, path: Path, text: TextFormat | None = None) -> None:
        """
        Raises:
            NotFound: No such file; the message has the nearest name in that folder.
            Invalid: A folder, or a file of no known format, or one that is not delimited text and is said to be.
            Unavailable: The file may not be read.
        """
        self.path = path
        self.url = str(path)
        if path.is_dir():
            raise Invalid(f"{path} is a folder, not a file", hint="name one file in it")
        if not path.exists():
            raise _missing(path)
        self._format = _format(path, text)

    def __repr__(self) -> str:
        return f"FileSource({self.url})"

    def tables(self) -> list[str]:
        return [self.path.name.split(".")[0]]

    def schema(self, *, table: str | None = None, query: str | None = None) -> pa.Schema:
        self._check(table, query)
        return next(self.batches()).schema

    def batches(
        self,
        *,
        table: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        self._check(table, query)
        try:
            yield from _whole(self._format(self.path, batch_rows))
        except PermissionError as error:
            raise Unavailable(f"{self.path} may not be read by this user", hint="check its permissions") from error
        except FileNotFoundError as error:
            raise _missing(self.path) from error

    def fingerprint(self) -> str:
        try:
            found = self.path.stat()
        except FileNotFoundError as error:
            raise _missing(self.path) from error
        return hashlib.sha256(f"{self.path}\n{found.st_size}\n{found.st_mtime_ns}".encode()).hexdigest()[:32]

    def _check(self, table: str | None, query: str | None) -> None:
        if query is not None:
            raise Invalid(
                f"{self.path.name} is a file and takes no query",
                hint='load it into a dataset and query that: workbench sql "SELECT ..."',
            )
        if table is not None and table not in self.tables():
            raise unknown("table", table, self.tables())


def _missing(path: Path) -> NotFound:
    siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    guess = nearest(path.name, siblings)
    return NotFound(
        f"no file {path}" + (f"; did you mean '{guess}'?" if guess else ""),
        hint="check the path" if path.parent.is_dir() else f"there is no folder {path.parent} either",
    )


def _whole(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches with times in microseconds UTC and one name per column."""
    target: pa.Schema | None = None
    for batch in batches:
        if target is None:
            names = batch.schema.names
            doubled = sorted({name for name in names if names.count(name) > 1})
            if doubled:
                raise Invalid(f"the source has more than one column named '{doubled[0]}'")
            target = pa.schema([pa.field(field.name, _kept_as(field.type)) for field in batch.schema])
        yield batch.cast(target)


def _kept_as(found: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(found):
        return pa.timestamp("us", "UTC" if found.tz else None)
    if pa.types.is_null(found):
        return pa.string()
    return found


def _parquet(path: Path, batch_rows: int) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(path) as file:
            seen = False
            for batch in file.iter_batches(batch_size=batch_rows):
                seen = True
                yield batch
            if not seen:
                yield from file.schema_arrow.empty_table().to_batches(batch_rows) or [_empty(file.schema_arrow)]
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, PermissionError | FileNotFoundError):
            raise
        raise Invalid(
            f"{path} cannot be read as Parquet: {_sentence(error)}", hint="it may be cut short; fetch it again"
        ) from error


def _json(path: Path, batch_rows: int) -> Iterator[pa.RecordBatch]:
    return _of_polars(path, "JSON", lambda: pl.read_json(path, infer_schema_length=None), batch_rows)


def _ndjson(path: Path, batch_rows: int) -> Iterator[pa.RecordBatch]:
    return _of_polars(
        path, "newline-delimited JSON", lambda: pl.read_ndjson(path, infer_schema_length=None), batch_rows
    )


def _of_polars(path: Path, kind: str, read: Callable[[], pl.DataFrame], batch_rows: int) -> Iterator[pa.RecordBatch]:
    try:
        table = read().to_arrow()
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read as {kind}: {_sentence(error)}", hint="open it in an editor") from error
    yield from table.to_batches(batch_rows) or [_empty(table.schema)]


def _delimited(separator: str, text: TextFormat, path: Path, batch_rows: int) -> Iterator[pa.RecordBatch]:
    table = read_delimited(path, separator, text)
    yield from table.to_batches(batch_rows) or [_empty(table.schema)]


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


def _sentence(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


Format = Callable[[Path, int], Iterator[pa.RecordBatch]]
SEPARATED = {".csv": ",", ".tsv": "\t"}
FORMATS: dict[str, Format] = {".parquet": _parquet, ".json": _json, ".ndjson": _ndjson, ".jsonl": _ndjson}
PACKED = {".gz", ".bz2", ".zst"}


def _format(path: Path, text: TextFormat | None) -> Format:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in PACKED
    ending = suffixes[-2] if packed and len(suffixes) > 1 else suffixes[-1] if suffixes else ""
    separator = SEPARATED.get(ending)
    if separator is None and ending not in FORMATS and text is not None:
        separator = text.separator
    if separator is not None:
        return partial(_delimited, separator, text or TextFormat())
    if ending in FORMATS and text is not None:
        raise Invalid(f"{path.name} has no separator or encoding: it is not delimited text, such as CSV")
    if packed or ending not in FORMATS:
        raise Invalid(
            f"{path.name} is of no format that can be read",
            hint=f"known endings: {', '.join([*SEPARATED, *FORMATS])} (CSV and TSV also as"
            f" {', '.join(sorted(PACKED))}); separator= makes any other a delimited one",
        )
    return FORMATS[ending]
