"""Rows that were loaded already, told by what is in them: a number each, the same in every version of every library."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl

__all__ = ["Seen", "numbers"]


class Seen:
    """Which rows were loaded, and how often each."""

    def __init__(self, counted: Mapping[int, int]) -> None:
        self._counted = dict(counted)

    @classmethod
    def kept(cls, text: str) -> Seen:
        """As `text` wrote it down."""
        return cls(Counter(np.frombuffer(base64.b64decode(text), dtype="<u8").tolist()))

    @staticmethod
    def text(found: list[int]) -> str:
        return base64.b64encode(np.array(sorted(found), dtype="<u8").tobytes()).decode("ascii")

    def __len__(self) -> int:
        return len(self._counted)

    def taken(self, found: list[int]) -> list[bool]:
        """Whether each of some rows is one of those; each counts once."""
        told = []
        for number in found:
            left = self._counted.get(number, 0)
            if left:
                self._counted[number] = left - 1
            told.append(left > 0)
        return told


def numbers(rows: pl.DataFrame) -> list[int]:
    """A number per row, by its values. A null says nothing, so that a column that comes later changes no row."""
    names = sorted(rows.columns)
    found = []
    for values in rows.select(names).iter_rows():
        said = "\0".join(
            f"{name}\1{_written(value)}" for name, value in zip(names, values, strict=True) if value is not None
        )
        found.append(int.from_bytes(blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"))
    return found


def _written(value: Any) -> str:
    match value:
        case bool():
            return f"b{value}"
        case float():
            return f"n{int(value)}" if value.is_integer() else f"n{value!r}"
        case int():
            return f"n{value}"
        case Decimal():
            return f"n{value.normalize():f}"
        case datetime():
            return f"t{value.astimezone(UTC).isoformat()}" if value.tzinfo else f"t{value.isoformat()}"
        case date():
            return f"d{value.isoformat()}"
        case str():
            return f"s{value}"
        case bytes():
            return f"x{value.hex()}"
        case _:
            return f"o{value!r}"
