"""What a disk does: keep what was written through a power cut, and run full."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deltalake.exceptions import DeltaError
from polars.exceptions import PolarsError

from workbench.foundation.errors import Unavailable

__all__ = ["disk_errors", "headroom", "sync", "unwritten", "writing"]

HEADROOM_BYTES = 1 << 20  # more than one catalog transaction and its page images take

_SPACE = ("no space left", "storagefull", "storage full", "disk quota exceeded", "file too large")
_ACCESS = ("permission denied", "permissiondenied", "read-only file system", "readonlyfilesystem")


def sync(paths: Iterable[Path]) -> None:
    """Returns when these files, and the entries of these folders, would survive a power cut."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Turns what the libraries underneath say of a full or forbidden disk into one error.

    Raises:
        Unavailable: There is no space left, or the folder may not be written to.
    """
    try:
        yield
    except (OSError, DeltaError, PolarsError) as error:
        said = str(error).lower()
        number = error.errno if isinstance(error, OSError) else None
        if number in (errno.ENOSPC, errno.EDQUOT) or any(word in said for word in _SPACE):
            raise Unavailable(
                f"no space left on the disk of {place}", hint="free some space and run it again: nothing was changed"
            ) from error
        if number in (errno.EACCES, errno.EPERM, errno.EROFS) or any(word in said for word in _ACCESS):
            raise Unavailable(f"{place} may not be written to", hint="check its owner and permissions") from error
        raise


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Keeps clean-up away from a folder in which files lie that no commit names yet. Many may write at once.

    The system lets go of it when this process ends, however it does. A file system that cannot lock refuses `unwritten`
    as well, so that nothing is taken for left over there.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


@contextmanager
def unwritten(folder: Path) -> Iterator[bool]:
    """Whether nobody is writing in a folder. If so, whoever begins to waits until the end of the block."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


@contextmanager
def headroom(folders: Iterable[Path]) -> Iterator[None]:
    """Reserves room in each folder and gives it back at the end of the block.

    Taken just before a commit becomes visible and given back after, it leaves the room in which the catalog can record
    that commit, so that a disk that fills up stops a write before it is seen and not between lake and catalog.
    """
    held: list[Path] = []
    try:
        for folder in folders:
            ballast = folder / f".headroom-{os.getpid()}-{os.urandom(4).hex()}"
            held.append(ballast)
            handle = os.open(ballast, os.O_CREAT | os.O_WRONLY, 0o600)
            try:
                _allocate(handle)
            finally:
                os.close(handle)
        yield
    finally:
        for ballast in held:
            ballast.unlink(missing_ok=True)


def _allocate(handle: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, HEADROOM_BYTES)
    else:  # macOS
        os.write(handle, bytes(HEADROOM_BYTES))
