"""Looks at the bytes of a text, a piece at a time, so that what is compared stays in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

__all__ = ["PIECE", "count_of", "maybe_zeros", "one_of"]

PIECE = 1 << 17
_BEFORE, _AFTER = 2, 1  # bytes around a zero that say whether a number begins with it

Bytes = npt.NDArray[np.uint8]
Is = npt.NDArray[np.bool_]


def count_of(content: bytes | memoryview, byte: bytes) -> int:
    """How often a byte is there: three times as quick as `bytes.count` for one that is there often."""
    return sum(int(np.count_nonzero(piece == ord(byte))) for piece in _pieces(content))


def maybe_zeros(content: bytes, delimiter: str) -> bool:
    """Whether a field may begin with a zero and a digit; to look is quicker than to read columns twice."""
    edges = one_of(b'\r\n" \t' + delimiter.encode())
    start = np.frombuffer(b"\n" * _BEFORE + content[: _BEFORE + _AFTER], np.uint8)
    return _has_zeros(start, delimiter, edges) or any(
        _has_zeros(piece, delimiter, edges) for piece in _pieces(content, over=_BEFORE + _AFTER)
    )


def _has_zeros(text: Bytes, delimiter: str, edges: Is) -> bool:
    # What stands before is an edge or a sign, and all of these but delimiters are small numbers: few zeros are left.
    edge = text <= ord('"')
    edge |= text == ord(delimiter)
    sign = (text - np.uint8(ord("+"))) <= ord("-") - ord("+")
    likely = sign[1:-2] & edge[:-3]
    likely |= edge[1:-2]
    likely &= text[2:-1] == ord("0")
    at = np.flatnonzero(likely) + _BEFORE
    at = at[_DIGITS[text[at + 1]]]
    return bool((edges[text[at - 1]] | (_SIGNS[text[at - 1]] & edges[text[at - 2]])).any())


def one_of(some: bytes) -> Is:
    """For each byte whether it is one of these."""
    found = np.zeros(256, bool)
    found[list(some)] = True
    return found


def _pieces(content: bytes | memoryview, over: int = 0) -> Iterator[Bytes]:
    """
    Args:
        over: So many bytes of the next piece are at the end of each.
    """
    text = np.frombuffer(content, np.uint8)
    for begin in range(0, len(text), PIECE):
        yield text[begin : begin + PIECE + over]


_DIGITS, _SIGNS = one_of(b"0123456789xX"), one_of(b"+-")
