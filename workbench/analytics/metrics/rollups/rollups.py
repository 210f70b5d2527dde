"""`wb.metrics.rollups`: defining rollups, making them, and finding the one that answers a query."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, get_args

from pydantic import ValidationError

from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.rollup import Rollup
from workbench.analytics.metrics.rollups.model import Mode, RollupState, RollupSummary
from workbench.analytics.metrics.rollups.refreshing import Refreshing
from workbench.analytics.metrics.rollups.serving import Serving
from workbench.analytics.metrics.rollups.sheets import Sheets, check, fingerprint, sheets_of
from workbench.analytics.metrics.rollups.store import RollupStore
from workbench.analytics.metrics.schedules import due
from workbench.analytics.metrics.sources import Sources
from workbench.compute import Engine
from workbench.data.lake import Lake
from workbench.foundation.catalog import utcnow
from workbench.foundation.definitions import validated
from workbench.foundation.errors import Conflict, Invalid, WorkbenchError, unknown
from workbench.foundation.listing import Listing
from workbench.foundation.observability import logger
from workbench.governance.runs import Actor

__all__ = ["Rollups"]

FOLDER = "_rollups"
"""Beside the datasets' folders, whose names are hexadecimal."""


class Rollups:
    """The rollups of a workspace, as one actor sees them.

    Args:
        known: The metrics that there are now, and the rollups that files define.
        engine: What makes them.
        mode: Whether queries use them, where they do not say.
    """

    def __init__(
        self,
        lake: Lake,
        store: RollupStore,
        engine: Engine,
        actor: Actor,
        known: Callable[[], Definitions],
        mode: Mode = "use",
    ) -> None:
        self._lake = lake
        self._store = store
        # Not as part of a run: what is made stands for the newest version.
        self._actor = Actor(actor.principal)
        self._engine = engine
        self._known = known
        self._mode: Mode = mode
        self._refreshing = Refreshing(store, lake.root / FOLDER, engine)

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def __iter__(self) -> Iterator[RollupSummary]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self._all())

    def define(self, definition: Rollup | Mapping[str, Any]) -> Rollup:
        """Keeps a definition in the catalog, for everybody, or changes one; `refresh` makes it.

        `wb.metrics.rollups.define({"name": "daily", "metrics": ["flights"], "dimensions": ["origin"]})`

        Args:
            definition: The keys of a rollup, as a file would say them.

        Raises:
            Forbidden: It takes an analyst.
            Conflict: A file defines a rollup of that name.
            Invalid: It has mistakes, or does not fit its metrics or their dataset.
            NotFound: A metric or a dimension is not there.
        """
        rollup = definition if isinstance(definition, Rollup) else validated(Rollup, definition, noun="rollup")
        self._store.require(self._actor.principal, f"define the rollup '{rollup.name}'")
        self._refuse_written(rollup.name)
        check(sheets_of(rollup, self._known()), Sources(self._lake, self._actor).schema)
        self._store.define(rollup, by=self._actor.principal)
        return rollup

    def remove(self, name: str) -> None:
        """Takes a rollup out of the catalog, with all that is kept of it.

        Raises:
            Forbidden: It takes an analyst.
            NotFound: The catalog has no rollup of that name.
            Conflict: A file defines it.
        """
        self._refuse_written(name)
        if name not in self._store.defined():
            raise unknown("rollup in the catalog called", name, self._store.defined())
        self._store.remove(name, by=self._actor.principal)
        self._refreshing.remove(name)

    def get(self, name: str) -> Rollup:
        """
        Raises:
            NotFound: No rollup of that name; the message has the nearest one.
        """
        found = self._all()
        if name not in found:
            raise unknown("rollup", name, found, hint="wb.metrics.rollups.list() shows them")
        return found[name]

    def list(self) -> Listing[RollupSummary]:
        """Every rollup whose dataset the actor may read, and how far it is; what is wrong with others, beneath."""
        problems = []
        found = []
        for rollup in self._all().values():
            try:
                found.append(self.summary(rollup.name))
            except WorkbenchError as error:
                problems.append(f"rollup '{rollup.name}': {error}")
        return Listing(
            found,
            caption="Rollups",
            row=lambda one: {
                "rollup": one.rollup.name,
                "what it keeps": one.rollup.summary,
                "dataset": one.dataset,
                "status": one.status,
                "rows": "" if one.rows is None else f"{one.rows:,}",
                "made": f"{one.made:%Y-%m-%d %H:%M} UTC" if one.made else "",
            },
            empty="There is no rollup yet: wb.metrics.rollups.define({...}), or `- rollup: NAME` in a file of metrics.",
            problems=problems,
        )

    def summary(self, name: str) -> RollupSummary:
        """How far a rollup is.

        Raises:
            NotFound: No such rollup, or a metric or dimension of it is not there.
            Invalid: Its metrics do not go together.
            Forbidden: The actor may not read its dataset.
        """
        rollup = self.get(name)
        sheets = sheets_of(rollup, self._known())
        opened = self._lake.opened(sheets.dataset, self._actor)
        state = self._store.state(name)
        if state is None:
            return RollupSummary(rollup, sheets.dataset, "never made", None, opened.version, 0, 0, None)
        same = (state.fingerprint, state.dataset_id) == (fingerprint(sheets, opened.schema), opened.id)
        current = (state.version, state.commit) == (opened.version, opened.commit)
        beside = (self._lake.opened(join.dataset, self._actor) for join in sheets.joined())
        veiled = any(one.restricted for one in (opened, *beside))
        return RollupSummary(
            rollup=rollup,
            dataset=sheets.dataset,
            status="outdated" if not same and not opened.restricted else "current" if current else "behind",
            version=state.version,
            newest=opened.version,
            rows=None if veiled else state.rows,
            bytes=None if veiled else state.bytes,
            made=state.made,
        )

    def refresh(self, name: str, *, anew: bool = False) -> RollupState:
        """Makes a rollup stand for the newest version of its dataset: of months whose files changed, or of all.

        Args:
            anew: All of it is made, whatever changed.

        Raises:
            Forbidden: It takes an analyst, of whom no policy hides rows.
            NotFound: No such rollup.
            Invalid: It does not fit its metrics or their dataset any more.
            Conflict: Somebody else is making it.
        """
        self._store.require(self._actor.principal, f"refresh the rollup '{name}'")
        sheets = self._sheets(name)
        return self._refreshing.refresh(sheets, Sources(self._lake, self._actor), anew=anew)

    def refresh_due(self, now: datetime | None = None) -> int:
        """Refreshes every rollup whose schedule says so; forgets what is kept of those that are not there any more.

        One that cannot be made is told in the log, and does not keep the others from being made.

        Returns:
            How many were made.
        """
        now = now or utcnow()
        made = 0
        states = self._store.states()
        rollups = self._all()
        for rollup in rollups.values():
            state = states.get(rollup.name)
            if rollup.refresh is None or (state is not None and not due(rollup.refresh, state.made, now)):
                continue
            try:
                made += self.refresh(rollup.name) != state
            except Conflict:
                continue  # somebody makes it already
            except WorkbenchError as error:
                logger("rollups").warning("not refreshed", extra={"rollup": rollup.name, "why": str(error)})
        for name in states.keys() - rollups.keys():
            self._store.forget(name)
            self._refreshing.remove(name)
        return made

    def serving(self, known: Definitions, mode: Mode | None = None) -> Serving:
        """What answers one query.

        Args:
            known: The metrics that it is asked of.
            mode: By default the setting `rollups`.

        Raises:
            Invalid: No such mode.
        """
        chosen = mode or self._mode
        if chosen not in get_args(Mode):
            raise unknown("use of rollups", str(chosen), get_args(Mode), error=Invalid)
        rollups = {} if chosen == "off" else self._all(known)
        return Serving(self._store, rollups, known, self._refreshing.folder, self._engine, chosen)

    def _sheets(self, name: str) -> Sheets:
        return sheets_of(self.get(name), self._known())

    def _all(self, known: Definitions | None = None) -> dict[str, Rollup]:
        """Those of files, and those of the catalog."""
        kept = {}
        for name, said in self._store.defined().items():
            with suppress(ValidationError):
                kept[name] = Rollup.model_validate(said)
        return dict(sorted({**kept, **(known or self._known()).rollups}.items()))

    def _refuse_written(self, name: str) -> None:
        if name in self._known().rollups:
            raise Conflict(f"rollup '{name}' is defined in a file", hint="change it there, or take it out of the file")
