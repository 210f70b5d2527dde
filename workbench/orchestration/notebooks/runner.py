"""Running one notebook: checked parameters in, a directory with everything that came of it out."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import copy_context
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from workbench.foundation.errors import Invalid, NotFound, WorkbenchError
from workbench.foundation.listing import Listing
from workbench.foundation.observability import logger
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Run, RunKind, Runs, RunStatus
from workbench.governance.security import Principal
from workbench.orchestration.kernels import allowed, specification, with_own_loop
from workbench.orchestration.notebooks import document, failures
from workbench.orchestration.notebooks.comparison import compared, reads
from workbench.orchestration.notebooks.digest import digests, tables, tables_of
from workbench.orchestration.notebooks.execution import CellState, Execution, write_notebook
from workbench.orchestration.notebooks.interruption import ended_by_signal
from workbench.orchestration.notebooks.model import Comparison, NotebookFailed, Progress, again_command
from workbench.orchestration.notebooks.parameters import Parameter, check, declared, injected, resolved
from workbench.orchestration.notebooks.replayable import refuse_replay
from workbench.orchestration.notebooks.shelf import shelf

__all__ = ["OUTPUT", "SOURCE", "NotebookRunner"]

SOURCE = "source.ipynb"
OUTPUT = "output.ipynb"
LOG = "run.log"

OnProgress = Callable[[Progress], None]

Lend = Callable[[Principal], AbstractContextManager[str | None]]
"""Gives a token that a kernel shows while it works for somebody, or None where it needs none."""


def _no_token(principal: Principal) -> AbstractContextManager[str | None]:
    return nullcontext()


class NotebookRunner:
    """Runs notebooks of one workspace through papermill, as one actor.

    A run's directory holds `source.ipynb` (the notebook as it was), `output.ipynb` (with parameters and outputs),
    `run.log` (what the kernel's process printed, and its traceback where it failed) and `receipt.json`.

    Args:
        lend: Called for each run with whom it is for.
    """

    def __init__(self, settings: Settings, runs: Runs, actor: Actor, *, lend: Lend = _no_token) -> None:
        self._settings = settings
        self._lend = lend
        self._runs = runs
        self._actor = actor

    def list(self) -> Listing[Path]:
        """The workspace's notebooks: paths relative to it, in a list that shows itself as a table."""
        return shelf(self._settings.home)

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def run(
        self,
        path: Path | str,
        parameters: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        kind: RunKind = RunKind.NOTEBOOK,
        parent: str | None = None,
        fingerprint: str | None = None,
        text: bool = False,
        cell_timeout: float | None = None,
        timeout: float | None = None,
        guard: Callable[[Session], None] | None = None,
        on_progress: OnProgress | None = None,
    ) -> Run:
        """Runs the notebook at a path, relative to the workspace or else to the current folder; returns the run.

        Args:
            parameters: Names to values; dates as `date` or ISO text.
            name: What the run is called; the notebook's path in the workspace by default.
            parent: The run this one belongs to; by default the one this process works for.
            text: The values come from a command line and are read as the declared types.
            cell_timeout: Seconds one cell may take; the setting `cell_timeout` by default.
            timeout: Seconds the whole run may take; no limit by default.
            guard: Called in the transaction that records a success; raises when the work was taken over meanwhile, or
                is not what it should be.
            on_progress: Called when a cell starts, finishes or fails.

        Raises:
            NotFound: No such notebook or kernel.
            Invalid: Not a notebook, or the parameters do not fit it. No kernel was started.
            NotebookFailed: A cell failed or took too long, or the kernel ended. The failed run is recorded.
        """
        source = self._settings.home / path
        if not source.is_file() and Path(path).is_file():
            source = Path(path).resolve()
        known = declared(source)
        shown = self._shown(source)
        checked = check(known, parameters or {}, notebook=shown, text=text)
        return self.execute(
            source,
            known,
            checked,
            name=name or shown,
            kind=kind,
            folder=source.parent,
            again=again_command(shown, checked),
            parent=parent or self._actor.run,
            fingerprint=fingerprint,
            cell_timeout=cell_timeout,
            timeout=timeout,
            guard=guard,
            on_progress=on_progress,
        )

    def execute(
        self,
        source: Path,
        known: Sequence[Parameter],
        checked: Mapping[str, Any],
        *,
        name: str,
        kind: RunKind,
        folder: Path,
        again: str,
        parent: str | None = None,
        fingerprint: str | None = None,
        replay_of: str | None = None,
        cell_timeout: float | None = None,
        timeout: float | None = None,
        guard: Callable[[Session], None] | None = None,
        on_progress: OnProgress | None = None,
    ) -> Run:
        """`run`, after its checks; also what a replay calls, with the notebook that an earlier run kept."""
        original = document.read(source)
        kernel = _kernel(original, source)
        specification(kernel)
        self._runs.reap()
        with self._lend(self._actor.principal) as token:
            run = self._runs.start(
                kind,
                name,
                actor=self._actor,
                parameters=resolved(known, checked),
                fingerprint=fingerprint,
                source=source,
                parent=parent,
            )
            cells = document.code_cells(original)
            prepared, positions = _prepared(original, known, checked)
            titles = {at: document.title(original, at) for at in cells}

            here = copy_context()

            def on_cell(at: int, state: CellState, seconds: float | None) -> None:
                position = positions[at]
                if position in titles and on_progress is not None:
                    step = Progress(
                        run.id, name, cells.index(position) + 1, len(cells), titles[position], state, seconds
                    )
                    here.run(on_progress, step)

            limit = self._settings.cell_timeout if cell_timeout is None else cell_timeout
            execution = Execution(
                environment=allowed(self._settings, run_id=run.id, replay_of=replay_of, token=token),
                folder=folder if folder.is_dir() else self._settings.home,
                log=run.directory / LOG,
                output=run.directory / OUTPUT,
                cell_timeout=limit,
                deadline=None if timeout is None else time.monotonic() + timeout,
                on_cell=on_cell,
            )
            try:
                shutil.copyfile(source, run.directory / SOURCE)
                write_notebook(prepared, execution.output)
                with ended_by_signal():
                    with_own_loop(lambda: _papermill(execution, kernel))
            except BaseException as error:
                with suppress(OSError):  # a full disk must not hide what went wrong first
                    self._keep(execution)
                said = failures.one_line(error, execution, cell_timeout=limit, timeout=timeout)
                at = positions[execution.at] if execution.at is not None and failures.in_cell(error) else None
                number = cells.index(at) + 1 if at is not None else None
                title = titles.get(at) if at is not None else None
                place = failures.place(error, number, title) if number is not None else None
                logged = False
                with suppress(OSError):
                    logged = failures.log(error, execution, place or "the given parameters")
                failed = self._runs.finish(run.id, RunStatus.FAILED, error=f"{place}: {said}" if place else said)
                logger("notebooks").info("notebook failed", extra={"notebook": name, "why": said})
                if not failures.of_the_notebook(error):
                    raise
                raise NotebookFailed(
                    failed,
                    error=said,
                    cell=number,
                    title=title,
                    place=place,
                    output=execution.output,
                    log=execution.log if logged else None,
                    again=again,
                ) from error
            executed = self._keep(execution)
            try:
                return self._runs.finish(run.id, RunStatus.SUCCEEDED, tables=digests(tables(executed)), guard=guard)
            except WorkbenchError as error:  # from the guard
                self._runs.finish(run.id, RunStatus.FAILED, error=str(error))
                raise

    def replay(self, run_id: str, *, on_progress: OnProgress | None = None) -> Comparison:
        """Runs a run's notebook again, as it was, with its parameters and on the versions it read, and compares.

        Raises:
            NotFound: No such run; or its directory, or a dataset or version that it read, is gone.
            Invalid: It is not a successful run of a notebook, or it wrote datasets, which a replay does not.
            NotebookFailed: The replay failed.
        """
        run = self._runs.get(run_id)
        refuse_replay(self._runs, run)
        source = self._kept(run, SOURCE)
        before = tables_of(self._kept(run, OUTPUT))
        known = declared(source)
        notebook = self._runs.receipt(run.id).notebook
        try:
            again = self.execute(
                source,
                known,
                check(known, run.parameters, notebook=run.name),
                name=run.name,
                kind=RunKind.REPLAY,
                folder=Path(notebook).parent if notebook else self._settings.home,
                again=f"workbench replay {run.id}",
                replay_of=run.id,
                on_progress=on_progress,
            )
        except NotebookFailed as error:
            if error.error.startswith(f"{NotFound.__name__}: "):
                said = error.error.removeprefix(f"{NotFound.__name__}: ")
                raise NotFound(f"run {run.id} cannot be replayed, for something it read is gone: {said}") from error
            raise
        difference = reads(self._runs.edges(run.id), self._runs.edges(again.id))
        return compared(run.id, again.id, before, tables_of(again.directory / OUTPUT), difference, reads_count=True)

    def compare(self, run_id: str, other_id: str) -> Comparison:
        """Compares what two runs showed and read, running nothing.

        Raises:
            NotFound: No such run, or its directory is gone.
        """
        before, after = self._runs.get(run_id), self._runs.get(other_id)
        first, second = (tables_of(self._kept(run, OUTPUT)) for run in (before, after))
        difference = reads(self._runs.edges(before.id), self._runs.edges(after.id))
        return compared(before.id, after.id, first, second, difference, reads_count=False)

    def _kept(self, run: Run, file: str) -> Path:
        path = run.directory / file
        if not path.is_file():
            raise NotFound(
                f"run {run.id} of {run.name} is gone: {path} has been removed; its receipt is still in the catalog"
            )
        return path

    def _keep(self, execution: Execution) -> Mapping[str, Any]:
        if execution.notebook is not None:
            write_notebook(execution.notebook, execution.output, sync=True)
        return execution.notebook or {}

    def _shown(self, source: Path) -> str:
        """A notebook as a person at the workspace names it."""
        return (
            os.path.relpath(source, self._settings.home) if source.is_relative_to(self._settings.home) else str(source)
        )


def _papermill(execution: Execution, kernel: str) -> None:
    """Executes `execution.output` in place."""
    # Importing papermill takes a second: what opens a workbench without running notebooks, as every kernel does, must
    # not wait for that.
    with _without("rfc3987_syntax"):  # jsonschema would import it, which takes another, for texts that no notebook has
        import papermill

    engine = import_module("workbench.orchestration.notebooks.engine")
    logging.getLogger("papermill").addHandler(logging.NullHandler())
    papermill.execute_notebook(
        # papermill fills braces in paths with parameters
        str(execution.output).replace("{", "{{").replace("}", "}}"),
        None,
        engine_name=engine.NAME,
        kernel_name=kernel,
        progress_bar=False,
        execution=execution,
    )


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Lets an optional import of a module fail, unless it is there already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


def _kernel(notebook: Mapping[str, Any], path: Path) -> str:
    """The kernel a notebook asks for."""
    metadata = notebook.get("metadata", {})
    language = (
        metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get("language") or "python"
    )
    if language.lower() != "python":
        raise Invalid(f"{path.name} is a {language} notebook; only Python notebooks can be run with parameters")
    return str(metadata.get("kernelspec", {}).get("name") or "python3")


def _prepared(
    original: Mapping[str, Any], known: Sequence[Parameter], checked: Mapping[str, Any]
) -> tuple[dict[str, Any], list[int | None]]:
    """The notebook with a cell of given parameters, and which cell of the original each of its cells is."""
    cells = [
        cell for cell in original["cells"] if "injected-parameters" not in cell.get("metadata", {}).get("tags", [])
    ]
    positions: list[int | None] = [
        at for at, cell in enumerate(original["cells"]) if any(cell is kept for kept in cells)
    ]
    if checked:
        below = (
            next(at for at, cell in enumerate(cells) if "parameters" in cell.get("metadata", {}).get("tags", [])) + 1
        )
        cell: dict[str, Any] = {
            "cell_type": "code",
            "id": "injected-parameters",
            "metadata": {"tags": ["injected-parameters"]},
            "source": injected(known, checked),
            "execution_count": None,
            "outputs": [],
        }
        if "id" not in cells[below - 1]:  # notebooks older than format 4.5 have no cell ids
            del cell["id"]
        cells.insert(below, cell)
        positions.insert(below, None)
    metadata = {**original.get("metadata", {})}
    metadata["papermill"] = {
        "default_parameters": {},
        "environment_variables": {},
        "parameters": dict(checked),
        "version": "",
    }
    return {**original, "metadata": metadata, "cells": cells}, positions
