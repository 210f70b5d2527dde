"""The papermill engine `workbench`: our kernels, our time limits, progress by cell, and no error that goes unnoticed.

`papermill in.ipynb out.ipynb --engine workbench` uses it, too; it then behaves as papermill's own, with our kernels.
"""

from __future__ import annotations

import time
from typing import Any

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

from workbench.orchestration.kernels import OwnKernelManager
from workbench.orchestration.notebooks.execution import CellFailed, CellState, CellTooSlow, Execution, KernelEnded

__all__ = ["NAME", "Engine"]

NAME = "workbench"


class Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill is not typed
    """Runs the cells in order and lets every failure through.

    papermill's own swallows an error in a cell, to find it again in the saved notebook, where a dead kernel and a
    timeout leave no trace.
    """

    def __init__(self, manager: NotebookExecutionManager, execution: Execution | None, **traits: Any) -> None:
        super().__init__(manager, **traits)
        self._execution = execution

    def papermill_execute_cells(self) -> None:
        for at, cell in enumerate(self.nb.cells):
            started = time.monotonic()
            runs = cell.cell_type == "code" and bool(cell.source.strip())
            self.nb_man.cell_start(cell, at)
            if runs:
                self._tell(at, "started", None)
            try:
                self.execute_cell(cell, at)
            except BaseException as error:
                self.nb_man.cell_exception(cell, cell_index=at, exception=error)
                self._tell(at, "failed", time.monotonic() - started)
                raise self._translated(error, cell.source) from error
            finally:
                self.nb_man.cell_complete(cell, cell_index=at)
            if runs:
                self._tell(at, "finished", time.monotonic() - started)

    def process_message(self, *args: Any, **kwargs: Any) -> NotebookNode | None:
        output: NotebookNode | None = super().process_message(*args, **kwargs)
        if self._execution is not None:
            self._execution.save_now_and_then(self.nb)
        return output

    def _tell(self, at: int, state: CellState, seconds: float | None) -> None:
        if self._execution is None:
            return
        self._execution.at = at
        self._execution.save_now_and_then(self.nb)
        self._execution.on_cell(at, state, seconds)

    def _translated(self, error: BaseException, source: str) -> BaseException:
        match error:
            case CellExecutionError():
                return CellFailed(error.ename, error.evalue, traceback=error.traceback, source=source)
            case CellTimeoutError():
                return CellTooSlow()
            case DeadKernelError():
                process = getattr(self.km.provisioner, "process", None) if self.km else None
                return KernelEnded(process.poll() if process is not None else None)
            case _:
                return error


class Engine(NBClientEngine):  # type: ignore[misc]
    """papermill's engine interface over `Client`."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: float | None = None,
        execution: Execution | None = None,
        **options: Any,
    ) -> None:
        """Executes the notebook of `nb_man`; raises whatever stopped it."""
        traits: dict[str, Any] = {
            "kernel_name": kernel_name,
            "kernel_manager_class": OwnKernelManager,
            "shutdown_kernel": "immediate",
            "startup_timeout": start_timeout,
            # A busy machine may need longer than nbclient's 4 seconds to hand over a large output.
            "iopub_timeout": 60,
            "log_output": log_output,
            "stdout_file": stdout_file,
            "stderr_file": stderr_file,
        }
        if execution is None:
            Client(nb_man, None, timeout=execution_timeout, **traits).execute()
            return
        execution.notebook = nb_man.nb
        client = Client(nb_man, execution, timeout_func=lambda cell: execution.seconds_left(), **traits)
        with execution.log.open("ab") as log:
            client.execute(env=dict(execution.environment), cwd=str(execution.folder), stdout=log, stderr=log)


# Also without the installed entry point.
papermill_engines.register(NAME, Engine)
