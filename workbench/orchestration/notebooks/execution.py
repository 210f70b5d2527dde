"""What the runner and the engine tell each other about one execution of one notebook."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["CellFailed", "CellState", "CellTooSlow", "Execution", "KernelEnded", "write_notebook"]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"^\s*Cell In\[\d+\], line (\d+)", re.MULTILINE)

CellState = Literal["started", "finished", "failed"]


class CellFailed(Exception):
    """A cell raised an error.

    Attributes:
        kind: The error's class; the message is what it said.
        traceback: As the kernel shows it, without colours.
        line: The cell's line that it came out of; None where that cannot be told.
    """

    def __init__(self, kind: str, said: str, *, traceback: str, source: str) -> None:
        super().__init__(_COLOUR.sub("", said))
        self.kind = kind
        self.traceback = _COLOUR.sub("", traceback).strip()
        # IPython names the cell that was run first, and after it what that called.
        named = _LINE.search(self.traceback)
        lines = source.splitlines()
        at = int(named[1]) if named else 0
        self.line = lines[at - 1].strip() if 0 < at <= len(lines) else None


class CellTooSlow(Exception):
    """A cell, or the whole run during it, took longer than it may."""


class KernelEnded(Exception):
    """The kernel's process ended while a cell ran; `code` is what it ended with, negative for a signal."""

    def __init__(self, code: int | None) -> None:
        super().__init__()
        self.code = code


@dataclass
class Execution:
    """How one notebook is to be executed, and how far it has come.

    Attributes:
        environment: The kernel's whole environment.
        folder: Where the kernel starts.
        log: Receives what the kernel's process itself prints.
        output: Where the notebook is saved while it runs.
        cell_timeout: Seconds one cell may take.
        deadline: `time.monotonic()` at which the whole run is over; None: never.
        on_cell: Called with a cell's position in the executed notebook, its state and its seconds.
        at: Position of the cell that runs, or ran last.
        notebook: The executed notebook, as far as it has come.
    """

    environment: Mapping[str, str]
    folder: Path
    log: Path
    output: Path
    cell_timeout: float
    deadline: float | None
    on_cell: Callable[[int, CellState, float | None], None]
    at: int | None = None
    notebook: dict[str, Any] | None = None
    _saved: float = field(default_factory=time.monotonic)
    _save_cost: float = 0.0

    def seconds_left(self) -> float:
        """What the next cell may take."""
        left = self.cell_timeout if self.deadline is None else min(self.cell_timeout, self.deadline - time.monotonic())
        return max(left, 0.001)

    def save_now_and_then(self, notebook: dict[str, Any]) -> None:
        """Saves unless that was just done: at most every half second, and never more than a tenth of the time."""
        if time.monotonic() - self._saved < max(0.5, 10 * self._save_cost):
            return
        started = time.monotonic()
        write_notebook(notebook, self.output)
        self._saved = time.monotonic()
        self._save_cost = self._saved - started


def write_notebook(notebook: Mapping[str, Any], path: Path, *, sync: bool = False) -> None:
    """Writes a notebook whole or not at all, so that whoever opens it meanwhile sees a good one.

    Args:
        sync: Also past a power failure.
    """
    aside = path.with_suffix(".tmp")
    with aside.open("w", encoding="utf-8") as file:
        json.dump(notebook, file, ensure_ascii=False, indent=1)
        file.write("\n")
        if sync:
            file.flush()
            os.fsync(file.fileno())
    aside.replace(path)
