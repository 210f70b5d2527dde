"""Rows that wait on disk until something is known of all of them."""

from __future__ import annotations

import errno
import io
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

import pyarrow as pa

from workbench.foundation.errors import Unavailable

__all__ = ["Spool"]


class Spool:
    """Batches of rows in a file without a name, which is gone with this block, or with the process.

    Args:
        place: Where the rows are from, for errors.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - its block is this object's own

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(OSError):  # what could not be written is tried once more, and nobody needs it
            self._file.close()

    def keep(self, batches: Iterator[pa.RecordBatch]) -> int:
        """
        Args:
            batches: Of one schema; at least one.

        Returns:
            What `read` finds them by.

        Raises:
            Unavailable: The disk is full.
        """
        begin = self._file.seek(0, io.SEEK_END)
        first = next(batches)
        try:
            with pa.ipc.new_stream(self._file, first.schema) as stream:
                stream.write_batch(first)
                for batch in batches:
                    stream.write_batch(batch)
            self._file.flush()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise Unavailable(
                f"no space in {tempfile.gettempdir()} for the rows of {self._place}: {error.strerror}",
                hint="free some, or set TMPDIR to another folder",
            ) from error
        return begin

    def read(self, begin: int) -> Iterator[pa.RecordBatch]:
        """What was kept at once, in its order."""
        self._file.seek(begin)
        with pa.ipc.open_stream(self._file) as stream:
            yield from stream
