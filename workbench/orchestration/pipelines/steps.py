"""The step kinds `notebook`, `source`, `transform` and `view`: a notebook run, a sync, transforms, a refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.data.etl import Recipe, Transforms
from workbench.data.sources import Sources
from workbench.data.views import Views
from workbench.foundation.errors import Invalid, unknown
from workbench.governance.runs import Run, Runs
from workbench.orchestration.notebooks import NotebookRunner, check, declared
from workbench.orchestration.pipelines.model import Work

__all__ = ["NotebookStep", "SourceStep", "TransformStep", "ViewStep"]


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


class TransformStep:
    """A stage `transform: NAME`, which applies `transforms/NAME.yaml`; its parameters say otherwise than the file:
    `reads`, `into`, `key`, `mode`, `quarantine`. Or all that could stand in the file stands in the stage.
    """

    def __init__(self, transforms: Transforms, runs: Runs) -> None:
        self._transforms = transforms
        self._runs = runs

    def check(self, target: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """
        Raises:
            NotFound: No such file.
            Invalid: All that is wrong with the file, each with its line; a parameter that it does not have; it does not
                say what is read, and into what.
        """
        recipe = self._recipe(target, parameters)
        if not recipe.reads or not recipe.into:
            what = f"transforms/{target}.yaml" if target else "it"
            raise Invalid(f"{what} does not say what it reads, and into what", hint="reads: and into:")
        return dict(parameters) if target else {**parameters, "transforms": list(recipe.written)}

    def files(self, target: str) -> Sequence[Path]:
        return (self._transforms.file(target),) if target else ()

    def declared(self, target: str, parameters: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[str]]:
        """The datasets that it reads, and those that it writes."""
        recipe = self._recipe(target, parameters)
        return recipe.datasets, (recipe.into,)

    def run(self, work: Work) -> Run:
        said, settings = (work.target, work.parameters) if work.target else (work.parameters, {})
        done = self._transforms.apply(
            said,
            parent=work.parent,
            fingerprint=work.fingerprint,
            run_name=work.name,
            guard=work.guard,
            **settings,
        )
        return self._runs.get(done.run)

    def _recipe(self, target: str, parameters: Mapping[str, Any]) -> Recipe:
        return self._transforms.get(target).changed(parameters) if target else Recipe.of(parameters)


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
