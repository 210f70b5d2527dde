"""A number that stands for the content of rows, whatever their order; ours, so that no library's update changes it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import polars as pl

__all__ = ["mark"]


def mark(rows: pl.DataFrame, by: Sequence[str] = ()) -> int:
    """A number from 0 to 2**63 - 1 that changes when a column, a type or a value does.

    Args:
        rows: The rows; whole columns are hashed at once.
        by: Columns to put the rows in order by; those that tell them apart are enough. By default all.
    """
    rows = rows.sort(list(by) or rows.columns, maintain_order=True) if rows.width else rows
    found = blake2b(digest_size=8)
    for name, dtype in rows.schema.items():
        found.update(f"{name}\0{dtype}\0{rows.height}\0".encode())
        missing = rows[name].is_null()
        found.update(np.packbits(missing.to_numpy()).tobytes() if missing.any() else b"whole")
        for part in _buffers(rows[name]):
            found.update(part)
    return int.from_bytes(found.digest(), "big") >> 1


def _buffers(column: pl.Series) -> list[bytes]:
    dtype = column.dtype
    if dtype.is_integer() or dtype == pl.Boolean:
        return [column.fill_null(0 if dtype.is_integer() else False).to_numpy().tobytes()]
    if dtype.is_float():
        whole = column.fill_null(0.0).fill_nan(float("nan")).to_numpy() + 0.0  # one bit pattern for NaN, one for zero
        return [whole.tobytes()]
    if dtype.is_temporal():
        return [column.to_physical().fill_null(0).to_numpy().tobytes()]
    text = (column if dtype == pl.String else _written(column)).fill_null("")
    lengths = text.str.len_bytes().to_numpy().tobytes()
    return [lengths, "".join(text.to_list()).encode()]


def _written(column: pl.Series) -> pl.Series:
    if column.dtype.is_decimal():
        return column.cast(pl.String)
    return pl.Series(column.name, [None if value is None else repr(value) for value in column.to_list()], pl.String)
