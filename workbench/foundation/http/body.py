"""The body of an answer, unpacked, and never more of it than agreed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from workbench.foundation.errors import Invalid

__all__ = ["BrokenOff", "unpacked"]

_GZIP = 16 + zlib.MAX_WBITS


class BrokenOff(Exception):
    """The body ends before its end."""


def unpacked(chunks: Iterable[bytes], encoding: str, most: int, shown: str) -> bytes:
    """
    Args:
        encoding: Of the body, as the answer's `Content-Encoding` says it.
        most: Bytes.
        shown: The address, for errors.

    Raises:
        Invalid: There is more of it, it is packed otherwise than with gzip, or what is said to be gzip is not.
        BrokenOff: It was cut short.
    """
    match encoding.strip().lower():
        case "" | "identity":
            parts: Iterable[bytes] = chunks
        case "gzip" | "x-gzip":
            parts = _of_gzip(chunks, most, shown)
        case other:
            raise Invalid(f"{shown} answers packed with {other}, which was not asked for")
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > most:
            raise Invalid(
                f"{shown} answers with more than {most / 1e6:,.0f} MB",
                hint="ask for less at once: smaller pages, or a filter",
            )
    return bytes(body)


def _of_gzip(chunks: Iterable[bytes], most: int, shown: str) -> Iterator[bytes]:
    """Never more than `most` bytes and one from one step: a few kilobytes may stand for gigabytes."""
    packer = zlib.decompressobj(_GZIP)
    begun = False
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if packer.eof:  # gzip files may follow one another
                    packer = zlib.decompressobj(_GZIP)
                begun = True
                yield packer.decompress(rest, most + 1)
                rest = packer.unconsumed_tail or packer.unused_data
    except zlib.error as error:
        raise Invalid(f"{shown} says that its answer is packed with gzip, and it is not: {error}") from error
    if begun and not packer.eof:
        raise BrokenOff
