"""JSON and newline-delimited JSON as rows, and what is wrong with it by line, in words."""

from __future__ import annotations

import json
import math
import mmap
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import polars as pl

from workbench.data.connectors.files.mistaken import LOOKED_AT, refuse_mistaken
from workbench.data.connectors.files.stores import File
from workbench.data.connectors.values import encodable, kind_of, shown
from workbench.foundation.errors import Invalid

__all__ = ["read_json", "read_lines"]

LARGEST_EXPLAINED = 200_000_000  # bytes of a file that is read a second time to say what is wrong with it
_WIDE = (b"\xff\xfe", b"\xfe\xff")
# Half of a character is written by its escape only; what follows a backslash of its own is looked at again.
_HALF = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
# So deep that Polars 1.44 overflows its stack, and the process ends.
_DEEP = re.compile(rb'(?:[\[{]\s*(?:"[^"\\]{0,100}"\s*:\s*)?){500}')
_ENDS = (b"]" * 8, b"}" * 8, b"]}" * 4, b"}]" * 4)  # quickly found, and not there in what is as flat as rows are
_NO_JSON = re.compile(r"[:\[,]\s*(-?Infinity|NaN)\b")


class _NoNumber(ValueError):
    """What a computer writes for a number and JSON has no word for."""


def read_json(file: File) -> pl.DataFrame:
    """The rows of a list of objects; one object is one row.

    Raises:
        Invalid: It is no JSON, with the line; or an element is no object.
    """
    return _read(file, "JSON", lambda: pl.read_json(file.path, infer_schema_length=None), _values_of_file)


def read_lines(file: File) -> pl.DataFrame:
    """The rows of a file that has an object on every line.

    Raises:
        Invalid: A line is no JSON, or no object.
    """
    kind = "newline-delimited JSON"
    return _read(file, kind, lambda: pl.read_ndjson(file.path, infer_schema_length=None), _values_of_lines)


def _read(
    file: File, kind: str, read: Callable[[], pl.DataFrame], values: Callable[[File], Iterator[tuple[str, Any]]]
) -> pl.DataFrame:
    halves = _look(file, kind)
    try:
        if halves:
            _explain(file, values)
        return _kept(file, read())
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        if file.path.stat().st_size <= LARGEST_EXPLAINED:
            _explain(file, values)
        sentence = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise Invalid(f"{file} cannot be read as {kind}: {sentence}", hint="open it in an editor") from error


def _look(file: File, kind: str) -> bool:
    """Refuses what is plainly something else; says whether halves of characters may be written in it."""
    if file.path.stat().st_size == 0:
        raise Invalid(f"{file} is empty", hint="a list without rows is written []; fetch the file again")
    with file.path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content[:LOOKED_AT]
        refuse_mistaken(file, start, kind)
        if start.startswith(_WIDE) or b"\0" in start:
            raise Invalid(f"{file} is not UTF-8 text; it may be UTF-16", hint="save it as UTF-8, as JSON is")
        if any(content.find(ends) >= 0 for ends in _ENDS) and _DEEP.search(content) is not None:
            raise Invalid(f"{file} is nested too deeply", hint="open it in an editor")
        return _HALF.search(content) is not None


def _kept(file: File, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as a dataset can have them: whole numbers beyond 64 bits are text, since a number loses digits."""
    for name in frame.columns:
        if "\0" in name:
            raise Invalid(f"{file}: the column name {shown(name)!r} has a NUL character", hint="rename the column")
    long = [name for name, kind in frame.schema.items() if kind in (pl.Int128, pl.UInt128)]
    for name, kind in frame.schema.items():
        if kind.is_nested() and "Int128" in str(kind):
            raise Invalid(
                f"{file}, column '{shown(name)}': a whole number beyond 64 bits within a list or an object",
                hint="write it as a text in the source",
            )
    return frame.with_columns(pl.col(long).cast(pl.String)) if long else frame


def _explain(file: File, values: Callable[[File], Iterator[tuple[str, Any]]]) -> None:
    """Reads it once more, value by value.

    Raises:
        Invalid: What is wrong with the first one that something is wrong with.
    """
    try:
        for where, value in values(file):
            if not isinstance(value, dict):
                raise Invalid(
                    f"{file}, {where}: {kind_of(value)} where an object should be",
                    hint='a row is an object with its columns: {"a": 1}',
                )
            for name, inner in value.items():
                if not encodable(json.dumps([name, inner], ensure_ascii=False)):
                    raise Invalid(
                        f"{file}, {where}, column '{shown(name)}': half of a character (a lone \\ud800 or the like)",
                        hint="mend it in the source, which cut a text in two",
                    )
    except RecursionError:
        raise Invalid(f"{file} is nested too deeply", hint="open it in an editor") from None


def _values_of_lines(file: File) -> Iterator[tuple[str, Any]]:
    with file.path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield f"line {number}", _parsed(file, line.rstrip(b"\r\n"), first=number, last=not line.endswith(b"\n"))


def _values_of_file(file: File) -> Iterator[tuple[str, Any]]:
    found = _parsed(file, file.path.read_bytes(), first=1, last=True)
    if not isinstance(found, list):
        found = [found]
    for number, value in enumerate(found, start=1):
        yield f"row {number}", value


def _parsed(file: File, content: bytes, *, first: int, last: bool) -> Any:
    """
    Args:
        first: The number of its first line.
        last: Whether the file ends with it, and may have been cut there.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = first + content.count(b"\n", 0, error.start)
        raise Invalid(f"{file}, line {line}: not UTF-8 text", hint="save it as UTF-8, as JSON is") from error
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_number)
    except json.JSONDecodeError as error:
        at = f"line {first + error.lineno - 1}, character {error.colno}"
        cut = last and error.pos >= len(text.rstrip())
        hint = "it may be cut short; fetch it again" if cut else "open it in an editor"
        said = error.msg[:1].lower() + error.msg[1:]
        raise Invalid(f"{file}, {at}: no JSON: {said}", hint=hint) from error
    except _NoNumber as error:
        found = _NO_JSON.search(text)
        line = first + text.count("\n", 0, found.start(1) if found else 0)
        raise Invalid(f"{file}, line {line}: {error}", hint="write null where there is no number") from error


def _no_number(word: str) -> NoReturn:
    raise _NoNumber(f"{word}, which is no number in JSON")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NoNumber(f"{text[:40]} is a larger number than there is one")
    return number
