"""What the options before the command said, and the workbench they mean."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench import Workbench

__all__ = ["debug", "home", "open_workbench"]

home: str | None = None
debug: bool = False


def open_workbench() -> Workbench:
    # What is imported stays: looking for garbage among it takes a twentieth of a command's start, and finds none.
    gc.disable()
    try:
        from workbench import Workbench
    finally:
        gc.enable()
    return Workbench.open(Path(home) if home else None)
