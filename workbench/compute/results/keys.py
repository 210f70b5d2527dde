"""What a result is kept by: a digest of all that it depends on, and of nothing else.

That is the analysis as data, the rows as they are said to whoever computes them (files, which are written once and
never changed, what a policy and joins do to them, rows in memory) and the code. Two questions of one key have one
answer, so a kept result is never stale, and never holds what another role sees. Which engine computes is no part of it.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from pydantic import BaseModel

from workbench.compute.model import Analysis
from workbench.compute.parts import Late, Parts

__all__ = ["code_of", "key_of"]

# Only what is of this package: `code_of` knows no other code, whose next version might compute something else.
_OURS = "workbench."
_SIZE = 20


class _Unknown(Exception):
    """Something that a result depends on cannot be told from other such things."""


def key_of(analysis: Analysis, parts: Parts, code: str) -> str | None:
    """The key: 40 hexadecimal digits; None where it cannot be said what the result depends on.

    Args:
        code: Another text for other code, such as `code_of` gives.
    """
    digest = _Digest()
    try:
        digest.add((code, pl.__version__, analysis, parts.parts, parts.by_subject))
    except _Unknown:
        return None
    return digest.hexdigest()


def code_of(folders: Iterable[Path]) -> str:
    """A digest of the Python files in folders: what they compute may change with any of them."""
    digest = hashlib.blake2b(digest_size=_SIZE)
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


class _Digest:
    """Of values: each with its kind and its length before it, so that no two values look alike."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=_SIZE)
        self._known: dict[int, bytes] = {}
        self._held: list[Any] = []  # so that no other value gets the id of one that is known

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def add(self, value: Any) -> None:
        """
        Raises:
            _Unknown: A value of a kind that is not known here.
        """
        match value:
            case None | bool() | int() | Decimal() | timedelta() | time():
                self._put(type(value).__name__, repr(value).encode())
            case Enum():
                self._put("enum", f"{_named(value)}.{value.name}".encode())
            case str():
                self._put("str", value.encode("utf-8", "surrogatepass"))
            case float():
                self._put("float", struct.pack("<d", value))
            case bytes():
                self._put("bytes", value)
            case datetime():
                self._put("datetime", f"{value.isoformat()} {value.tzinfo} {value.fold}".encode())
            case date():
                self._put("date", value.isoformat().encode())
            case pl.DataType():
                self._put("dtype", repr(value).encode())
            case tuple() if value and all(type(one) is str for one in value):  # the paths of files: many
                self._put("texts", repr(value).encode("utf-8", "surrogatepass"))
            case tuple() | list():
                self._several("several", value)
            case set() | frozenset():
                self._put("set", b"".join(sorted(_digest_of(one) for one in value)))
            case Mapping():
                self._mapping(value)
            case pl.Series():
                self._put("series", _written(value.to_frame()))
            case pl.DataFrame():
                self._put("frame", _written(value))
            case pl.LazyFrame():
                self._put("plan", _serialized(value))
            case Late():
                self._several("late", (value.identity,))
            case BaseModel():
                self._several(_named(value), [(name, getattr(value, name)) for name in type(value).model_fields])
            case _ if is_dataclass(value) and not isinstance(value, type):
                self._several(_named(value), [(one.name, getattr(value, one.name)) for one in fields(value)])
            case _:
                raise _Unknown(type(value))

    def _several(self, kind: str, values: Iterable[Any]) -> None:
        values = tuple(values)
        self._put(kind, str(len(values)).encode())
        for value in values:
            self.add(value)

    def _mapping(self, value: Mapping[Any, Any]) -> None:
        """Parts have one schema object in common: it is looked at once."""
        found = self._known.get(id(value))
        if found is None:
            inner = _Digest()
            inner._several("mapping", value.items())
            found = self._known[id(value)] = inner._digest.digest()
            self._held.append(value)
        self._put("mapping", found)

    def _put(self, kind: str, said: bytes) -> None:
        self._digest.update(f"{kind}:{len(said)}:".encode())
        self._digest.update(said)


def _digest_of(value: Any) -> bytes:
    digest = _Digest()
    digest.add(value)
    return digest._digest.digest()


def _named(value: Any) -> str:
    kind = type(value)
    if not kind.__module__.startswith(_OURS):
        raise _Unknown(kind)
    return f"{kind.__module__}.{kind.__qualname__}"


def _written(frame: pl.DataFrame) -> bytes:
    """The same bytes for the same values: Arrow's own writer leaves out what says that nothing is missing."""
    into = io.BytesIO()
    try:
        table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        with pa.ipc.new_stream(into, table.schema) as stream:
            stream.write_table(table)
    except (pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise _Unknown(frame.schema) from error
    return into.getvalue()


def _serialized(plan: pl.LazyFrame) -> bytes:
    try:
        return plan.serialize()
    except (pl.exceptions.PolarsError, TypeError, AttributeError) as error:
        raise _Unknown(type(plan)) from error
