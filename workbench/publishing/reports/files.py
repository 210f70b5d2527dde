"""Files that are there whole or not at all, also after a power cut."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.foundation.failpoints import failpoint

__all__ = ["publish", "write"]


def write(path: Path, text: str) -> None:
    """Writes a text file aside, then puts it in place."""
    aside = path.with_name(f".{path.name}.tmp")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def publish(folder: Path, files: Mapping[str, Path], *, stale: Sequence[str] = ()) -> None:
    """Makes a folder that holds copies of the files.

    A new folder appears with all of its files at once. In one that is there already each file is replaced whole.

    Args:
        folder: Its parent is made where it is missing.
        files: Name in the folder -> what to copy.
        stale: Names to take out where they are left over from an earlier time.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        for name, source in files.items():
            shutil.copyfile(source, aside / name)
            _sync(aside / name)
        _sync(aside)
        failpoint("reports.publish.before_rename")
        if folder.is_dir():
            for name in files:
                (aside / name).replace(folder / name)
            for name in stale:
                (folder / name).unlink(missing_ok=True)
        else:
            aside.rename(folder)
        _sync(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
