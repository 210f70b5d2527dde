"""The step kind `report` of pipelines: a stage that runs a report and renders it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.governance.runs import Run
from workbench.orchestration.notebooks import check, declared
from workbench.orchestration.pipelines import Work
from workbench.publishing.reports.definition import path_of
from workbench.publishing.reports.reports import Reports

__all__ = ["ReportStep", "report_step"]


class ReportStep:
    """A stage `report: NAME`; the same parameters as the report's notebook."""

    def __init__(self, reports: Reports, home: Path) -> None:
        self._reports = reports
        self._home = home

    def check(self, target: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters as the report's notebook takes them.

        Raises:
            NotFound: No such report.
            Invalid: The parameters do not fit.
        """
        definition = self._reports.get(target)
        known = declared(self._home / definition.notebook)
        return check(known, {**definition.parameters, **parameters}, notebook=str(definition.notebook))

    def files(self, target: str) -> Sequence[Path]:
        """The report's definition and its notebook."""
        return path_of(self._home, target), self._home / self._reports.get(target).notebook

    def run(self, work: Work) -> Run:
        """Runs and renders. The run succeeds with its notebook; `Reports.latest` renders what is missing."""
        run = self._reports.execute(
            self._reports.get(work.target),
            work.parameters,
            name=work.name,
            parent=work.parent,
            fingerprint=work.fingerprint,
            cell_timeout=work.cell_timeout,
            timeout=work.timeout,
            guard=work.guard,
            on_progress=work.on_progress,
        )
        self._reports.render(run.id)
        return run


def report_step(reports: Reports) -> ReportStep:
    """What `Pipelines` is given as the step kind "report"."""
    return ReportStep(reports, reports.home)
