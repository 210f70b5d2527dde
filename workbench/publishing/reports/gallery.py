"""The rendered reports that somebody may open: `wb.gallery`."""

from __future__ import annotations

import builtins
from itertools import islice

from workbench.data.lake import Lake
from workbench.foundation.errors import Forbidden, NotFound, unknown
from workbench.foundation.listing import Listing
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Run, Runs
from workbench.governance.security import Role, Security
from workbench.publishing.reports.model import ReportRun

__all__ = ["Gallery"]


class Gallery:
    """What was rendered in a workspace, as one actor may see it.

    A report shows what the role that ran it sees. So somebody may open a run of it only if, for every dataset that the
    run read, their own policy hides no more than that of the run's role does, and the latter is as it was when the run
    began. Where that cannot be said any more, because a dataset was deleted, it takes a role that includes the run's.
    """

    def __init__(self, settings: Settings, runs: Runs, security: Security, lake: Lake, actor: Actor) -> None:
        self._settings = settings
        self._runs = runs
        self._security = security
        self._lake = lake
        self._actor = actor

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def names(self) -> builtins.list[str]:
        """The reports that were rendered at least once, also those whose definition is gone."""
        return sorted(folder.name for folder in self._settings.reports_dir.glob("[!.]*") if folder.is_dir())

    def list(self, name: str | None = None, *, before: str | None = None, limit: int = 50) -> Listing[ReportRun]:
        """The rendered runs that the actor may open, newest first.

        Args:
            name: Of one report only; none that was never rendered.
            before: The id of a run: only those that began before it did.
        """
        names = [one for one in self.names() if name in (None, one)]
        found = sorted(
            ((run.name, one) for one in names for run in (self._settings.reports_dir / one).glob("[!.]*")), reverse=True
        )
        open_to_them = (
            shown
            for run_id, one in found
            if (before is None or run_id < before) and (shown := self._shown(one, run_id)) is not None
        )
        return Listing(
            islice(open_to_them, limit),
            caption="Rendered reports",
            row=lambda one: {
                "report": one.name,
                "run": one.run.id,
                "status": one.run.status.value,
                "started (UTC)": f"{one.run.started:%Y-%m-%d %H:%M}",
                "by": one.run.principal,
            },
            empty="There is no rendered report yet: `workbench report run NAME` makes one.",
        )

    def open(self, name: str, run_id: str) -> ReportRun:
        """A rendered run of a report.

        Raises:
            NotFound: No such report, or no such rendered run of it.
            Forbidden: The run read more than the actor may see.
        """
        # Compared with what is there, never joined to a path unseen: a name can be anything that a URL can hold.
        if name not in (names := self.names()):
            raise unknown("rendered report", name, names)
        folder = self._settings.reports_dir / name
        runs = {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")}
        if run_id not in runs or not (folder / run_id / "report.html").is_file():
            raise NotFound(f"the report '{name}' has no rendered run '{run_id}'", hint="its page lists those there are")
        run = self._runs.get(run_id)
        self._check(run)
        return self._report(name, run)

    def tells(self, run: Run) -> bool:
        """Whether what a run printed, and why it failed, may be told to the actor: not where a policy of theirs hides
        some of what it dealt with. Of a run that is not known to have dealt with any dataset, it could be anything.
        """
        asker = self._actor.principal
        closed = self._security.restricted_datasets(asker)
        if not closed or run.principal == asker.name:
            return True
        edges = [edge for edge in self._runs.edges(run.id) if edge.kind == "dataset"]
        written = {edge.name for edge in edges if edge.direction == "write"}
        try:
            self._check(run)
        except Forbidden:
            return False
        there = all(self._lake.exists(name) for name in written)
        return bool(edges) and there and not any(self._shows_more(run, name, written) for name in written)

    def _shown(self, name: str, run_id: str) -> ReportRun | None:
        try:
            return self.open(name, run_id)
        except (Forbidden, NotFound):
            return None

    def _report(self, name: str, run: Run) -> ReportRun:
        folder = self._settings.reports_dir / name / run.id
        html, pdf, note = folder / "report.html", folder / "report.pdf", run.directory / "report.note"
        said = note.read_text(encoding="utf-8") if note.is_file() else None
        return ReportRun(name, run, html, pdf if pdf.is_file() else None, said)

    def _check(self, run: Run) -> None:
        asker = self._actor.principal
        edges = self._runs.edges(run.id)
        then = {edge.name for edge in edges if edge.kind == "dataset" and edge.direction == "read"}
        # Datasets are renamed and their policies go along, so they are known by what the run pinned.
        now = {name for dataset in self._runs.pinned_by(run.id) if (name := self._lake.name_of(dataset))}
        closed = next((f"'{name}'" for name in sorted(now) if self._shows_more(run, name, then)), None)
        if len(now) < len(then) and not asker.role.includes(run.role):
            closed = closed or "a dataset that was deleted since"
        if closed is not None:
            raise Forbidden(
                f"{asker.name} ({asker.role}) may not open run {run.id}: it shows more of {closed} than they may see",
                hint="have the report run by somebody who sees what you see",
            )

    def _shows_more(self, run: Run, name: str, then: set[str]) -> bool:
        """Whether a run may show more of a dataset than the actor may see."""
        own = self._security.policy_for(self._actor.principal, name)
        if own is None:
            return False
        theirs = self._security.policy_of(run.role, name)
        # A role without a policy of its own has one of a role above it, so a change of any of these counts.
        for thing in (f"policy {called}/{one}" for called in {name, *then} for one in Role if one.includes(run.role)):
            if any(entry.time >= run.started for entry in self._security.audit(thing=thing, limit=1)):
                theirs = None  # what it was when the run began is not known any more
        return not own.hides_no_more_than(theirs)
