"""A file of JSON as blocks of rows, one a line, of which little more than one is in memory."""

from __future__ import annotations

import codecs
import io
import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from workbench.data.connectors.files.json_faults import (
    NoNumber,
    no_number,
    no_object,
    not_json,
    not_utf8,
    parsed,
    refuse_constant,
    too_deep,
    too_long,
    unreadable,
)
from workbench.data.connectors.files.stores import File

__all__ = ["Block", "blocks_of_lines", "blocks_of_list", "is_large", "is_list"]

BLOCK = 1 << 23
"""Bytes that are read at once; a file up to this is one block."""
LONGEST = 1 << 26
"""Bytes, or characters, that one row may have."""
NEAR = 16
"""So many characters before the end of what was read, something may only be cut."""
SPACE = " \t\n\r"
# A row of a list is put on one line; its breaks, which stand between values, are tabs then and still counted.
_ONE_LINE = str.maketrans("\t\r\n", "  \t")


@dataclass(frozen=True)
class Block:
    """Rows, one a line.

    Attributes:
        unit: What one of them is called: "row" of a list, "line".
        first: The number of the first, from 1.
        lines: The lines of the file in which they begin.
    """

    content: bytes
    unit: str
    first: int
    lines: Sequence[int]

    def values(self, file: File) -> Iterator[tuple[str, Any]]:
        """Each row as Python's parser reads it, with its place.

        Raises:
            Invalid: It is no JSON.
        """
        rows = self.content.split(b"\n")
        for at, (row, line) in enumerate(zip(rows, self.lines, strict=False)):
            if row.strip():
                written = row.replace(b"\t", b"\n") if self.unit == "row" else row.rstrip(b"\r")
                value = parsed(file, written, first=line, last=at == len(rows) - 1)
                yield f"{self.unit} {self.first + at}", value


def is_large(file: File) -> bool:
    """Whether it is more than one block."""
    return file.path.stat().st_size > BLOCK


def is_list(file: File) -> bool:
    """Whether it begins as a list does."""
    with file.path.open("rb") as content:
        start = content.read(1 << 16).removeprefix(codecs.BOM_UTF8)
    return start.lstrip()[:1] == b"["


def blocks_of_lines(file: File) -> Iterator[Block]:
    """
    Raises:
        Invalid: A line without an end, or none with anything in it.
    """
    first, empty = 1, True
    with file.path.open("rb") as content:
        while piece := content.read(BLOCK):
            if not piece.endswith(b"\n"):
                piece += content.readline(LONGEST)
            lines = piece.count(b"\n")
            if len(piece) >= LONGEST:
                raise too_long(f"{file}, line {first + lines}", LONGEST)
            if first == 1:
                piece = piece.removeprefix(codecs.BOM_UTF8)
            if piece.strip():
                empty = False
                yield Block(piece, "line", first, range(first, first + lines + 1))
            first += lines
            del piece  # let go of before the next is read
    if empty:
        raise unreadable(f"{file}", "newline-delimited JSON", "no line has anything in it")


def blocks_of_list(file: File) -> Iterator[Block]:
    """The objects of a list; Python's parser says where each ends.

    Raises:
        Invalid: It is no list of objects.
    """
    first = 1
    with file.path.open("rb") as content:
        if content.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            content.seek(0)
        rows = _rows(file, content)
        while (block := _next(rows, first)) is not None:
            first += len(block.lines)
            yield block
            del block  # let go of before the next is made


def _next(rows: Iterator[tuple[int, bytes]], first: int) -> Block | None:
    """The next of them, about a block; none at the end. Each by itself would take three times its text."""
    content, lines = io.BytesIO(), array("q")
    for line, row in rows:
        lines.append(line)
        content.write(row)
        if content.tell() >= BLOCK:
            break
    return Block(content.getvalue(), "row", first, lines) if lines else None


def _rows(file: File, content: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The objects of a list, each on a line of its own, with the number of the line where it begins."""
    text = _Text(file, content)
    text.skip("[")
    if text.peek() != "]":
        yield text.row()
        while text.peek() == ",":
            text.skip(",")
            yield text.row()
        if text.peek() != "]":
            raise text.wrong("Expecting ',' delimiter")
    text.skip("]")
    if text.peek():
        raise text.wrong("Extra data")


class _Text:
    """Text of a file, of which little more than the row that is looked at is in memory."""

    def __init__(self, file: File, content: BinaryIO) -> None:
        self._file = file
        self._content = content
        self._decode = codecs.getincrementaldecoder("utf-8")()
        self._parse = json.JSONDecoder(parse_constant=refuse_constant).raw_decode
        self._text = ""
        self._at = 0
        self._line, self._column = 1, 1  # of what is at
        self._ended = False
        self._row = 0

    def peek(self) -> str:
        """The next character that is no space; none at the end."""
        while True:
            for place in range(self._at, len(self._text)):
                if self._text[place] not in SPACE:
                    self._go(place)
                    return self._text[place]
            self._go(len(self._text))
            if not self._more(BLOCK):
                return ""

    def skip(self, mark: str) -> None:
        """Passes over a mark that was seen."""
        if self.peek() == mark:
            self._go(self._at + 1)

    def row(self) -> tuple[int, bytes]:
        """The next value, which has to be an object, and its line."""
        self._row += 1
        self.peek()
        while True:
            try:
                value, end = self._parse(self._text, self._at)
                break
            except RecursionError as error:
                raise too_deep(f"{self._file}, row {self._row}") from error
            except NoNumber as error:
                line, _ = self._place(error.place(self._text, self._at))
                raise no_number(f"{self._file}, row {self._row}, line {line}", error) from error
            except json.JSONDecodeError as error:
                here = len(self._text) - self._at
                if here > LONGEST:
                    raise too_long(f"{self._file}, row {self._row}", LONGEST) from error
                if not self._cut(error) or not self._more(max(BLOCK, here)):
                    raise self.wrong(error.msg, error.pos) from error
        if not isinstance(value, dict):
            raise no_object(f"{self._file}, row {self._row}", value)
        line, row = self._line, self._text[self._at : end].translate(_ONE_LINE)
        self._go(end)
        return line, f"{row}\n".encode()

    def wrong(self, said: str, place: int | None = None) -> Exception:
        """
        Args:
            place: Where in what was read; here without one.
        """
        at = self._at if place is None else place
        line, column = self._place(at)
        cut = self._ended and not self._text[at:].strip()
        where = f"{self._file}, row {self._row or 1}, line {line}, character {column}"
        return not_json(where, said, cut=cut)

    def _cut(self, error: json.JSONDecodeError) -> bool:
        """Whether more text may mend it: it is wrong at the end of what was read, or a string that goes on."""
        return error.msg.startswith("Unterminated") or len(self._text) - error.pos < NEAR

    def _more(self, size: int) -> bool:
        """Reads on, and drops what was looked at; whether there was more."""
        if self._ended:
            return False
        piece = self._content.read(size)
        self._ended = not piece
        held = self._decode.getstate()[0]
        try:
            added = self._decode.decode(piece, final=self._ended)
        except UnicodeDecodeError as error:
            line, _ = self._place(len(self._text))
            raise not_utf8(self._file, line + (held + piece).count(b"\n", 0, error.start)) from error
        if self._ended:
            return False
        self._text = self._text[self._at :] + added
        self._at = 0
        return True

    def _go(self, place: int) -> None:
        self._line, self._column = self._place(place)
        self._at = place

    def _place(self, place: int) -> tuple[int, int]:
        """The line of a place that is not behind the one that is at, and the character in it."""
        breaks = self._text.count("\n", self._at, place)
        if breaks:
            return self._line + breaks, place - self._text.rfind("\n", self._at, place)
        return self._line, self._column + place - self._at
