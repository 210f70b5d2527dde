"""Running a pipeline: its stages in order, each only when something it depends on has changed."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from workbench.data.lake import Lake
from workbench.foundation.definitions import meant
from workbench.foundation.errors import Conflict, Invalid, NotFound, Unavailable, WorkbenchError, unknown
from workbench.foundation.jobs import Jobs, Lease
from workbench.foundation.listing import Listing, readable
from workbench.foundation.registry import Registry
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Run, RunKind, Runs, RunStatus
from workbench.orchestration.notebooks import (
    NotebookFailed,
    NotebookRunner,
    again_command,
    check,
    ended_by_signal,
)
from workbench.orchestration.pipelines.definition import Pipeline, Stage, load, substituted
from workbench.orchestration.pipelines.fingerprint import fingerprint
from workbench.orchestration.pipelines.model import (
    Declaring,
    PipelineFailed,
    PipelineRun,
    StageProgress,
    StageResult,
    StageState,
    Step,
    Work,
)
from workbench.orchestration.pipelines.standing import Present, undeclared
from workbench.orchestration.pipelines.steps import NotebookStep

__all__ = ["Pipelines"]

OnProgress = Callable[[StageProgress], None]


@dataclass(frozen=True)
class _Going:
    """One run of one pipeline under way."""

    pipeline: Pipeline
    stages: list[Stage]
    parameters: Mapping[str, dict[str, Any]]
    run: Run
    lease: Lease
    on_progress: OnProgress

    def tell(self, stage: Stage, state: StageState, **more: Any) -> None:
        number = self.stages.index(stage) + 1
        self.on_progress(StageProgress(self.pipeline.name, stage.name, number, len(self.stages), state, **more))


class Pipelines:
    """The pipelines of a workspace: `pipelines/*.yaml`, run as one actor.

    Args:
        steps: Further kinds of stages, by the key a definition uses for them; "notebook" is there already.
        versions: How further kinds of things that runs read tell their version by name: "metric".
    """

    def __init__(
        self,
        settings: Settings,
        runs: Runs,
        jobs: Jobs,
        lake: Lake,
        notebooks: NotebookRunner,
        actor: Actor,
        *,
        steps: Mapping[str, Step] | None = None,
        versions: Mapping[str, Callable[[str], str]] | None = None,
    ) -> None:
        self._settings = settings
        self._runs = runs
        self._jobs = jobs
        self._lake = lake
        self._actor = actor
        self._present = Present(lake, actor, settings.home, versions or {})
        self.steps: Registry[Step] = Registry("kind of stage")
        self.steps.register("notebook", NotebookStep(settings.home, notebooks))
        for kind, step in (steps or {}).items():
            self.steps.register(kind, step)

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def list(self) -> Listing[Pipeline]:
        """Every pipeline, by name, in a list that shows itself as a table; files that define none are left out."""
        found, problems = readable(self.names(), self.get)
        return Listing(
            found,
            caption="Pipelines",
            row=lambda one: {
                "pipeline": one.name,
                "stages": ", ".join(stage.name for stage in one.in_order()),
                "parameters": ", ".join(one.parameters),
                "description": one.description,
            },
            empty="There is no pipeline yet: `workbench new pipeline NAME` writes one.",
            problems=problems,
        )

    def names(self) -> builtins.list[str]:
        """The pipelines that are defined."""
        return sorted(path.stem for path in self._folder.glob("*.yaml"))

    def get(self, name_or_path: str | Path) -> Pipeline:
        """A pipeline by its name or by the path of its definition.

        Raises:
            NotFound: No such pipeline; the message has the nearest one.
            Invalid: Its definition is wrong.
        """
        text = str(name_or_path)
        if text.endswith((".yaml", ".yml")):
            return load(self._settings.home / text, self.steps.names())
        path = self._folder / f"{text}.yaml"
        if not path.is_file():
            raise unknown("pipeline", text, self.names(), hint=f"a pipeline is a file {self._folder.name}/NAME.yaml")
        pipeline = load(path, self.steps.names())
        if pipeline.name != text:
            raise Invalid(f"{path} defines the pipeline '{pipeline.name}'; a pipeline is named like its file")
        return pipeline

    def run(
        self,
        name_or_path: str | Path,
        parameters: Mapping[str, Any] | None = None,
        *,
        from_stage: str | None = None,
        only: str | None = None,
        force: bool = False,
        text: bool = False,
        on_progress: OnProgress | None = None,
    ) -> PipelineRun:
        """Runs a pipeline; running it again after a failure or a crash goes on where it stopped.

        A stage is skipped when it has succeeded before with the same notebook, parameters, workbench version, dataset
        versions, sources and used files, what it really read then is as it was, and what it wrote is still there. A
        stage that declares neither `reads` nor `sources` is never skipped: what it depends on is not known.

        Args:
            from_stage: Leaves the stages before this one alone and runs it and those after it, changed or not.
            only: Runs this one stage, changed or not.
            force: Runs every stage, changed or not.
            text: The parameters come from a command line and are read as the declared types.
            on_progress: Called when a stage starts, is skipped, finishes, fails or is tried again, and with every cell
                of its notebook.

        Raises:
            NotFound: No such pipeline or stage, or a stage reads a dataset that there is not and that no stage before
                it writes. Nothing was run.
            Invalid: The definition or a parameter, of the pipeline or of a stage, is wrong. Nothing was run.
            Conflict: Somebody else is running it; or took it over, after this process had stopped for long.
            PipelineFailed: A stage failed. What was finished before it is kept.
        """
        pipeline = self.get(name_or_path)
        known = pipeline.declared()
        checked = check(known, parameters or {}, notebook=f"pipeline {pipeline.name}", text=text)
        values = {parameter.name: checked.get(parameter.name, parameter.default) for parameter in known}
        pipeline = self._declaring(pipeline, values)
        stages, must = _chosen(pipeline, from_stage=from_stage, only=only, force=force)
        given = {stage.name: self._checked(stage, values) for stage in stages}
        self._refuse_unknown_reads(pipeline, stages)
        again = again_command(str(name_or_path), checked)
        self._runs.reap()
        with self._jobs.held("pipeline", pipeline.name) as lease, ended_by_signal():
            run = self._runs.start(
                RunKind.PIPELINE, pipeline.name, actor=self._actor, parameters=values, parent=self._actor.run
            )
            going = _Going(pipeline, stages, given, run, lease, on_progress or (lambda step: None))
            results: builtins.list[StageResult] = []
            began = time.monotonic()
            try:
                for stage in stages:
                    began = time.monotonic()
                    results.append(self._stage(going, stage, must=must))
            except BaseException as error:
                stage = stages[len(results)]
                said = str(error) or type(error).__name__
                failed = self._runs.finish(run.id, RunStatus.FAILED, error=f"stage {stage.name}: {said}")
                going.tell(stage, "failed", seconds=time.monotonic() - began, why=said)
                if isinstance(error, WorkbenchError) and not isinstance(error, Conflict):
                    # Those that can be skipped are by themselves; the others would run a second time.
                    onward = "" if all(done.skippable for done in stages[: len(results)]) else f" --from {stage.name}"
                    raise PipelineFailed(failed, stage=stage.name, cause=error, again=again + onward) from error
                raise
            done = self._runs.finish(
                run.id, RunStatus.SUCCEEDED, guard=lambda session: self._jobs.guard(session, lease)
            )
        return PipelineRun(done, tuple(results))

    def check(self, name: str) -> None:
        """Whether it could be run with its defaults, as far as that can be told before anything runs.

        Raises:
            NotFound: What a stage names is not there.
            Invalid: The definition is wrong, or that of a stage; says which.
        """
        pipeline = self.get(name)
        known = pipeline.declared()
        if not any(parameter.required for parameter in known):
            values = {parameter.name: parameter.default for parameter in known}
            for stage in pipeline.stages:
                try:
                    self._checked(stage, values)
                except WorkbenchError as error:
                    raise type(error)(f"pipelines/{name}.yaml: {error}", hint=error.hint) from error

    @property
    def _folder(self) -> Path:
        return self._settings.home / "pipelines"

    def _checked(self, stage: Stage, values: Mapping[str, Any]) -> dict[str, Any]:
        step = self.steps.get(stage.kind)
        try:
            for name in stage.uses:
                if not (self._settings.home / name).is_file():
                    raise NotFound(f"there is no file '{name}', which it uses")
            return step.check(stage.target, substituted(stage.parameters, values))
        except WorkbenchError as error:
            raise type(error)(f"stage {stage.name}: {error}", hint=error.hint) from error

    def _declaring(self, pipeline: Pipeline, values: Mapping[str, Any]) -> Pipeline:
        """The pipeline with the datasets that its stages say themselves that they read and write."""
        stages = []
        for stage in pipeline.stages:
            step = self.steps.get(stage.kind)
            if isinstance(step, Declaring):
                given = self._checked(stage, values)
                reads, writes = step.declared(stage.target, given)
                writes = tuple(dict.fromkeys([*stage.writes, *writes]))
                reads = tuple(name for name in dict.fromkeys([*stage.reads, *reads]) if name not in writes)
                stage = stage.model_copy(update={"reads": reads, "writes": writes})
            stages.append(stage)
        return pipeline.model_copy(update={"stages": tuple(stages)})

    def _stage(self, going: _Going, stage: Stage, *, must: bool) -> StageResult:
        started = time.monotonic()
        self._jobs.renew(going.lease)
        parameters = going.parameters[stage.name]
        step = self.steps.get(stage.kind)
        mark = fingerprint(
            stage,
            parameters=parameters,
            files=step.files(stage.target),
            datasets={name: self._present.dataset(name) for name in stage.reads},
            home=self._settings.home,
        )
        name = f"{going.pipeline.name}/{stage.name}"
        earlier = self._standing(name, stage, mark) if mark is not None and stage.skippable and not must else None
        if earlier is not None:
            going.tell(stage, "skipped", why="nothing it depends on has changed")
            return StageResult(stage.name, RunStatus.SKIPPED, earlier, time.monotonic() - started)
        going.tell(stage, "started")
        work = Work(
            name=name,
            target=stage.target,
            parameters=parameters,
            parent=going.run.id,
            fingerprint=mark,
            cell_timeout=stage.cell_timeout,
            timeout=stage.timeout,
            guard=lambda session: self._guard(session, stage, going.lease),
            on_progress=lambda cell: going.tell(stage, "cell", cell=cell),
        )
        run = self._persistently(going, stage, step, work)
        seconds = time.monotonic() - started
        note = undeclared(stage, self._runs.edges(run.id), self._settings.home)
        if note is not None:
            going.tell(stage, "noted", why=note)
        going.tell(stage, "finished", seconds=seconds)
        return StageResult(stage.name, RunStatus.SUCCEEDED, run, seconds)

    def _persistently(self, going: _Going, stage: Stage, step: Step, work: Work) -> Run:
        for left in range(stage.retries, 0, -1):
            try:
                return step.run(work)
            except (NotebookFailed, Unavailable) as error:
                going.tell(stage, "retrying", why=f"{error}; {left} more {'tries' if left > 1 else 'try'}")
                time.sleep(stage.retry_delay)
        return step.run(work)

    def _standing(self, name: str, stage: Stage, mark: str) -> Run | None:
        """The earlier success of the same work, if it would read the same now and all that it wrote is there."""
        # The newest success, whatever it was of: one with other parameters may have written over its results.
        run = self._runs.last_success(name)
        if run is None or run.fingerprint != mark or not all(self._lake.exists(written) for written in stage.writes):
            return None
        return run if self._present.still(run, self._runs.edges(run.id)) else None

    def _guard(self, session: Session, stage: Stage, lease: Lease) -> None:
        """Refuses a success that came too late, or without what the stage is to write."""
        self._jobs.guard(session, lease)
        for name in stage.writes:
            if not self._lake.exists(name):
                raise NotFound(
                    f"it ended, but the dataset '{name}' that it is to write does not exist"
                    f"{meant(name, self._lake.names())}",
                    hint="mend the name under 'writes' or in the notebook, whichever is wrong",
                )

    def _refuse_unknown_reads(self, pipeline: Pipeline, stages: Sequence[Stage]) -> None:
        written: set[str] = set()
        for stage in pipeline.in_order():
            for name in stage.reads if stage in stages else ():
                if name not in written and not self._lake.exists(name):
                    raise NotFound(
                        f"stage {stage.name}: it reads '{name}', which is no dataset and which no stage before it "
                        f"writes{meant(name, [*written, *self._lake.names()])}",
                        hint="a dataset that an earlier stage makes is named under that stage's 'writes'",
                    )
            written |= set(stage.writes)


def _chosen(pipeline: Pipeline, *, from_stage: str | None, only: str | None, force: bool) -> tuple[list[Stage], bool]:
    """The stages to look at, and whether they run though nothing has changed."""
    stages = pipeline.in_order()
    names = [stage.name for stage in stages]
    for name in (from_stage, only):
        if name is not None and name not in names:
            raise unknown(f"stage of {pipeline.name}", name, names)
    if from_stage is not None and only is not None:
        raise Invalid("from_stage and only exclude each other")
    if only is not None:
        return [stages[names.index(only)]], True
    if from_stage is not None:
        return stages[names.index(from_stage) :], True
    return stages, force
