"""CSV and TSV, strictly: types from the whole file, and an error that names the line."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc

from workbench.foundation.errors import Invalid

__all__ = ["read_delimited"]

NULLS = ["", "NA"]
LARGEST_BLOCK = 1 << 30  # types come from one block, and Arrow's block length is a 32-bit number


def read_delimited(path: Path, delimiter: str) -> pa.Table:
    """Reads a whole file with a header line.

    Empty fields and `NA` are null. A column is a whole number, a number, a boolean, a date or a timestamp if all its
    values are, else text; without any value it is text. Timestamps with an offset are in UTC. Times of day stay text.

    Raises:
        Invalid: Empty, a line with too few or too many fields, an open quote, text that is not UTF-8; names the line.
    """
    with pa.input_stream(str(path), compression="detect") as stream:
        try:
            content = stream.read()
        except (OSError, pa.ArrowInvalid) as error:
            raise Invalid(f"{path} cannot be unpacked: {error}", hint="it may be cut short; fetch it again") from error
    if content.count(b'"') % 2:
        raise Invalid(f"{path} has a quote that is opened and never closed", hint="it may be cut short; fetch it again")
    table = _parse(path, content, delimiter, {})
    as_text = {field.name: pa.string() for field in table.schema if pa.types.is_time(field.type)}
    if any(pa.types.is_binary(field.type) for field in table.schema):
        raise _not_utf8(path, content)
    return _parse(path, content, delimiter, as_text) if as_text else table


def _parse(path: Path, content: bytes, delimiter: str, types: dict[str, pa.DataType]) -> pa.Table:
    try:
        return _attempt(content, delimiter, types, threads=True)
    except pa.ArrowInvalid:
        pass
    try:  # one thread, because only then does Arrow know the row's number
        return _attempt(content, delimiter, types, threads=False)
    except pa.ArrowInvalid as error:
        raise _explained(path, content, error) from error


def _attempt(content: bytes, delimiter: str, types: dict[str, pa.DataType], *, threads: bool) -> pa.Table:
    return pc.read_csv(
        pa.BufferReader(content),
        read_options=pc.ReadOptions(block_size=min(len(content) + 1, LARGEST_BLOCK), use_threads=threads),
        parse_options=pc.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            null_values=NULLS, strings_can_be_null=True, quoted_strings_can_be_null=False, column_types=types
        ),
    )


def _explained(path: Path, content: bytes, error: pa.ArrowInvalid) -> Invalid:
    text = str(error)
    if "Empty CSV" in text:
        return Invalid(f"{path} is empty", hint="its first line must name the columns")
    counts = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", text)
    if counts:
        row, expected, found = counts.groups()
        one_line_per_row = b'"' not in content and b"\n\n" not in content and b"\r\n\r\n" not in content
        place = f"line {row}" if one_line_per_row else f"record {row} (the header is 1)"
        return Invalid(
            f"{path}, {place}: {found} fields where the header has {expected}",
            hint="mend or remove that line, or fetch the file again if it is the last one",
        )
    return Invalid(f"{path} cannot be read as CSV: {text.splitlines()[0]}", hint="open it in an editor")


def _not_utf8(path: Path, content: bytes) -> Invalid:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Invalid(f"{path}, line {line}: not UTF-8 text", hint="save the file as UTF-8")
    return Invalid(f"{path} holds bytes that are not text", hint="save the file as UTF-8")
