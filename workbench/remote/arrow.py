"""Reading a stream of rows: whole, or an error."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from workbench.foundation.errors import Unavailable

__all__ = ["MEDIA_TYPE", "RowStream"]

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""What a stream ends with. Readers of Arrow take one that was cut off between two batches for whole."""

_DAMAGED = (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


class RowStream:
    """Rows as they arrive.

    Attributes:
        head: What the server says of them.
        schema: Their columns.
    """

    def __init__(self, chunks: Iterator[bytes], what: str) -> None:
        """
        Args:
            chunks: The stream, cut anywhere.
            what: Whose rows, for errors: "the rows of 'flights'".

        Raises:
            Unavailable: It is no stream, or it was cut off or damaged at once.
        """
        self._what = what
        self._body = _Body(chunks)
        self._file = io.BufferedReader(self._body, 1 << 20)  # gives as many bytes as Arrow asks for, or the end
        try:
            self._reader = pa.ipc.open_stream(self._file)
            said = (self._reader.schema.metadata or {}).get(b"workbench", b"{}")
            self.head: dict[str, Any] = json.loads(said)
            self._reader.schema.names  # noqa: B018 (fails here where one is damaged; Polars would panic)
            self._none = _frame(self._reader.schema.remove_metadata().empty_table())
        except _DAMAGED as error:
            raise self._cut_off() from error
        self.schema = self._none.schema

    def frames(self) -> Iterator[pl.DataFrame]:
        """Frame after frame, at least one.

        Raises:
            Unavailable: The stream was cut off or damaged.
        """
        batch = None
        try:
            for batch in self._reader:
                batch.validate(full=True)  # Polars would take damaged offsets at their word
                yield _frame(batch)
        except _DAMAGED as error:
            raise self._cut_off() from error
        while self._file.read(1 << 20):
            pass
        if self._body.last != END:
            raise self._cut_off()
        if batch is None:
            yield self._none

    def frame(self) -> pl.DataFrame:
        """All rows.

        Raises:
            Unavailable: The stream was cut off; then there are none.
        """
        return pl.concat(self.frames(), rechunk=False)

    def _cut_off(self) -> Unavailable:
        return Unavailable(
            f"{self._what} were cut off before all had come", hint="ask again; the server's log says why"
        )


class _Body(io.RawIOBase):
    """Chunks as a file.

    Attributes:
        last: The bytes that were read last, as many as an end mark has.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")
        self.last = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self.last = (self.last + bytes(self._left[max(0, count - len(END)) : count]))[-len(END) :]
        self._left = self._left[count:]
        return count


def _frame(table: pa.Table | pa.RecordBatch) -> pl.DataFrame:
    made = pl.from_arrow(table)
    assert isinstance(made, pl.DataFrame), "a table is no single column"
    return made
