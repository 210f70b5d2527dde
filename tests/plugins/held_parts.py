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
    """Leaves the number of the process that computes in a folder; the first ones to do so then wait to be killed.

    Attributes:
        holds: How many wait.
        seconds: How long.
    """

    folder: str
    holds: int = 1
    seconds: float = 60

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        folder = Path(self.folder)
        others = {path.name for path in folder.iterdir()} - {str(os.getpid())}
        (folder / str(os.getpid())).touch()
        if len(others) < self.holds:
            time.sleep(self.seconds)
        return rows


@dataclass(frozen=True)
class Deadly:
    """Ends whichever process computes on the part, other than the one that made it."""

    spared: int

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        if os.getpid() != self.spared:
            os.kill(os.getpid(), signal.SIGKILL)
        return rows
