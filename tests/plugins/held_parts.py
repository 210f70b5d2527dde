"""Shapes of parts that a test watches and holds up: run by whichever process computes on the part."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Announced:
    """Leaves the number of the process that computes in a folder; the first one to do so then waits to be killed."""

    folder: str

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        folder = Path(self.folder)
        first = not list(folder.iterdir())
        (folder / str(os.getpid())).touch()
        if first:
            time.sleep(60)
        return rows


@dataclass(frozen=True)
class Deadly:
    """Ends whichever process computes on the part, other than the one that made it."""

    spared: int

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        if os.getpid() != self.spared:
            os.kill(os.getpid(), signal.SIGKILL)
        return rows
