"""JSON: a list of objects, or one object a line. A large file is read twice, block by block: for columns, for rows.

A column is what all its values are, wherever they stand: what a whole file that fits one block would have it be.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl
import pyarrow as pa

from workbench.data.connectors.files.stores import File
from workbench.foundation.errors import Invalid

__all__ = ["read_json", "read_lines"]

BLOCK = 1 << 24
"""Bytes that are read at once; a file up to this is read whole."""
LONGEST = 1 << 26
"""Bytes, or characters, that one row may have."""
NEAR = 16
"""So many characters before the end of what was read, something may only be cut."""
SPACE = " \t\n\r"


@dataclass(frozen=True)
class _Block:
    """Rows, one a line.

    Attributes:
        first: The number of the first, from 1.
    """

    content: bytes
    first: int


def read_json(file: File, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The objects of a list; of a single object, that one.

    Raises:
        Invalid: It cannot be read as JSON; says at which row, where there is more than a block of it.
    """
    if _large(file) and _begins_a_list(file):
        return _in_blocks(file, lambda: _of_list(file), "JSON", "row", batch_rows)
    return _whole(file, "JSON", lambda: pl.read_json(file.path, infer_schema_length=None), batch_rows)


def read_lines(file: File, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """
    Raises:
        Invalid: It cannot be read as such; says at which line, where there is more than a block of it.
    """
    kind = "newline-delimited JSON"
    if _large(file):
        return _in_blocks(file, lambda: _of_lines(file), kind, "line", batch_rows)
    return _whole(file, kind, lambda: pl.read_ndjson(file.path, infer_schema_length=None), batch_rows)


def _whole(file: File, kind: str, read: Callable[[], pl.DataFrame], batch_rows: int) -> Iterator[pa.RecordBatch]:
    try:
        table = read().to_arrow()
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise _unreadable(f"{file}", kind, error) from error
    yield from table.to_batches(batch_rows) or [_empty(table.schema)]


def _in_blocks(
    file: File, blocks: Callable[[], Iterator[_Block]], kind: str, unit: str, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    schema = _schema(file, blocks(), kind, unit)
    seen = False
    for block in blocks():
        table = _frame(file, block, kind, unit, schema).to_arrow()
        for batch in table.to_batches(batch_rows):
            seen = True
            yield batch
    if not seen:
        yield _empty(pl.DataFrame(schema=schema).to_arrow().schema)


def _schema(file: File, blocks: Iterator[_Block], kind: str, unit: str) -> pl.Schema:
    """The columns of all blocks, each of a type that has the values of all."""
    known = pl.DataFrame()
    for block in blocks:
        found = _frame(file, block, kind, unit).clear()
        try:
            known = pl.concat([known, found], how="diagonal_relaxed") if known.width else found
        except pl.exceptions.PolarsError as error:
            place = f"{file}, {unit}s {block.first} and later"
            raise Invalid(
                f"{place}: values of another kind than before: {_sentence(error)}", hint="open it in an editor"
            ) from error
    return known.schema


def _frame(file: File, block: _Block, kind: str, unit: str, schema: pl.Schema | None = None) -> pl.DataFrame:
    try:
        return _read(block.content, schema)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        row = block.first + _shortest_wrong(block.content.split(b"\n"), schema) - 1
        raise _unreadable(f"{file}, {unit} {row}", kind, error) from error


def _read(content: bytes, schema: pl.Schema | None) -> pl.DataFrame:
    if schema is not None:
        return pl.read_ndjson(io.BytesIO(content), schema=schema)
    return pl.read_ndjson(io.BytesIO(content), infer_schema_length=None)


def _shortest_wrong(lines: list[bytes], schema: pl.Schema | None) -> int:
    """So many of the lines can just not be read together, in which the last is the one that is wrong."""
    good, wrong = 0, len(lines)
    while wrong - good > 1:
        middle = (good + wrong) // 2
        try:
            _read(b"\n".join(lines[:middle]), schema)
            good = middle
        except (pl.exceptions.PolarsError, UnicodeDecodeError):
            wrong = middle
    return wrong


def _of_lines(file: File) -> Iterator[_Block]:
    first = 1
    with file.path.open("rb") as content:
        while piece := content.read(BLOCK):
            if not piece.endswith(b"\n"):
                piece += content.readline(LONGEST)
            if len(piece) >= LONGEST:
                raise _too_long(file, "line", first + piece.count(b"\n"))
            lines = piece.count(b"\n")
            if piece.strip():
                yield _Block(piece.removeprefix(codecs.BOM_UTF8) if first == 1 else piece, first)
            first += lines


def _of_list(file: File) -> Iterator[_Block]:
    first = 1
    with file.path.open("rb") as content:
        objects = _objects(file, content)
        while gathered := _some(objects):
            yield _Block(b"".join(gathered), first)
            first += len(gathered)


def _some(objects: Iterator[bytes]) -> list[bytes]:
    """The next of them, about a block."""
    gathered: list[bytes] = []
    size = 0
    for one in objects:
        gathered.append(one)
        size += len(one)
        if size >= BLOCK:
            break
    return gathered


def _objects(file: File, content: BinaryIO) -> Iterator[bytes]:
    """The values of a list, each on a line of its own; Python's parser says where each ends."""
    text = _Text(file, content)
    text.skip("[")
    if text.peek() == "]":
        text.skip("]")
        return
    while True:
        yield text.value()
        if text.peek() != ",":
            break
        text.skip(",")
    text.skip("]")
    if text.peek():
        raise text.wrong("something behind the list's end")


class _Text:
    """Text of a file, of which little more than the value that is looked at is in memory."""

    def __init__(self, file: File, content: BinaryIO) -> None:
        self._file = file
        self._content = content
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._parse = json.JSONDecoder(parse_constant=_no_constant).raw_decode
        self._text = ""
        self._at = 0
        self._ended = False
        self._row = 0

    def peek(self) -> str:
        """The next character that is no space; none at the end."""
        while True:
            for place in range(self._at, len(self._text)):
                if self._text[place] not in SPACE:
                    self._at = place
                    return self._text[place]
            self._at = len(self._text)
            if not self._more(BLOCK):
                return ""

    def skip(self, mark: str) -> None:
        """
        Raises:
            Invalid: Something else comes.
        """
        if (found := self.peek()) != mark:
            raise self.wrong(f"{found!r} where {mark!r} should be" if found else "it ends early")
        self._at += 1

    def value(self) -> bytes:
        """The next one, which has to be an object."""
        self._row += 1
        if (found := self.peek()) != "{":
            raise self.wrong(f"{found!r} where an object should begin" if found else "it ends early")
        while True:
            try:
                _, end = self._parse(self._text, self._at)
                break
            except (ValueError, RecursionError) as error:
                here = len(self._text) - self._at
                if here > LONGEST:
                    raise _too_long(self._file, "row", self._row) from error
                if not self._cut(error) or not self._more(max(BLOCK, here)):
                    raise self.wrong(_sentence(error)) from error
        made = self._text[self._at : end].replace("\n", " ").replace("\r", " ")  # between values: inside it is \n
        self._at = end
        return f"{made}\n".encode()

    def _cut(self, error: Exception) -> bool:
        """Whether more text may mend it: it is wrong at the end of what was read, or a string that goes on."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        return error.msg.startswith("Unterminated") or len(self._text) - error.pos < NEAR

    def wrong(self, what: str) -> Invalid:
        return _unreadable(f"{self._file}, row {max(self._row, 1)}", "JSON", ValueError(what))

    def _more(self, size: int) -> bool:
        """Reads on, and drops what was looked at; whether there was more."""
        if self._ended:
            return False
        piece = self._content.read(size)
        self._ended = not piece
        try:
            added = self._decode.decode(piece, final=self._ended)
        except UnicodeDecodeError as error:
            raise self.wrong(f"it is not UTF-8: {_sentence(error)}") from error
        self._text = self._text[self._at :] + added
        self._at = 0
        return not self._ended


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _large(file: File) -> bool:
    return file.path.stat().st_size > BLOCK


def _begins_a_list(file: File) -> bool:
    with file.path.open("rb") as content:
        start = content.read(1 << 16).removeprefix(codecs.BOM_UTF8)
    return start.lstrip()[:1] == b"["


def _too_long(file: File, unit: str, row: int) -> Invalid:
    return Invalid(
        f"{file}, {unit} {row}: it is longer than {LONGEST:,} bytes, or does not end", hint="open it in an editor"
    )


def _unreadable(place: str, kind: str, error: Exception) -> Invalid:
    return Invalid(f"{place} cannot be read as {kind}: {_sentence(error)}", hint="open it in an editor")


def _sentence(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], kind) for kind in schema.types], schema=schema)
