"""What pipelines' tests know of the stages that ran."""

from __future__ import annotations

from pathlib import Path

from workbench.orchestration.pipelines import PipelineRun

__all__ = ["TRACE", "statuses", "traced"]

# Each run of a stage adds its name to the file `trace`.
TRACE = "from pathlib import Path\nwith Path('trace').open('a') as file:\n    print({!r}, file=file)"


def traced(workspace: Path) -> list[str]:
    """What ran since the last look."""
    path = workspace / "trace"
    lines = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def statuses(done: PipelineRun) -> list[str]:
    return [f"{stage.stage} {stage.status}" for stage in done.stages]
