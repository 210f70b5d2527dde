"""Pipelines: stages of five kinds, in order; skipped when unchanged, resumed where they stopped."""

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
from workbench.orchestration.pipelines.steps import SourceStep, TransformStep, ViewStep

__all__ = [
    "Pipeline",
    "PipelineFailed",
    "PipelineRun",
    "Pipelines",
    "SourceStep",
    "Stage",
    "StageProgress",
    "StageResult",
    "Step",
    "TransformStep",
    "ViewStep",
    "Work",
]
