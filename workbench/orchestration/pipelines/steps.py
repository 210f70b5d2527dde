"""The step kinds `notebook`, a notebook run; `source`, which syncs a data source; `view`, which refreshes a view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.data.sources import Sources
from workbench.data.views import Views
from workbench.foundation.errors import Invalid, unknown
from workbench.governance.runs import Run, Runs
from workbench.orchestration.notebooks import NotebookRunner, check, declared
from workbench.orchestration.pipelines.model import Work

__all__ = ["NotebookStep", "SourceStep", "ViewStep"]


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


class SourceStep:
    """A stage `source: NAME`; `anew: true` among its parameters loads all of it."""

    def __init__(self, sources: Sources, runs: Runs) -> None:
        self._sources = sources
        self._runs = runs

    def check(self, target: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """
        Raises:
            NotFound: No such source.
            Invalid: A parameter that a sync does not have.
            Forbidden: It takes an analyst to look at sources.
        """
        self._sources.get(target)
        return _only_anew(parameters)

    def files(self, target: str) -> Sequence[Path]:
        """None: what a source gives, its own sync finds out."""
        return ()

    def run(self, work: Work) -> Run:
        done = self._sources.sync(
            work.target,
            anew=bool(work.parameters.get("anew", False)),
            parent=work.parent,
            fingerprint=work.fingerprint,
            run_name=work.name,
            guard=work.guard,
        )
        return self._runs.get(done.run)


class ViewStep:
    """A stage `view: NAME`; `anew: true` among its parameters computes all of it."""

    def __init__(self, views: Views, runs: Runs) -> None:
        self._views = views
        self._runs = runs

    def check(self, target: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """
        Raises:
            NotFound: No such view.
            Invalid: A parameter that a refresh does not have.
            Forbidden: It takes an analyst to look at views.
        """
        self._views.check(target)
        return _only_anew(parameters)

    def files(self, target: str) -> Sequence[Path]:
        """None: its own refresh finds out what changed."""
        return ()

    def run(self, work: Work) -> Run:
        done = self._views.refresh(
            work.target,
            anew=bool(work.parameters.get("anew", False)),
            parent=work.parent,
            fingerprint=work.fingerprint,
            run_name=work.name,
            guard=work.guard,
        )
        return self._runs.get(done.run)


def _only_anew(parameters: Mapping[str, Any]) -> dict[str, Any]:
    for name in parameters:
        if name != "anew":
            raise unknown("parameter", name, ["anew"], error=Invalid)
    if not isinstance(parameters.get("anew", False), bool):
        raise Invalid("the parameter 'anew' is true or false")
    return dict(parameters)
