"""The queries of a workspace, as one person sees them."""

from __future__ import annotations

import builtins
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.analytics.queries.cards import queries_listed, runs_listed
from workbench.analytics.queries.model import QueryRun, RunState, SavedQuery
from workbench.analytics.queries.parameters import declared, plain, samples, values
from workbench.analytics.queries.result import QueryResult
from workbench.analytics.queries.store import QueryStore
from workbench.data.sql import Cancelled, SqlDoor, TooLong
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound, WorkbenchError, chosen, unknown
from workbench.foundation.listing import Listing
from workbench.governance.preferences import Preferences
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Role, Scope, Security

__all__ = ["Queries"]

MOST_AT_ONCE = 8
LONGEST_SQL = 100_000
LONGEST_DESCRIPTION = 2_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")


class Queries:
    """SELECTs with a name. Whoever runs one does so under their own policies, whoever saved it.

    A query is its owner's until it is shared with a role; admins see all. Saving takes an analyst; changing, sharing
    and deleting takes the owner or an admin.
    """

    def __init__(
        self,
        catalog: Catalog,
        door: SqlDoor,
        security: Security,
        runs: Runs,
        preferences: Preferences,
        actor: Actor,
    ) -> None:
        self._store = QueryStore(catalog)
        self._door = door
        self._security = security
        self._runs = runs
        self._preferences = preferences
        self._actor = actor

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def __iter__(self) -> Iterator[SavedQuery]:
        return iter(self.list())

    def list(self, search: str = "", *, owner: str | None = None) -> Listing[SavedQuery]:
        """The queries that one may run, by name.

        Args:
            search: Words that its name, description, owner or datasets have.
        """
        principal = self._actor.principal
        self._security.require(principal, Role.VIEWER, "list queries")
        found = self._store.visible(principal, search, owner)
        return queries_listed(found, chosen=bool(search or owner))

    def get(self, name: str, *, version: int | None = None) -> SavedQuery:
        """
        Raises:
            NotFound: No such query that one may see, or no such version of it.
        """
        principal = self._actor.principal
        self._security.require(principal, Role.VIEWER, f"see the query '{name}'")
        newest = self._store.find(name)
        if newest is None or not self._may_see(newest):
            raise unknown("query", name, [query.name for query in self._store.visible(principal)])
        if version is None:
            return newest
        found = self._store.find(name, version) if 1 <= version <= newest.version else None
        if found is None:
            raise NotFound(f"the query '{name}' has no version {version}", hint=f"they go from 1 to {newest.version}")
        return found

    def history(self, name: str) -> builtins.list[SavedQuery]:
        """Every version of a query, newest first.

        Raises:
            NotFound: No such query that one may see.
        """
        return self._store.history(self.get(name).id)

    def save(
        self,
        name: str,
        sql: str,
        *,
        description: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        shared: Role | str | None = None,
        expected: int | None = None,
    ) -> SavedQuery:
        """Saves a query, or a new version of one; where nothing is changed there is no new version.

        `wb.queries.save("late", "SELECT * FROM flights WHERE delay > $least", parameters={"least": 15})`

        Args:
            sql: One SELECT; it has to parse, and its datasets and columns to be there.
            description: Not given: as it was.
            parameters: For each `$name` its default, or a `Parameter` or its fields: `{"type": "date"}`. A `$name` that
                is not given here is as it was before, and else a text that has no default.
            shared: For a new query, the least role that may run it; by default it is private. See `share`.
            expected: The version that is to be replaced; 0 for none.

        Raises:
            Invalid: The name, the statement or a parameter cannot be used.
            NotFound: A dataset is not there.
            Forbidden: It is somebody else's, or the role or token may not save; or the statement reads something else
                than datasets.
            Conflict: The name is taken, or the version is not the expected one.
        """
        principal = self._actor.principal
        scope = Scope.KEEP if self._store.find(name) is None else None
        self._security.require(principal, Role.ANALYST, f"save the query '{name}'", scope=scope)
        before = self._named(name)
        if expected is not None and expected != (before.version if before else 0):
            now = f"is at version {before.version}" if before else "is not there"
            raise Conflict(f"'{name}' was to be at version {expected} and {now}", hint="look at it again, then save")
        if len(sql) > LONGEST_SQL or len(description or "") > LONGEST_DESCRIPTION:
            raise Invalid(
                f"the query '{name}' is too long",
                hint=f"at most {LONGEST_SQL:,} characters of SQL and {LONGEST_DESCRIPTION:,} of description",
            )
        names = self._door.check(sql, self._actor).parameters
        kept = {one: about for one, about in before.parameters.items() if one in names} if before else {}
        wanted = declared(names, {**kept, **(parameters or {})})
        datasets = self._door.check(sql, self._actor, parameters=samples(wanted)).datasets
        if before is None:
            role = None if shared is None else chosen("role", shared, Role)
            return self._store.add(name, sql, description or "", wanted, datasets, role, by=principal.name)
        said = before.description if description is None else description
        same = (before.sql, before.description, dict(before.parameters), before.datasets)
        if shared is not None:
            self.share(name, shared)
        if same == (sql, said, wanted, datasets):
            return self.get(name)
        return self._store.change(before, sql, said, wanted, datasets, by=principal.name)

    def share(self, name: str, role: Role | str | None) -> SavedQuery:
        """Lets everybody of a role, and of those above it, see and run a query; None makes it private again.

        Raises:
            NotFound: No such query that one may see.
            Forbidden: It is somebody else's.
            Invalid: No such role.
        """
        query = self._changeable(name, "share")
        wanted = None if role is None else chosen("role", role, Role)
        if wanted is not query.shared:
            self._store.share(query, wanted, by=self._actor.principal.name)
        return self.get(name)

    def delete(self, name: str) -> None:
        """Deletes a query with its versions; the record of who ran it stays.

        Raises:
            NotFound: No such query that one may see.
            Forbidden: It is somebody else's.
        """
        self._store.remove(self._changeable(name, "delete"), by=self._actor.principal.name)

    def run(
        self,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        version: int | None = None,
        versions: Mapping[str, int] | None = None,
        limit: int | None = None,
        time_limit: float | None = None,
        memory_limit: int | None = None,
    ) -> QueryResult:
        """Runs a query under one's own policies; inside a run of a notebook, on its sealed versions.

        Args:
            parameters: Values by name; what is not given has its default. Dates and times may be text.
            version: Of the query; the newest by default.
            versions: Dataset -> the version to read; the newest by default.
            limit: At most so many rows; a result that was cut says so. By default the preference `sql_rows`.
            time_limit: Seconds, at most the setting `sql_time_limit`, which is the default.
            memory_limit: Megabytes, at most the setting `sql_memory_limit`, which is the default.

        Raises:
            NotFound: No such query that one may see; or a dataset or version is gone.
            Invalid: A parameter or limit cannot be used, or a column is gone.
            Forbidden: A policy cannot be applied.
            TooLong: It took longer than it may.
            TooLarge: It, or its result, needs more memory than it may take.
            Cancelled: Somebody cancelled it.
            Conflict: One has as many queries running as one person may.
        """
        query = self.get(name, version=version)
        given = values(query.parameters, parameters or {})
        if limit is None and self._actor.run is None:
            limit = self._preferences.get("sql_rows")
        limits = self._door.limits.lowered(seconds=time_limit, megabytes=memory_limit, rows=limit)
        began = time.perf_counter()
        run = self._store.start(query, self._actor.principal, plain(given), limits.seconds, most=MOST_AT_ONCE)

        def ended(state: RunState, error: str) -> None:
            self._store.finish(run.id, state, seconds=time.perf_counter() - began, error=error)

        try:
            found = self._door.query(
                query.sql,
                self._actor,
                parameters=given,
                versions=versions,
                limits=limits,
                cancelled=lambda: self._store.cancelled(run.id),
            )
        except TooLong as error:
            ended(RunState.TIMED_OUT, str(error))
            raise
        except (Cancelled, KeyboardInterrupt) as error:
            ended(RunState.CANCELLED, str(error) or "interrupted")
            raise
        except WorkbenchError as error:
            ended(RunState.FAILED, str(error))
            raise
        except BaseException as error:
            ended(RunState.FAILED, f"something went wrong that nobody foresaw: {type(error).__name__}")
            raise
        if self._actor.run is not None:
            self._runs.record(self._actor.run, "read", "query", query.name, str(query.version))
        told = self._store.finish(
            run.id, RunState.OK, seconds=found.seconds, rows=len(found), cut=found.cut, versions=found.versions
        )
        return QueryResult(found, told)

    def explain(
        self,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        version: int | None = None,
        versions: Mapping[str, int] | None = None,
        time_limit: float | None = None,
        memory_limit: int | None = None,
    ) -> str:
        """How a query is answered, without running it: the plan, and files and bytes that it reads of the whole.

        Raises:
            As `run`, where that needs no rows to be read.
        """
        query = self.get(name, version=version)
        limits = self._door.limits.lowered(seconds=time_limit, megabytes=memory_limit)
        given = values(query.parameters, parameters or {})
        return self._door.explain(query.sql, self._actor, parameters=given, versions=versions, limits=limits)

    def runs(
        self,
        name: str | None = None,
        *,
        state: RunState | str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Listing[QueryRun]:
        """Who ran what when, newest first: one's own runs; an admin sees everybody's.

        Args:
            name: Only of this query.
            before: Only those before the run of this id.

        Raises:
            NotFound: No such query that one may see.
            Invalid: No such state.
        """
        principal = self._actor.principal
        self._security.require(principal, Role.VIEWER, "list runs of queries")
        found = self._store.runs(
            by=None if self._sees_all() else principal.name,
            query_id=None if name is None else self.get(name).id,
            state=None if state is None else chosen("state", state, RunState),
            before=before,
            limit=limit,
        )
        return runs_listed(found)

    def cancel(self, run_id: str) -> QueryRun:
        """Ends a running query, in whichever process it runs: within about half a second. One's own; an admin, any.

        Raises:
            NotFound: No such run that one may see.
            Conflict: It has ended already.
        """
        principal = self._actor.principal
        self._security.require(principal, Role.VIEWER, f"cancel the run {run_id}", scope=Scope.READ)
        run = self._store.find_run(run_id)
        if run is None or (run.by != principal.name and not self._sees_all()):
            raise NotFound(f"no query run '{run_id}'", hint="workbench query runs shows them")
        return self._store.cancel(run_id, by=principal.name)

    def forget_old(self) -> int:
        """Removes the record of runs older than 90 days; how many there were."""
        return self._store.forget_old()

    def _sees_all(self) -> bool:
        return self._actor.principal.role is Role.ADMIN

    def _may_see(self, query: SavedQuery) -> bool:
        who = self._actor.principal
        shared = query.shared is not None and who.role.includes(query.shared)
        return shared or query.owner == who.name or self._sees_all()

    def _changeable(self, name: str, doing: str) -> SavedQuery:
        query = self.get(name)
        who = self._actor.principal
        self._security.require(who, Role.ANALYST, f"{doing} the query '{name}'")
        if query.owner != who.name and not self._sees_all():
            raise Forbidden(
                f"{who.name} may not {doing} the query '{name}': it is {query.owner}'s",
                hint="save it under another name, or ask its owner or an admin",
            )
        return query

    def _named(self, name: str) -> SavedQuery | None:
        """The query that is about to be saved again, if it is there; who may not see it is not told whose it is."""
        if not _NAME.fullmatch(name):
            raise Invalid(
                f"{name[:60]!r} cannot be a query's name",
                hint="a letter, then letters, digits and _ . - ; 100 characters at most",
            )
        found = self._store.find(name)
        if found is None:
            return None
        if not self._may_see(found):
            raise Conflict(f"there is a query '{name}' already, of somebody else", hint="choose another name")
        return self._changeable(name, "change")
