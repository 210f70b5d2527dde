"""`wb.views`: SELECTs whose rows are datasets, and bringing those up to date."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.data.lake import Lake, check_name
from workbench.data.sql import SqlDoor
from workbench.data.views.cards import listed, refreshes_listed
from workbench.data.views.filed import in_file, in_files
from workbench.data.views.model import Explained, RefreshRecord, View, ViewDefinition
from workbench.data.views.refreshing import Refreshing
from workbench.data.views.store import ViewStore
from workbench.foundation.catalog import Catalog
from workbench.foundation.definitions import validated
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound, unknown
from workbench.foundation.jobs import Jobs, Lease
from workbench.foundation.listing import Listing, readable
from workbench.foundation.observability import logger
from workbench.governance.runs import Actor, RunKind, Runs, RunStatus
from workbench.governance.security import Role, Security

__all__ = ["Views"]

_logger = logger("views")


class Views:
    """The materialized views of a workspace, as one actor sees them.

    To look at one and to define one takes an analyst; to change, refresh or remove one its owner or an engineer. Who
    sees its dataset through a policy is told nothing of it, and whoever refreshes it has to see all of its datasets.

    Args:
        folder: Where views are written down, one per file.
    """

    def __init__(
        self, catalog: Catalog, lake: Lake, door: SqlDoor, runs: Runs, security: Security, actor: Actor, folder: Path
    ) -> None:
        self._store = ViewStore(catalog)
        self._jobs = Jobs(catalog)
        self._lake = lake
        self._door = door
        self._runs = runs
        self._security = security
        self._actor = actor
        self._folder = folder

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def list(self) -> Listing[View]:
        """Every view that the actor may see, by name. One of a file that nobody has asked for yet has the version 0.

        Raises:
            Forbidden: It takes an analyst.
        """
        self._may_look()
        known = self._store.all()
        named = {view.name for view in known}
        written, problems = readable((name for name in in_files(self._folder) if name not in named), self._written)
        found = [view for view in (*known, *written) if self._shown(view.name)]
        return listed(sorted(found, key=lambda view: view.name), problems)

    def get(self, name: str) -> View:
        """
        Raises:
            NotFound: No such view; the message has the nearest one.
            Forbidden: It takes an analyst, of whom no policy hides anything of it.
        """
        self._may_look()
        view = self._taken(name, change=False)
        if not self._shown(name):
            raise Forbidden(f"view '{name}' is closed to the role {self._actor.principal.role}: a policy hides rows")
        return view

    def check(self, name: str) -> None:
        """Looks whether there is a view of this name, in the catalog or in a file.

        Raises:
            NotFound: There is none.
            Invalid: Its file has mistakes.
            Forbidden: It takes an analyst.
        """
        self._may_look()
        if in_file(self._folder, name) is None:
            self._found(name)

    def define(self, name: str, /, sql: str, *, description: str = "") -> View:
        """Defines a view, or changes what it says: `wb.views.define("by_carrier", "SELECT carrier, count(*) AS flights
        FROM flights GROUP BY carrier")`.

        Nothing is computed yet: `refresh` does that.

        Args:
            name: The dataset's, too, which the first refresh makes.
            sql: One SELECT over datasets.

        Raises:
            Invalid: It has mistakes, or would be a view of itself.
            NotFound: No such dataset.
            Conflict: There is a dataset of that name that is no view's, or a file says what the view is.
            Forbidden: It takes an analyst; to change it, its owner or an engineer.
        """
        definition = validated(ViewDefinition, {"name": name, "sql": sql, "description": description}, noun="view")
        check_name(name)
        if in_file(self._folder, name) is not None:
            raise Conflict(f"views/{name}.yaml says what the view is", hint="change the file")
        return self._defined(definition)

    def remove(self, name: str) -> None:
        """Forgets a view. Its dataset stays, and stays closed to whom it was.

        Raises:
            NotFound: No such view.
            Conflict: It is being refreshed.
            Forbidden: It takes its owner or an engineer.
        """
        view = self._store.get(name)
        self._may_change(view, "remove")
        with self._jobs.held("view", view.id):
            self._store.remove(name, by=self._actor.principal.name)

    def history(self, name: str, *, limit: int = 50) -> Listing[RefreshRecord]:
        """The refreshes of a view, newest first: how each brought it up to date, and why so.

        Raises:
            NotFound: No such view.
            Forbidden: It takes an analyst, of whom no policy hides anything of it.
        """
        return refreshes_listed(self._store.refreshes.latest(self.get(name).id, limit))

    def explain(self, name: str) -> Explained:
        """Whether a view can be carried on by what its datasets get, and what a refresh would do now.

        Raises:
            NotFound: No such view, or one of its datasets is gone.
            Forbidden: A policy hides something of its datasets.
        """
        view = self.get(name)
        found = Refreshing(view, self._lake, self._door, self._store, Actor(self._actor.principal))
        decision = found.decision()
        return Explained(
            name,
            {one.name: one.version for one in found.opened.values()},
            found.plan.way,
            found.plan.why,
            decision.way,
            decision.why,
        )

    def refresh(
        self,
        name: str,
        *,
        anew: bool = False,
        parent: str | None = None,
        fingerprint: str | None = None,
        run_name: str | None = None,
        guard: Callable[[Any], None] | None = None,
    ) -> RefreshRecord:
        """Brings a view's dataset up to date, in one commit: readers see the old rows until then. Where its datasets
        only got rows, and its SQL lets it, by these alone; else it is computed whole, and what comes back says why.

        Args:
            anew: Compute it whole, whatever changed.
            parent: The run that asked for it; by default the one that is acted in.
            fingerprint: Of a stage of a pipeline, kept with the run.
            run_name: Of the run, where it is not the view's name.
            guard: Called in the transaction that records the run's success.

        Returns:
            What it did; its run has a receipt.

        Raises:
            NotFound: No such view, or one of its datasets is gone.
            Conflict: It is being refreshed already, or the dataset of its name is not its own.
            Invalid: Its SQL cannot be answered, or its columns cannot be kept.
            Forbidden: It takes its owner or an engineer, of whom no policy hides anything of its datasets.
        """
        view = self._taken(name, change=True)
        self._may_change(view, "refresh")
        self._runs.reap()
        with self._jobs.held("view", view.id) as lease:
            view = self._store.get(name)  # as nobody changes its dataset for another refresh any more
            self._check_own(view)
            run = self._runs.start(
                RunKind.REFRESH,
                run_name or name,
                actor=self._actor,
                parameters={"view": name, "version": view.version, "sql": view.definition.sql, "anew": anew},
                parent=parent or self._actor.run,
                fingerprint=fingerprint,
            )
            refresh = self._store.refreshes.begin(view.id, run.id, by=self._actor.principal.name)
            try:
                actor = Actor(self._actor.principal, run.id)
                done = Refreshing(view, self._lake, self._door, self._store, actor).run(
                    lease, self._security, anew=anew
                )
                record = self._store.refreshes.end(
                    refresh, lease, outcome="succeeded", way=done.decision.way, why=done.decision.why, rows=done.rows,
                    version=done.version, read=dict(done.read),
                )  # fmt: skip
                self._runs.finish(run.id, RunStatus.SUCCEEDED, guard=lambda session: self._guard(session, lease, guard))
            except BaseException as error:
                said = str(error) or type(error).__name__
                self._store.refreshes.end(refresh, None, outcome="failed", error=said)
                self._runs.finish(run.id, RunStatus.FAILED, error=said)
                raise
        _logger.info("view %s %r", name, record)
        return record

    def _defined(self, definition: ViewDefinition) -> View:
        """A view as it is to be."""
        name, by = definition.name, self._actor.principal
        there = self._store.find(name)
        if there is None:
            self._security.require(by, Role.ANALYST, f"define the view '{name}'")
        else:
            self._may_change(there, "change")
            if there.definition == definition:
                return there
        if there is None and self._lake.exists(name):
            raise Conflict(
                f"there is a dataset '{name}' already, and a view makes its own",
                hint=f"choose another name, or delete it: workbench dataset delete {name}",
            )
        self._check(definition)
        if there is None:
            return self._store.add(definition, by=by.name)
        return self._store.change(there, definition, by=by.name)

    def _check(self, definition: ViewDefinition) -> None:
        """
        Raises:
            Invalid: The SQL has mistakes or parameters, or the view would be one of itself.
            NotFound: No such dataset.
        """
        looking = Actor(self._actor.principal)
        try:
            reading = self._door.check(definition.sql, looking)
            if reading.parameters:
                name = min(reading.parameters)
                raise Invalid(f"view '{definition.name}' has the parameter ${name}, and nobody gives it a value")
            self._door.check(definition.sql, looking, parameters={})  # are its columns there?
        except NotFound as error:
            if f"no dataset '{definition.name}'" in str(error):
                raise Invalid(f"view '{definition.name}' would be a view of itself") from error
            raise
        self._check_circle(definition.name, reading.datasets, [definition.name])

    def _check_circle(self, name: str, datasets: tuple[str, ...], way: builtins.list[str]) -> None:
        for dataset in datasets:
            if dataset.casefold() == name.casefold():
                through = f", through {', '.join(way[1:])}" if way[1:] else ""
                raise Invalid(f"view '{name}' would be a view of itself{through}")
            if (other := self._store.find(dataset)) is not None:
                looking = Actor(self._actor.principal)
                self._check_circle(name, self._door.check(other.definition.sql, looking).datasets, [*way, dataset])

    def _taken(self, name: str, *, change: bool) -> View:
        """A view as the catalog has it, once it says what its file says, if it has one.

        Raises:
            NotFound: No such view.
        """
        definition = in_file(self._folder, name)
        if definition is not None and (change or self._store.find(name) is None):
            return self._defined(definition)
        return self._found(name)

    def _written(self, name: str) -> View:
        """A view as its file says, of which the catalog knows nothing."""
        definition = in_file(self._folder, name)
        assert definition is not None
        when = datetime.fromtimestamp((self._folder / f"{name}.yaml").stat().st_mtime, UTC)
        return View(id="", definition=definition, version=0, owner="", created=when, updated=when, saved_by="")

    def _found(self, name: str) -> View:
        found = self._store.find(name)
        if found is None:
            names = {*in_files(self._folder), *(view.name for view in self._store.all())}
            raise unknown("view", name, names, hint="workbench view list shows them")
        return found

    def _check_own(self, view: View) -> None:
        """
        Raises:
            Conflict: The dataset of the view's name is not the one that it made.
        """
        there = self._lake.exists(view.name)
        if there and self._lake.id_of(view.name) != view.dataset and view.dataset is not None:
            raise Conflict(
                f"the dataset '{view.name}' is not the one that the view made",
                hint="rename or delete it; the next refresh makes the view's own",
            )
        called = None if view.dataset is None or there else self._lake.name_of(view.dataset)
        if called is not None:
            raise Conflict(
                f"the dataset of view '{view.name}' is called '{called}' now",
                hint=f"rename it back: workbench dataset rename {called} {view.name}",
            )

    def _guard(self, session: Any, lease: Lease, more: Callable[[Any], None] | None) -> None:
        self._jobs.guard(session, lease)
        if more is not None:
            more(session)

    def _shown(self, name: str) -> bool:
        """Whether no policy hides anything of the view's dataset."""
        return not self._lake.exists(name) or self._lake.sight(name, self._actor) is None

    def _may_look(self) -> None:
        self._security.require(self._actor.principal, Role.ANALYST, "look at views")

    def _may_change(self, view: View, doing: str) -> None:
        own = view.owner == self._actor.principal.name
        self._security.require(
            self._actor.principal, Role.ANALYST if own else Role.ENGINEER, f"{doing} the view '{view.name}'"
        )
