"""What the options before the command said, and the workbench they mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench import Workbench

__all__ = ["debug", "home", "open_workbench"]

home: str | None = None
debug: bool = False


def open_workbench() -> Workbench:
    from workbench import Workbench

    return Workbench.open(Path(home) if home else None)
