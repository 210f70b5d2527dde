"""What a file's ending says: how its rows are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.data.connectors.files.delimited import TextFormat, read_delimited
from workbench.data.connectors.files.excel import read_sheet
from workbench.data.connectors.files.json_rows import read_json, read_lines
from workbench.data.connectors.files.mistaken import LOOKED_AT, refuse_mistaken
from workbench.data.connectors.files.options import FileOptions
from workbench.data.connectors.files.stores import File
from workbench.foundation.errors import Invalid

__all__ = ["EXCEL", "FORMATS", "SEPARATED", "Format", "format_of"]

Read = Callable[[File, int, Collection[str]], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Format:
    """How files of one kind are read.

    Attributes:
        read: From a file, the most rows of a batch, and the columns that are to stay the text they are written as.
        written: Whether values are written as text, so that these columns can be had.
        schema: The columns without the rows, where the file says so.
    """

    read: Read
    written: bool = False
    schema: Callable[[File], pa.Schema] | None = None


def _parquet(file: File, batch_rows: int, _as_text: Collection[str]) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(file.path, page_checksum_verification=True) as opened:
            seen = False
            for batch in opened.iter_batches(batch_size=batch_rows):
                seen = True
                yield batch
            if not seen:
                yield from opened.schema_arrow.empty_table().to_batches(batch_rows) or [_empty(opened.schema_arrow)]
    except (pa.ArrowInvalid, OSError) as error:
        raise _no_parquet(file, error) from error


def _parquet_schema(file: File) -> pa.Schema:
    try:
        return pq.read_schema(file.path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _no_parquet(file, error) from error


def _no_parquet(file: File, error: Exception) -> Exception:
    if isinstance(error, PermissionError | FileNotFoundError):
        return error
    with file.path.open("rb") as content:
        start = content.read(LOOKED_AT)
    if not start:
        return Invalid(f"{file} is empty", hint="a Parquet file without rows still has its columns; fetch it again")
    if not start.startswith(b"PAR1"):
        refuse_mistaken(file, start, "Parquet")
    return Invalid(f"{file} cannot be read as Parquet: {_sentence(error)}", hint="it may be cut short; fetch it again")


def _json(
    read: Callable[[File, int], Iterator[pa.RecordBatch]], file: File, batch_rows: int, _as_text: Collection[str]
) -> Iterator[pa.RecordBatch]:
    return read(file, batch_rows)


def _excel(options: FileOptions, file: File, batch_rows: int, as_text: Collection[str]) -> Iterator[pa.RecordBatch]:
    return read_sheet(file, options.sheet, options.header, batch_rows, as_text)


def _delimited(
    separator: str, text: TextFormat, file: File, batch_rows: int, as_text: Collection[str]
) -> Iterator[pa.RecordBatch]:
    return read_delimited(file, separator, text, as_text, batch_rows=batch_rows)


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


def _sentence(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


EXCEL = (".xlsx", ".xlsm")
SEPARATED = {".csv": ",", ".tsv": "\t"}
FORMATS: dict[str, Format] = {
    ".parquet": Format(_parquet, schema=_parquet_schema),
    ".json": Format(partial(_json, read_json)),
    ".ndjson": Format(partial(_json, read_lines)),
    ".jsonl": Format(partial(_json, read_lines)),
}
PACKED = {".gz", ".bz2", ".zst"}


def format_of(name: str, options: FileOptions) -> Format:
    """
    Args:
        name: The file's name or path.

    Raises:
        Invalid: A file of no known format, or one that is not delimited text and is said to be.
    """
    text = options.text
    path = PurePosixPath(name)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in PACKED
    ending = suffixes[-2] if packed and len(suffixes) > 1 else suffixes[-1] if suffixes else ""
    separator = SEPARATED.get(ending)
    typed = ending in FORMATS or ending in EXCEL
    if separator is None and not typed and text is not None:
        separator = text.separator
    if (ending not in EXCEL or packed) and options.model_fields_set & {"sheet", "header"}:
        raise Invalid(f"{path.name} has no sheet and no row of a header: it is no Excel workbook")
    if separator is not None:
        return Format(partial(_delimited, separator, text or TextFormat()), written=True)
    if typed and text is not None:
        raise Invalid(f"{path.name} has no separator or encoding: it is not delimited text, such as CSV")
    if ending in EXCEL and not packed:
        return Format(partial(_excel, options))
    if packed or ending not in FORMATS:
        raise Invalid(
            f"{path.name} is of no format that can be read",
            hint=f"known endings: {', '.join([*SEPARATED, *FORMATS, *EXCEL])} (CSV and TSV also as"
            f" {', '.join(sorted(PACKED))}); separator= makes any other a delimited one",
        )
    return FORMATS[ending]
