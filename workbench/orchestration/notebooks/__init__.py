"""Notebooks: declared parameters, one run through papermill with its receipt, replay, and the thin-notebook rules."""

from workbench.orchestration.notebooks.lint import lint
from workbench.orchestration.notebooks.model import Comparison, Difference, NotebookFailed, Problem, Progress, Verdict
from workbench.orchestration.notebooks.parameters import Parameter, check, declared
from workbench.orchestration.notebooks.runner import NotebookRunner

__all__ = [
    "Comparison",
    "Difference",
    "NotebookFailed",
    "NotebookRunner",
    "Parameter",
    "Problem",
    "Progress",
    "Verdict",
    "check",
    "declared",
    "lint",
]
