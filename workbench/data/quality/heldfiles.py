"""The files of rows that are held back: one per batch, in a folder per dataset, never changed."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl

from workbench.data.lake import disk_errors, sync
from workbench.data.quality.model import Held
from workbench.foundation.errors import IntegrityError

__all__ = ["HeldFiles", "content_of"]

STRAY_SECONDS = 24 * 3600


class HeldFiles:
    """
    Args:
        folder: Where they lie.
        id_of: What a dataset of this name is known by.
    """

    def __init__(self, folder: Path, id_of: Callable[[str], str]) -> None:
        self._folder = folder
        self._id_of = id_of

    def path(self, batch: Held) -> Path:
        return self._folder / self._id_of(batch.dataset) / f"{batch.id}.parquet"

    def write(self, batch: Held, rows: pl.DataFrame) -> None:
        path = self.path(batch)
        with disk_errors(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            rows.write_parquet(part)
            sync([part])
            part.replace(path)
            sync([path.parent, path.parent.parent])

    def read(self, batch: Held) -> pl.DataFrame:
        path = self.path(batch)
        try:
            return pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise IntegrityError(
                f"the rows of '{batch.id}', held back from '{batch.dataset}', cannot be read from {path.name}",
                hint="discard it, and load its rows from the source again",
            ) from error

    def remove(self, batch: Held) -> None:
        with suppress(FileNotFoundError):
            self.path(batch).unlink()

    def tidy(self, needed_of: Callable[[str], set[str]], there: Callable[[str], bool]) -> int:
        """Removes files that nothing is held in; says how many that were.

        Args:
            needed_of: The batches of a dataset, by its id, whose files are needed.
            there: Whether there is a dataset of this id; of one that is, a young file may be about to be recorded.
        """
        removed = 0
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            needed, live = needed_of(folder.name), there(folder.name)
            for path in folder.iterdir():
                young = path.stat().st_mtime > time.time() - STRAY_SECONDS
                if path.stem not in needed and not (live and young):
                    path.unlink(missing_ok=True)
                    removed += 1
            with suppress(OSError):  # something is in it
                folder.rmdir()
        return removed


def content_of(rows: pl.DataFrame) -> str:
    """What tells the same rows in the same order from others."""
    written = io.BytesIO()
    rows.rechunk().write_ipc(written)
    return hashlib.sha256(written.getbuffer()).hexdigest()
