"""The façade: which reports there are, running one, rendering what a run left."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from workbench.foundation.errors import Invalid, NotFound
from workbench.foundation.listing import Listing
from workbench.foundation.observability import logger
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Run, RunKind, Runs
from workbench.orchestration.notebooks import NotebookRunner, Progress
from workbench.publishing.reports.definition import ReportDefinition, find, load_all
from workbench.publishing.reports.files import publish, write
from workbench.publishing.reports.model import ReportRun
from workbench.publishing.reports.page import for_print, page
from workbench.publishing.reports.pdf import print_pdf

__all__ = ["Reports"]

# What a run's edge to the report it shows is called; the version is the definition's.
EDGE = "report"


class Reports:
    """The reports of one workspace, as one actor."""

    def __init__(self, settings: Settings, runs: Runs, notebooks: NotebookRunner, actor: Actor) -> None:
        self._settings = settings
        self._runs = runs
        self._notebooks = notebooks
        self._actor = actor

    @property
    def home(self) -> Path:
        """The workspace's folder."""
        return self._settings.home

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def list(self) -> Listing[ReportDefinition]:
        """Every report, by name, in a list that shows itself as a table; `problems` says which files are none."""
        found, problems = load_all(self._settings.home)
        return Listing(
            found,
            caption="Reports",
            row=lambda one: {
                "report": one.name,
                "title": one.title,
                "notebook": one.notebook.as_posix(),
                "description": one.description,
            },
            empty="There is no report yet: `workbench new report NAME` writes one.",
            problems=problems,
        )

    def get(self, name: str) -> ReportDefinition:
        """The definition of that name.

        Raises:
            NotFound: No such report, or it names a notebook that is not there.
            Invalid: Its file is not a report.
        """
        return find(self._settings.home, name)

    def run(
        self,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        text: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> ReportRun:
        """Runs a report's notebook and renders what came out.

        Args:
            parameters: They go before those of the definition, and those before the notebook's own.
            text: The values come from a command line and are read as the declared types.
            on_progress: Called when a cell starts, finishes or fails.

        Raises:
            NotFound: No such report or notebook.
            Invalid: The parameters do not fit the notebook. No kernel was started.
            NotebookFailed: A cell failed; the failed run is recorded, and `render` shows it as far as it came.
        """
        definition = self.get(name)
        run = self.execute(definition, parameters or {}, name=name, text=text, on_progress=on_progress)
        return self._rendered(run, definition)

    def execute(
        self,
        definition: ReportDefinition,
        parameters: Mapping[str, Any],
        *,
        name: str,
        parent: str | None = None,
        fingerprint: str | None = None,
        text: bool = False,
        cell_timeout: float | None = None,
        timeout: float | None = None,
        guard: Callable[[Session], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Run:
        """`run` without rendering, called what the caller wants.

        That the run shows this report is recorded in the transaction of its success, so that `latest` finds it even
        where rendering never came about.
        """
        started: builtins.list[str] = []

        def progress(step: Progress) -> None:
            if not started:
                started.append(step.run)
            if on_progress is not None:
                on_progress(step)

        def record(session: Session) -> None:
            if guard is not None:
                guard(session)
            for run_id in started:
                self._runs.record_in(session, run_id, "write", EDGE, definition.name, definition.version)

        return self._notebooks.run(
            definition.notebook,
            {**definition.parameters, **parameters},
            name=name,
            kind=RunKind.REPORT,
            parent=parent,
            fingerprint=fingerprint,
            text=text,
            cell_timeout=cell_timeout,
            timeout=timeout,
            guard=record,
            on_progress=progress,
        )

    def render(self, run_id: str) -> ReportRun:
        """Renders a report's run, as far as it came, without running it again. The page has the same bytes each time.

        Args:
            run_id: The run's id, or a beginning of it.

        Raises:
            NotFound: No such run, or its report or its output is gone.
            Invalid: The run is not a report's.
        """
        run = self._runs.get(run_id)
        return self._rendered(run, self._definition_of(run))

    def latest(self, name: str) -> ReportRun | None:
        """The newest successful run of a report, rendered; None where there is none yet.

        Raises:
            NotFound: No such report.
        """
        definition = self.get(name)
        for edge in self._runs.lineage(EDGE, name):
            run = self._runs.get(edge.run)
            if (found := self._published(run, name)) is not None:
                return found
            if (run.directory / "output.ipynb").is_file():
                return self._rendered(run, definition)
        return None

    def of(self, run_id: str) -> ReportRun:
        """What a report's run shows: the page that was rendered, or where it was not, `render`.

        Raises:
            NotFound: No such run, or its report or its output is gone.
            Invalid: The run is not a report's.
        """
        run = self._runs.get(run_id)
        return self._published(run, self._definition_of(run).name) or self.render(run.id)

    def _published(self, run: Run, name: str) -> ReportRun | None:
        folder = self._settings.reports_dir / name / run.id
        html, pdf = folder / "report.html", folder / "report.pdf"
        if not html.is_file():
            return None
        return ReportRun(name, run, html, pdf if pdf.is_file() else None, self._note(run))

    def _definition_of(self, run: Run) -> ReportDefinition:
        names = [edge.name for edge in self._runs.edges(run.id) if edge.kind == EDGE and edge.direction == "write"]
        if names:
            return self.get(names[0])
        if run.kind is not RunKind.REPORT:
            raise Invalid(
                f"run {run.id} is a {run.kind}'s ({run.name}), not a report's",
                hint="workbench runs list shows what each run was",
            )
        notebook = self._runs.receipt(run.id).notebook
        for definition in self.list():
            if notebook == str(self._settings.home / definition.notebook):
                return definition
        raise NotFound(f"the report that run {run.id} ({run.name}) belongs to is not in the workspace any more")

    def _rendered(self, run: Run, definition: ReportDefinition) -> ReportRun:
        receipt = self._runs.receipt(run.id)
        text = page(run.directory / "output.ipynb", definition, receipt, home=self._settings.home)
        html, pdf, note = (run.directory / name for name in ("report.html", "report.pdf", "report.note"))
        write(html, text)
        why = print_pdf(for_print(text), pdf, chromium=self._settings.chromium)
        if why is not None:
            logger(__name__).warning(why)
            pdf.unlink(missing_ok=True)
            write(note, why)
        else:
            note.unlink(missing_ok=True)
        files = {"report.html": html, "receipt.json": self._runs.write_receipt(run.id)}
        folder = self._settings.reports_dir / definition.name / run.id
        if why is None:
            publish(folder, {**files, "report.pdf": pdf})
        else:
            publish(folder, files, stale=["report.pdf"])
        return ReportRun(
            definition.name, run, folder / "report.html", folder / "report.pdf" if why is None else None, why
        )

    def _note(self, run: Run) -> str | None:
        note = run.directory / "report.note"
        return note.read_text(encoding="utf-8") if note.is_file() else None
