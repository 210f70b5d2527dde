"""Which runs can be replayed; of the others, why not, and what can be done instead."""

from __future__ import annotations

from workbench.foundation.errors import Invalid
from workbench.governance.runs import Run, RunKind, Runs, RunStatus
from workbench.orchestration.notebooks.model import again_command

__all__ = ["refuse_replay"]


def refuse_replay(runs: Runs, run: Run) -> None:
    """
    Raises:
        Invalid: It is a pipeline's run, did not succeed, or wrote datasets. The hint names what can be replayed, or how
            to run it again where nothing of it can.
    """
    why = _against(runs, run)
    if why is None:
        return
    if run.kind is not RunKind.PIPELINE:
        more = "; only a successful run can be replayed" if run.status is not RunStatus.SUCCEEDED else ""
        raise Invalid(f"run {run.id} of {run.name} {why}{more}", hint=_instead(runs, run))
    stages = [(stage, _against(runs, stage)) for stage in reversed(runs.list(parent=run.id))]
    able = [f"{stage.id} ({stage.name})" for stage, refused in stages if refused is None]
    if able:
        hint = f"replay the run of one of its stages: {', '.join(able)}"
    elif stages:
        said = "; ".join(f"{stage.name} {refused}" for stage, refused in stages)
        hint = f"no stage that it ran can be replayed: {said}\n{_instead(runs, run)}"
    else:
        hint = f"it ran no stage\n{_instead(runs, run)}"
    raise Invalid(f"run {run.id} is of the pipeline {run.name}, and what is replayed is one notebook", hint=hint)


def _against(runs: Runs, run: Run) -> str | None:
    """What keeps a run from being replayed, as the end of a sentence about it."""
    if run.kind is RunKind.PIPELINE:
        return "is a pipeline"
    if run.status is not RunStatus.SUCCEEDED:
        return "is still running" if run.status is RunStatus.RUNNING else f"has {run.status}"
    written = sorted({edge.name for edge in runs.edges(run.id) if edge.direction == "write" and edge.kind == "dataset"})
    return f"wrote {', '.join(written)}, and a replay writes nothing" if written else None


def _instead(runs: Runs, run: Run) -> str:
    if run.status is RunStatus.SUCCEEDED and run.kind is not RunKind.PIPELINE:
        return "replay a run that only reads, such as a report's"
    if run.status is RunStatus.RUNNING:
        return f"wait until it has ended: workbench runs show {run.id}"
    if run.kind is RunKind.UPLOAD:
        return "upload the file again"
    if run.kind is RunKind.REPLAY:
        return f"it is a replay itself; replay the run that it is of: workbench runs list --name {run.name}"
    whole = runs.get(run.parent) if run.parent is not None else run
    if whole.kind is RunKind.SYNC:
        return f"sync it again: workbench source sync {whole.parameters['source']}"
    if whole.kind is RunKind.TRANSFORM:
        return f"apply it again: workbench transform apply {whole.name}"
    command = again_command(whole.name, whole.parameters)
    if whole.kind is RunKind.REPORT:
        command = command.replace("workbench run", "workbench report run", 1)
    return f"run it again: {command}"
