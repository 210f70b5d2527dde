"""Pipelines as they are written down: `pipelines/<name>.yaml`.

    name: flights
    description: From the operational sources to the punctuality report.
    parameters:
      start: {type: date, default: 2013-01-01, help: first day}
      days: {type: int, default: 365}
    stages:
      - name: extract
        notebook: notebooks/extract.ipynb
        parameters: {start: "${start}", days: "${days}"}
        sources: [sqlite:///data/operations.db]
        writes: [flights_landing]
        retries: 2
      - name: validate
        notebook: notebooks/validate.ipynb
        reads: [flights_landing]
        uses: [expectations/flights_landing.yaml]
      - name: report
        report: flight-punctuality
        reads: [flights_landing]

A stage follows the one above it unless `after` names others. What it lists under `reads` (datasets), `sources` (files
and databases) and `uses` (metric and expectation files), with its notebook, its parameters and what its last success
really read, decides whether it has to run again. One that lists neither `reads` nor `sources` always runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from workbench.foundation import definitions
from workbench.foundation.definitions import Place, meant
from workbench.foundation.errors import Invalid, nearest
from workbench.orchestration.notebooks import Parameter

__all__ = ["Pipeline", "Stage", "load"]

_NAME = r"^[a-z][a-z0-9_-]*$"
_IN_PLACE = ("transform",)  # of which the file may say all, instead of a name
_REFERENCE = re.compile(r"\$\{([^}]*)\}")

Name = Annotated[str, Field(pattern=_NAME, description="Lower-case letters, digits, - and _, a letter first.")]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ParameterDefinition(_Written):
    """A parameter of the pipeline; one without a default has to be given."""

    type: str
    default: Any = None
    help: str = ""

    def parameter(self, name: str) -> Parameter:
        required = "default" not in self.model_fields_set
        return Parameter.written(
            name, self.type, None if required else self.default, required=required, help_=self.help
        )


class Stage(_Written):
    """One step of a pipeline.

    Attributes:
        kind: The kind of step, "notebook", "report", "source", "transform" or "view"; in the file the key whose value
            is the target.
        target: What that names; empty where the file says there what else would stand in a file of its own, which are
            then the parameters.
        after: The stages that must have succeeded before this one.
        retries: How often a failed stage is tried again, `retry_delay` seconds later.
        timeout: Seconds the stage may take.
        cell_timeout: Seconds one cell may take.
    """

    name: Name
    kind: str
    target: str
    parameters: dict[str, Any] = {}
    after: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    retries: int = Field(default=0, ge=0, le=10)
    retry_delay: float = Field(default=5, ge=0)
    timeout: float | None = Field(default=None, gt=0)
    cell_timeout: float | None = Field(default=None, gt=0)

    @property
    def skippable(self) -> bool:
        """Whether it says what rows it depends on, without which nobody can tell that they are as they were."""
        return bool(self.reads or self.sources)

    @model_validator(mode="after")
    def _may_be_skipped(self) -> Self:
        both = sorted(set(self.reads) & set(self.writes))
        if both:
            raise ValueError(
                f"reads and writes '{both[0]}', so that it could never be skipped; name it under writes only"
            )
        return self


class Pipeline(_Written):
    """Stages in an order, with parameters. Made by `load`."""

    name: Name
    description: str = ""
    parameters: dict[str, ParameterDefinition] = {}
    stages: tuple[Stage, ...] = Field(min_length=1)

    def declared(self) -> list[Parameter]:
        """The parameters that a run of the pipeline may be given."""
        return [definition.parameter(name) for name, definition in self.parameters.items()]

    def in_order(self) -> list[Stage]:
        """The stages, each after those it follows, else as they are written."""
        position = {stage.name: at for at, stage in enumerate(self.stages)}
        sorter = TopologicalSorter({stage.name: stage.after for stage in self.stages})
        sorter.prepare()
        ordered: list[Stage] = []
        ready: list[str] = []
        while sorter.is_active():
            ready = sorted([*ready, *sorter.get_ready()], key=position.__getitem__)
            first = ready.pop(0)
            ordered.append(self.stages[position[first]])
            sorter.done(first)
        return ordered


def substituted(value: Any, values: Mapping[str, Any]) -> Any:
    """A stage's parameter with `${name}` replaced: by the value itself where it is the whole text."""
    match value:
        case str():
            whole = _REFERENCE.fullmatch(value)
            if whole:
                return values[whole[1].strip()]
            return _REFERENCE.sub(lambda found: str(values[found[1].strip()]), value)
        case list():
            return [substituted(item, values) for item in value]
        case dict():
            return {key: substituted(item, values) for key, item in value.items()}
        case _:
            return value


def references(value: Any) -> Iterable[str]:
    """The names under `${...}` in a stage's parameter."""
    match value:
        case str():
            yield from (found.strip() for found in _REFERENCE.findall(value))
        case list():
            for item in value:
                yield from references(item)
        case dict():
            for item in value.values():
                yield from references(item)


def load(path: Path, kinds: Iterable[str] = ("notebook", "report", "source", "transform", "view")) -> Pipeline:
    """The pipeline that a file defines.

    Args:
        kinds: The step kinds there are.

    Raises:
        NotFound: No such file.
        Invalid: Everything wrong with it, each with its line.
    """
    file = definitions.read(path, kind="pipeline definition", shown=str(path))
    if not isinstance(file.content, dict):
        raise Invalid(
            f"{path} does not define a pipeline", hint="'workbench new pipeline NAME' writes one to begin with"
        )
    kinds = tuple(kinds)
    problems = list(_shaped(file.content, kinds))
    writable = [*(name for name in Stage.model_fields if name not in ("kind", "target")), *kinds]
    pipeline = file.validated(Pipeline, file.content, noun="pipeline", fields={Stage: writable})
    if pipeline is not None:
        problems += _related(pipeline)
    for place, sentence in problems:
        file.complain(place, sentence)
    file.refuse()
    assert pipeline is not None, "what is not valid was refused"
    return pipeline


def _shaped(content: dict[str, Any], kinds: tuple[str, ...]) -> Iterable[tuple[Place, str]]:
    """Turns `notebook: x` into kind and target, and an absent `after` into the stage above, in place."""
    stages = content.get("stages")
    if not isinstance(stages, list):
        return
    above: str | None = None
    for at, stage in enumerate(stages):
        if not isinstance(stage, dict):
            continue
        named = [kind for kind in kinds if kind in stage]
        if len(named) != 1:
            said = " and ".join(f"'{kind}'" for kind in named) if named else "none"
            yield ("stages", at), f"a stage has exactly one of {', '.join(kinds)}; this one has {said}"
        for key in ("kind", "target"):
            if key in stage:
                instead = f"; the kind of a stage is a key of its own: {', '.join(f'{kind}: ...' for kind in kinds)}"
                yield ("stages", at, key), f"stage '{stage.get('name', at + 1)}' has the unknown field '{key}'{instead}"
        target = [stage.pop(kind) for kind in named]
        if len(target) == 1 and isinstance(target[0], dict) and named[0] in _IN_PLACE:
            if "parameters" in stage:
                said = f"a {named[0]} that is written in the stage itself has no parameters beside it"
                yield ("stages", at, "parameters"), said
            stage["parameters"], target = target[0], [""]
        if len(target) == 1 and not isinstance(target[0], str):
            yield ("stages", at, named[0]), f"the {named[0]} of a stage has to be text"
            target = [""]
        stage["kind"], stage["target"] = (named[0], target[0]) if named else ("", "")
        if isinstance(stage.get("after"), str):
            stage["after"] = [stage["after"]]
        stage.setdefault("after", [above] if above else [])
        above = stage["name"] if isinstance(stage.get("name"), str) else above


def _related(pipeline: Pipeline) -> list[tuple[Place, str]]:
    """What is wrong between the parts of a definition whose parts are right."""
    problems: list[tuple[Place, str]] = []
    names = [stage.name for stage in pipeline.stages]
    for name, definition in pipeline.parameters.items():
        try:
            definition.parameter(name)
        except ValueError as error:
            problems.append((("parameters", name), str(error)))
    for at, stage in enumerate(pipeline.stages):
        if names.index(stage.name) != at:
            problems.append((("stages", at, "name"), f"a second stage named '{stage.name}'"))
        for other in stage.after:
            if other not in names:
                problems.append((("stages", at, "after"), f"'after' names no stage '{other}'{meant(other, names)}"))
        for key, value in stage.parameters.items():
            for name in references(value):
                if name not in pipeline.parameters:
                    guess = nearest(name, pipeline.parameters)
                    instead = f"; did you mean '${{{guess}}}'?" if guess else ""
                    problems.append(
                        (("stages", at, "parameters", key), f"the pipeline has no parameter '{name}'{instead}")
                    )
    if not problems:
        try:
            pipeline.in_order()
        except CycleError as error:
            problems.append((("stages",), f"stages wait for each other: {' -> '.join(error.args[1])}"))
    return problems
