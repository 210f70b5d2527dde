"""Notebooks: declared parameters, one run through papermill with its receipt, replay, and the thin-notebook rules."""

from workbench.orchestration.notebooks.interruption import ended_by_signal
from workbench.orchestration.notebooks.introduction import Introduction, introduction
from workbench.orchestration.notebooks.lint import lint
from workbench.orchestration.notebooks.model import Comparison, NotebookFailed, Progress, again_command
from workbench.orchestration.notebooks.naming import named_in
from workbench.orchestration.notebooks.parameters import Parameter, check, declared
from workbench.orchestration.notebooks.runner import NotebookRunner

__all__ = [
    "Comparison",
    "Introduction",
    "NotebookFailed",
    "NotebookRunner",
    "Parameter",
    "Progress",
    "again_command",
    "check",
    "declared",
    "ended_by_signal",
    "introduction",
    "lint",
    "named_in",
]
