"""Rows as an Arrow IPC stream: every type arrives as it left, and memory holds a few frames at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from pydantic import BaseModel

__all__ = ["MEDIA_TYPE", "Rows", "pieces"]

MEDIA_TYPE = "application/vnd.apache.arrow.stream"

END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""What a stream ends with. One without it was cut off, though readers of Arrow may take it for whole."""

HEAD = b"workbench"
"""The key of the schema's metadata below which stands what is said of the rows."""


@dataclass(frozen=True)
class Rows:
    """An answer that is rows.

    Attributes:
        head: What is said of them.
        frames: At least one, all of the same columns; computed when they are asked for.
    """

    head: BaseModel
    frames: Iterator[pl.DataFrame]


def pieces(rows: Rows) -> Iterator[bytes]:
    """The stream, a frame at a time. Its beginning comes with the first frame, so that what fails there can be told."""
    begun = False
    for frame in rows.frames:
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        said = [batch.serialize().to_pybytes() for batch in table.to_batches()]
        if not begun:
            head = {HEAD: rows.head.model_dump_json(by_alias=True).encode()}
            said.insert(0, table.schema.with_metadata(head).serialize().to_pybytes())
            begun = True
        yield b"".join(said)
    yield END
