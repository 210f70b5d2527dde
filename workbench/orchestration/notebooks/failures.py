"""What stopped a notebook, in one line."""

from __future__ import annotations

import re
import signal
from contextlib import suppress

from workbench.foundation.errors import WorkbenchError
from workbench.orchestration.notebooks.execution import CellFailed, CellTooSlow, Execution, KernelEnded
from workbench.orchestration.notebooks.interruption import Terminated

__all__ = ["in_cell", "of_the_notebook", "one_line"]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def in_cell(error: BaseException) -> bool:
    """Whether it happened while a cell ran."""
    stopped = (CellFailed, CellTooSlow, KernelEnded, KeyboardInterrupt, Terminated)
    return isinstance(error, stopped)


def of_the_notebook(error: BaseException) -> bool:
    """Whether the notebook or its kernel is to blame, not whoever runs it or the machine."""
    return isinstance(error, (CellFailed, CellTooSlow, KernelEnded, RuntimeError))


def one_line(error: BaseException, execution: Execution, *, cell_timeout: float, timeout: float | None) -> str:
    """A sentence for a reader who does not see the notebook."""
    match error:
        case CellFailed():
            said = _COLOUR.sub("", str(error)).strip().splitlines()
            return f"{error.kind}: {said[0]}" if said else error.kind
        case CellTooSlow():
            if timeout is not None and execution.deadline is not None and execution.seconds_left() <= 0.001:
                return f"the run took longer than its {timeout:g} seconds"
            return f"the cell took longer than its {cell_timeout:g} seconds"
        case KernelEnded():
            return f"the kernel ended by itself{_exit(error.code)}"
        case KeyboardInterrupt():
            return "interrupted"
        case Terminated():
            return "the process that ran it was told to end"
        case WorkbenchError():
            return str(error)
        case _:
            lines = str(error).strip().splitlines()
            return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _exit(code: int | None) -> str:
    if code is None:
        return ""
    if code < 0:
        name = str(-code)
        with suppress(ValueError):
            name = signal.Signals(-code).name
        often = ", often for want of memory" if name == "SIGKILL" else ""
        return f" ({name}{often})"
    return f" (exit code {code})"
