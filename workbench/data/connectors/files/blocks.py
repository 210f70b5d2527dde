"""The text of a delimited file in blocks that end where a record does, so that each can be parsed by itself."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from workbench.data.connectors.files.scanning import count_of, one_of
from workbench.data.connectors.files.stores import File
from workbench.foundation.errors import Invalid

__all__ = ["BLOCK", "Block", "beginning", "blocks", "refuse_nul", "regular", "undecodable", "whole"]

BLOCK = 16 << 20  # what is larger is given back to the system whenever it is let go of, and had anew page by page
SMALL = 256_000_000  # bytes that any packed file may have unpacked
TIMES = 200  # and so many for each of its own: tables of text are rarely a tenth of that
_QUOTE = ord('"')
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Block:
    """Some records, in UTF-8.

    Attributes:
        lines: How many lines stand before it in the file.
        last: Whether the file ends with it.
    """

    content: bytes
    lines: int
    last: bool


def blocks(file: File, encoding: str, size: int) -> Iterator[Block]:
    """The file's text, at least one block; a record that is larger than a block is one.

    Args:
        size: Of a block in bytes, about.

    Raises:
        Invalid: It cannot be unpacked, unpacks without end, is not text of the encoding or has a NUL (names the line),
            or a quote stays open.
    """
    held, lines = b"", 0
    first = True
    for piece in _decoded(file, encoding, size):
        held += piece
        if len(held) < size:
            continue
        if (end := _end_of_records(held)) > 0:
            content, held, first = held[:end], held[end:], False
            refuse_nul(file, content, lines)
            yield Block(content, lines, last=False)
            lines += count_of(content, b"\n")
    if held or first:
        yield _last(file, held, lines)


def beginning(file: File, encoding: str, size: int) -> bytes:
    """The first so many bytes of it."""
    return next(_decoded(file, encoding, size), b"")[:size]


def whole(file: File, encoding: str) -> Block:
    """All of it at once."""
    return _last(file, b"".join(_decoded(file, encoding, BLOCK)), 0)


def refuse_nul(file: File, content: bytes, lines: int = 0) -> None:
    """
    Args:
        lines: How many lines stand before this text.

    Raises:
        Invalid: The text has a NUL character; names the line.
    """
    if (nul := content.find(b"\0")) >= 0:
        line = lines + content.count(b"\n", 0, nul) + 1
        raise Invalid(
            f"{file}, line {line}: a NUL character, which no text has",
            hint="it may be UTF-16 (encoding='utf-16-le', --encoding utf-16-le), damaged, or no text at all",
        )


def regular(content: bytes, delimiter: str) -> bool:
    """Whether quotes stand around whole fields and nowhere else, but for doubled ones inside.

    Only then a line break is the end of a record if there is an even number of quotes before it.
    """
    if b'"' not in content:
        return True
    text = np.frombuffer(content, np.uint8)
    quotes = np.flatnonzero(text == _QUOTE)
    edges = one_of(delimiter.encode() + b'"\r\n')
    opening, closing = quotes[::2], quotes[1::2]
    before, after = text[opening[opening > 0] - 1], text[closing[closing < len(text) - 1] + 1]
    return bool(edges[before].all() and edges[after].all())


def undecodable(file: File, content: bytes, encoding: str, lines: int = 0) -> Invalid:
    """The error that text is not of its encoding.

    Args:
        lines: How many lines stand before this text.
    """
    guess = "utf-16" if content.startswith(_WIDE) else "cp1252" if encoding == "utf-8" else "utf-8"
    hint = f"say its encoding: encoding='{guess}' in Python, --encoding {guess} on the command line"
    place = ""
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        newline = lines + content.count(b"\n", 0, error.start)
        place = f", line {newline + 1}"
    except UnicodeError:
        pass
    return Invalid(f"{file}{place}: not {encoding.upper()} text", hint=hint)


def _last(file: File, content: bytes, lines: int) -> Block:
    refuse_nul(file, content, lines)
    if content.count(b'"') % 2:
        raise Invalid(f"{file} has a quote that is opened and never closed", hint="it may be cut short; fetch it again")
    if not lines and b"\n" not in content and b"\r" not in content:
        content += b"\n"  # Arrow takes a header that no line ends for nothing at all
    return Block(content, lines, last=True)


def _end_of_records(content: bytes) -> int:
    """Where the last record ends that is whole; 0 where there is none."""
    end = content.rfind(b"\n")
    if end < 0 or count_of(memoryview(content)[:end], b'"') % 2 == 0:
        return end + 1
    quotes = np.flatnonzero(np.frombuffer(content, np.uint8) == _QUOTE)
    while end >= 0:
        before = int(np.searchsorted(quotes, end))
        if before % 2 == 0:
            return end + 1
        end = content.rfind(b"\n", 0, int(quotes[before - 1]))
    return 0


def _decoded(file: File, encoding: str, size: int) -> Iterator[bytes]:
    """The unpacked text in UTF-8, piece by piece."""
    plain = codecs.lookup(encoding).name == "utf-8"  # Arrow looks itself whether it is that
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, first = 0, True
    for packed in _unpacked(file, size):
        content = packed
        if plain and first:
            if content.startswith(_WIDE):
                raise undecodable(file, content, encoding)
            content = content.removeprefix(codecs.BOM_UTF8)
        elif not plain:
            content = _as_utf8(file, decoder, packed, encoding, lines, final=False)
            lines += content.count(b"\n")
        first = False
        yield content
    if not plain:
        yield _as_utf8(file, decoder, b"", encoding, lines, final=True)


def _as_utf8(
    file: File, decoder: codecs.IncrementalDecoder, packed: bytes, encoding: str, lines: int, *, final: bool
) -> bytes:
    try:
        return decoder.decode(packed, final).encode("utf-8")
    except UnicodeDecodeError as error:
        raise undecodable(file, bytes(error.object), encoding, lines) from error
    except UnicodeError as error:
        raise undecodable(file, packed, encoding, lines) from error


def _unpacked(file: File, size: int) -> Iterator[bytes]:
    packed = max(file.path.stat().st_size, 1)
    most, length = max(SMALL, packed * TIMES), 0
    with pa.input_stream(str(file.path), compression="detect") as stream:
        while True:
            try:
                content = stream.read(size)
            except (OSError, pa.ArrowInvalid) as error:
                raise Invalid(
                    f"{file} cannot be unpacked: {error}", hint="it may be cut short; fetch it again"
                ) from error
            if not content:
                return
            length += len(content)
            if length > most:
                raise Invalid(
                    f"{file} has {packed:,} bytes and unpacks to more than {most:,}, as a zip bomb does",
                    hint="if that is right, unpack it first",
                )
            yield content
