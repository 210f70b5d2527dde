"""The saved queries of a workspace through its server: run there, as whoever the token belongs to."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, TypeAdapter

from workbench.analytics.queries import QueryResult, QueryRun, RunState, SavedQuery, queries_listed, runs_listed
from workbench.data.sql import SqlResult
from workbench.foundation.listing import Listing
from workbench.remote.door import Door, path
from workbench.remote.reading import Named

__all__ = ["RemoteQueries"]


class _Queries(BaseModel):
    items: tuple[SavedQuery, ...]


class _Told(BaseModel):
    text: str


class RemoteQueries(Named[SavedQuery]):
    """The queries that whoever the token belongs to may run."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self, search: str = "", *, owner: str | None = None) -> Listing[SavedQuery]:
        """See `Workbench.queries.list`."""
        found = self._door.ask("queries", _Queries, search=search or None, owner=owner).items
        return queries_listed(found, chosen=bool(search or owner))

    def get(self, name: str, *, version: int | None = None) -> SavedQuery:
        """
        Raises:
            NotFound: No such query that one may see, or no such version of it.
        """
        return self._door.ask(path("queries", name), SavedQuery, version=version)

    def history(self, name: str) -> builtins.list[SavedQuery]:
        """Every version of a query, newest first.

        Raises:
            NotFound: No such query that one may see.
        """
        return [*self._door.ask(path("queries", name, "versions"), _Queries).items]

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
        """Has a query run on the server, as whoever the token belongs to: see `Workbench.queries.run`.

        Raises:
            NotFound: No such query that one may see; or a dataset or version is gone.
            Invalid: A parameter or limit cannot be used; or it took longer, or needs more memory, than it may.
            Forbidden: A policy cannot be applied.
            Conflict: Somebody cancelled it, or one has as many running as one person may.
        """
        asked = _asked(parameters, version, versions, time_limit, memory_limit) | {"limit": limit}
        where = path("queries", name, "run", "rows")
        with self._door.rows(where, f"the rows of the query '{name}'", asked) as stream:
            frame = stream.frame()
            with self._door.understanding(where):
                run = TypeAdapter(QueryRun).validate_python(stream.head["run"])
        found = SqlResult(
            frame.to_arrow(),
            versions=run.versions,
            cut=run.cut,
            seconds=run.seconds or 0.0,
            explain=lambda: self._explained(name, asked | {"version": run.query_version}),
        )
        return QueryResult(found, run)

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
        """How the server would run a query, without running it: see `Workbench.queries.explain`.

        Raises:
            NotFound: No such query that one may see; or a dataset or version is gone.
            Invalid: A parameter or limit cannot be used.
            Forbidden: A policy cannot be applied.
        """
        return self._explained(name, _asked(parameters, version, versions, time_limit, memory_limit))

    def _explained(self, name: str, asked: Mapping[str, Any]) -> str:
        sent = {key: value for key, value in asked.items() if key != "limit"}
        return self._door.ask(path("queries", name, "explain"), _Told, sent).text

    def runs(
        self, name: str | None = None, *, state: RunState | str | None = None, limit: int = 50
    ) -> Listing[QueryRun]:
        """One's own runs, newest first; an admin sees everybody's."""
        return runs_listed(self._door.pages("query-runs", QueryRun, limit=limit, query=name, state=state))

    def __len__(self) -> int:
        return len(self.list())

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()


def _asked(
    parameters: Mapping[str, Any] | None,
    version: int | None,
    versions: Mapping[str, int] | None,
    time_limit: float | None,
    memory_limit: int | None,
) -> dict[str, Any]:
    given = {one: value.isoformat() if isinstance(value, date) else value for one, value in (parameters or {}).items()}
    return {
        "parameters": given,
        "version": version,
        "versions": dict(versions or {}),
        "time_limit": time_limit,
        "memory_limit": memory_limit,
    }
