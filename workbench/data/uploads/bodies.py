"""The bytes of uploads on disk: a folder for each, named after its id and after nothing that anybody sent."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from pathlib import Path
from types import TracebackType

from workbench.foundation.errors import Conflict, Invalid, Unavailable

__all__ = ["Bodies", "Part"]

CONTENT = "content"


class Part:
    """A piece of a file as it comes. What was written stays, however the piece ends; one at a time for each file.

    Raises:
        Conflict: Another piece of it is being received, or this one does not begin where that which is here ends.
    """

    def __init__(self, path: Path, offset: int, size: int) -> None:
        self._left = size - offset
        self._size = size
        self._file = path.open("ab", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            here = os.fstat(self._file.fileno()).st_size
        except BlockingIOError:
            self._file.close()
            raise Conflict("another piece of this file is being received", hint="wait for it to end") from None
        if here != offset:
            self._file.close()
            raise Conflict(
                f"the next piece of this file begins at byte {here}, not at {offset}",
                hint="ask how much of it was received, and go on from there",
            )

    def write(self, piece: bytes) -> None:
        """
        Raises:
            Invalid: It is more than the file was said to have.
            Unavailable: The disk is full.
        """
        if len(piece) > self._left:
            raise Invalid(f"more comes than the {self._size:,} bytes that the file was said to have")
        self._left -= len(piece)
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise Unavailable("the disk is full: the file cannot be received", hint="free some and go on") from error

    def close(self) -> None:
        """What has come is on disk when this returns."""
        if not self._file.closed:
            with self._file:
                os.fsync(self._file.fileno())

    def __enter__(self) -> Part:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Bodies:
    """
    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, upload: str) -> None:
        folder = self._folder / upload
        folder.mkdir(parents=True, mode=0o700)
        (folder / CONTENT).touch(mode=0o600)

    def path(self, upload: str) -> Path:
        return self._folder / upload / CONTENT

    def received(self, upload: str) -> int:
        try:
            return self.path(upload).stat().st_size
        except FileNotFoundError:
            return 0

    def called(self, upload: str, ending: str) -> Path:
        """The same file under a name with an ending, as readers of files want it."""
        named = self._folder / upload / f"file{ending}"
        if not named.exists():
            named.hardlink_to(self.path(upload))
        return named

    def remove(self, upload: str) -> None:
        shutil.rmtree(self._folder / upload, ignore_errors=True)

    def leftovers(self, known: set[str], older: float) -> list[str]:
        """Folders of uploads that nobody knows, unchanged for so many seconds."""
        if not self._folder.is_dir():
            return []
        limit = time.time() - older
        return [one.name for one in self._folder.iterdir() if one.name not in known and one.stat().st_mtime < limit]
