from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.governance.runs import Run
from workbench.publishing.reports.explanations import explanations_of
from workbench.publishing.reports.provenance import parameters_in_words

__all__ = ["ReportRun"]


@dataclass(frozen=True)
class ReportRun:
    """A rendered report.

    Attributes:
        name: The report's name.
        run: The run that it shows.
        html: The page: one file, nothing fetched.
        pdf: The same for print, tagged and with an outline; None where it could not be made.
        note: Why there is no PDF, in a sentence; None where there is one.
    """

    name: str
    run: Run
    html: Path
    pdf: Path | None
    note: str | None

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The run's parameters and their values, as its page says them."""
        return parameters_in_words(self.run.parameters, explanations_of(self.run))

    @property
    def folder(self) -> Path:
        """Where the published files lie, the receipt beside them."""
        return self.html.parent
