from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from sqlalchemy.orm import Session

from workbench.foundation.errors import WorkbenchError
from workbench.governance.runs import Run, RunStatus
from workbench.orchestration.notebooks import Progress

__all__ = ["Declaring", "PipelineFailed", "PipelineRun", "StageProgress", "StageResult", "StageState", "Step", "Work"]

StageState = Literal["started", "cell", "retrying", "skipped", "noted", "finished", "failed"]


@dataclass(frozen=True)
class StageProgress:
    """One step of a running pipeline.

    Attributes:
        number: Which stage, from 1.
        seconds: How long it took; None while it runs.
        cell: The notebook cell that has started, finished or failed; only where `state` is "cell".
        why: Why a stage is skipped, what went wrong before it is tried again, or what was noted about it: that it
            reads or writes what it does not declare.
    """

    pipeline: str
    stage: str
    number: int
    stages: int
    state: StageState
    seconds: float | None = None
    cell: Progress | None = None
    why: str | None = None


@dataclass(frozen=True)
class StageResult:
    """How one stage ended. A skipped stage's `run` is the earlier one whose result still stands."""

    stage: str
    status: RunStatus
    run: Run
    seconds: float


@dataclass(frozen=True)
class PipelineRun:
    """One run of a pipeline and of its stages, in the order they ran."""

    run: Run
    stages: tuple[StageResult, ...]


class PipelineFailed(WorkbenchError):
    """A pipeline run that was recorded as failed.

    Attributes:
        run: The pipeline's run.
        stage: The stage that failed.
        again: The command that goes on from there.
    """

    code = "pipeline_failed"

    def __init__(self, run: Run, *, stage: str, cause: WorkbenchError, again: str) -> None:
        hints = [cause.hint] if cause.hint else []
        super().__init__(
            f"pipeline {run.name} failed in stage {stage}: {cause}",
            hint="\n".join([*hints, f"go on with the pipeline from there: {again}"]),
        )
        self.run = run
        self.stage = stage
        self.again = again


@dataclass(frozen=True)
class Work:
    """What a step is asked to do for one stage.

    Attributes:
        name: What the run is to be called: "pipeline/stage".
        target: What the stage names: a notebook's path, a report's name.
        parameters: As `Step.check` gave them.
        parent: The pipeline's run.
        guard: To be passed to `Runs.finish` with a success: refuses a pipeline run that lost its lease.
    """

    name: str
    target: str
    parameters: Mapping[str, Any]
    parent: str
    fingerprint: str | None
    cell_timeout: float | None
    timeout: float | None
    guard: Callable[[Session], None]
    on_progress: Callable[[Progress], None]


class Step(Protocol):
    """One kind of stage. The kind's name is the key that a stage's definition names its target with."""

    def check(self, target: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters as the target takes them; raises what is wrong before anything runs."""
        ...

    def files(self, target: str) -> Sequence[Path]:
        """What the result depends on besides parameters and data: notebooks, definitions, templates."""
        ...

    def run(self, work: Work) -> Run:
        """Does the work and returns its successful run; a failed one is recorded and raised."""
        ...


@runtime_checkable
class Declaring(Protocol):
    """A kind of stage that says itself which datasets are read and written, so that nobody has to declare them."""

    def declared(self, target: str, parameters: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[str]]:
        """The datasets that it reads, and those that it writes."""
        ...
