"""Pipelines: notebooks and reports as stages, run in order, skipped when unchanged, resumed where they stopped."""

from workbench.orchestration.pipelines.definition import Pipeline, Stage
from workbench.orchestration.pipelines.model import (
    PipelineFailed,
    PipelineRun,
    StageProgress,
    StageResult,
    Step,
    Work,
)
from workbench.orchestration.pipelines.runner import Pipelines

__all__ = [
    "Pipeline",
    "PipelineFailed",
    "PipelineRun",
    "Pipelines",
    "Stage",
    "StageProgress",
    "StageResult",
    "Step",
    "Work",
]
