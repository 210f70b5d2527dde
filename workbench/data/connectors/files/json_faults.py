"""What is wrong with JSON, in words: by line and row, and refused before a reader falls over it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from workbench.data.connectors.files.mistaken import LOOKED_AT, refuse_mistaken
from workbench.data.connectors.files.stores import File
from workbench.data.connectors.values import encodable, kind_of, shown
from workbench.foundation.errors import Invalid

__all__ = [
    "NoNumber",
    "check_rows",
    "deep_at",
    "has_halves",
    "no_number",
    "no_object",
    "not_json",
    "not_utf8",
    "parsed",
    "refuse_constant",
    "refuse_other",
    "sentence_of",
    "too_deep",
    "too_long",
    "unreadable",
]

_EDITOR = "open it in an editor"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
# Half of a character is written by its escape only; what follows a backslash of its own is looked at again.
_HALF = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
# So deep that Polars 1.44 overflows its stack, and the process ends.
_DEEP = re.compile(rb'(?:[\[{]\s*(?:"[^"\\]{0,100}"\s*:\s*)?){500}')
_ENDS = (b"]" * 8, b"}" * 8, b"]}" * 4, b"}]" * 4)  # quickly found, and not there in what is as flat as rows are


class NoNumber(ValueError):
    """What a computer writes for a number and JSON has no word for.

    Args:
        word: As it is written.
    """

    def __init__(self, word: str, said: str) -> None:
        super().__init__(said)
        self._word = word

    def place(self, text: str, start: int = 0) -> int:
        """Where in the text, from a place on, it stands."""
        found = re.compile(rf"[:\[,]\s*({re.escape(self._word)})\s*[,\]}}]").search(text, start)
        return found.start(1) if found else start


def refuse_other(file: File, kind: str) -> None:
    """
    Args:
        kind: What it should be: "JSON".

    Raises:
        Invalid: It is empty, or plainly something else.
    """
    with file.path.open("rb") as content:
        start = content.read(LOOKED_AT)
    if not start:
        raise Invalid(f"{file} is empty", hint="a list without rows is written []; fetch the file again")
    refuse_mistaken(file, start, kind)
    if start.startswith(_WIDE) or b"\0" in start:
        raise Invalid(f"{file} is not UTF-8 text; it may be UTF-16", hint="save it as UTF-8, as JSON is")


def deep_at(content: bytes) -> int | None:
    """Where it begins to be nested without end, if it is."""
    dense = content.translate(None, b" \t\r\n")
    if not any(ends in dense for ends in _ENDS):
        return None
    found = _DEEP.search(content)
    return found.start() if found else None


def has_halves(content: bytes) -> bool:
    """Whether halves of characters may be written in it."""
    return _HALF.search(content) is not None


def check_rows(file: File, values: Iterator[tuple[str, Any]]) -> None:
    """
    Args:
        values: Each with its place: "line 3".

    Raises:
        Invalid: What is wrong with the first one that something is wrong with.
    """
    try:
        for where, value in values:
            if not isinstance(value, dict):
                raise no_object(f"{file}, {where}", value)
            for name, inner in value.items():
                if not encodable(json.dumps([name, inner], ensure_ascii=False)):
                    raise Invalid(
                        f"{file}, {where}, column '{shown(name)}': half of a character (a lone \\ud800 or the like)",
                        hint="mend it in the source, which cut a text in two",
                    )
    except RecursionError:
        raise too_deep(f"{file}") from None


def parsed(file: File, content: bytes, *, first: int, last: bool) -> Any:
    """
    Args:
        first: The number of its first line.
        last: Whether the file ends with it, and may have been cut there.

    Raises:
        Invalid: It is no JSON; with its line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(file, first + content.count(b"\n", 0, error.start)) from error
    try:
        return json.loads(text, parse_constant=refuse_constant, parse_float=_number)
    except json.JSONDecodeError as error:
        cut = last and error.pos >= len(text.rstrip())
        place = f"{file}, line {first + error.lineno - 1}, character {error.colno}"
        raise not_json(place, error.msg, cut=cut) from error
    except NoNumber as error:
        line = first + text.count("\n", 0, error.place(text))
        raise no_number(f"{file}, line {line}", error) from error


def not_utf8(file: File, line: int) -> Invalid:
    return Invalid(f"{file}, line {line}: not UTF-8 text", hint="save it as UTF-8, as JSON is")


def not_json(place: str, said: str, *, cut: bool) -> Invalid:
    """
    Args:
        said: What the parser says.
        cut: Whether the file ends there.
    """
    hint = "it may be cut short; fetch it again" if cut else _EDITOR
    return Invalid(f"{place}: no JSON: {said[:1].lower()}{said[1:]}", hint=hint)


def no_number(place: str, error: NoNumber) -> Invalid:
    return Invalid(f"{place}: {error}", hint="write null where there is no number")


def no_object(place: str, value: Any) -> Invalid:
    return Invalid(
        f"{place}: {kind_of(value)} where an object should be", hint='a row is an object with its columns: {"a": 1}'
    )


def too_deep(place: str) -> Invalid:
    return Invalid(f"{place} is nested too deeply", hint=_EDITOR)


def too_long(place: str, longest: int) -> Invalid:
    return Invalid(f"{place}: it is longer than {longest:,} bytes, or does not end", hint=_EDITOR)


def unreadable(place: str, kind: str, said: str) -> Invalid:
    return Invalid(f"{place} cannot be read as {kind}: {said}", hint=_EDITOR)


def sentence_of(error: Exception) -> str:
    """The first line of what a library says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def refuse_constant(word: str) -> NoReturn:
    """
    Raises:
        NoNumber: Always: it is NaN or Infinity.
    """
    raise NoNumber(word, f"{word}, which is no number in JSON")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NoNumber(text, f"{text[:40]} is a larger number than there is one")
    return number
