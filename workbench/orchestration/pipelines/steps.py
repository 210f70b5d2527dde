"""The step kind `notebook`: a stage that is one notebook run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.governance.runs import Run
from workbench.orchestration.notebooks import NotebookRunner, check, declared
from workbench.orchestration.pipelines.model import Work

__all__ = ["NotebookStep"]


class NotebookStep:
    """Runs the notebook at a path relative to the workspace."""

    def __init__(self, home: Path, runner: NotebookRunner) -> None:
        self._home = home
        self._runner = runner

    def check(self, target: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return check(declared(self._home / target), parameters, notebook=target)

    def files(self, target: str) -> Sequence[Path]:
        return (self._home / target,)

    def run(self, work: Work) -> Run:
        return self._runner.run(
            work.target,
            work.parameters,
            name=work.name,
            parent=work.parent,
            fingerprint=work.fingerprint,
            cell_timeout=work.cell_timeout,
            timeout=work.timeout,
            guard=work.guard,
            on_progress=work.on_progress,
        )
