"""What stopped a notebook, in one line."""

from __future__ import annotations

import signal
from contextlib import suppress

from workbench.foundation.errors import WorkbenchError
from workbench.orchestration.notebooks.execution import CellFailed, CellTooSlow, Execution, KernelEnded
from workbench.orchestration.notebooks.interruption import Terminated

__all__ = ["in_cell", "log", "of_the_notebook", "one_line", "place"]


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
            said = str(error).strip().splitlines()
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


def place(error: BaseException, number: int, title: str | None) -> str:
    """Where a reader finds it: "cell 3 (Delays), line `x = 1 / 0`"; the line is left out where it is the title."""
    line = error.line if isinstance(error, CellFailed) else None
    shown = "" if not line or line == title else f", line `{line if len(line) <= 80 else line[:79] + '…'}`"
    return f"cell {number} ({title}){shown}"


def log(error: BaseException, execution: Execution, where: str) -> bool:
    """Adds the kernel's traceback to the run's log; whether there is one."""
    if not isinstance(error, CellFailed) or not error.traceback:
        return False
    with execution.log.open("a", encoding="utf-8") as file:
        file.write(f"{where}:\n{error.traceback}\n")
    return True


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
