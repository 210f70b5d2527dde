"""How queries and their runs look where somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.analytics.queries.model import QueryRun, SavedQuery
from workbench.foundation.listing import Listing

__all__ = ["queries_listed", "runs_listed"]


def queries_listed(queries: Iterable[SavedQuery], *, chosen: bool) -> Listing[SavedQuery]:
    empty = "no query like that" if chosen else "no query yet: wb.queries.save(name, sql)"
    return Listing(queries, caption="Queries", row=_query, empty=empty)


def runs_listed(runs: Iterable[QueryRun]) -> Listing[QueryRun]:
    return Listing(runs, caption="Runs of queries", row=_run, empty="no run of a query")


def _query(query: SavedQuery) -> dict[str, str]:
    return {
        "name": query.name,
        "owner": query.owner,
        "for": query.audience,
        "version": str(query.version),
        "saved": f"{query.updated:%Y-%m-%d %H:%M}",
        "description": query.description,
    }


def _run(run: QueryRun) -> dict[str, str]:
    return {
        "id": run.id,
        "query": f"{run.query}, version {run.query_version}",
        "by": run.by,
        "state": run.state,
        "seconds": "" if run.seconds is None else f"{run.seconds:.1f}",
        "rows": "" if run.rows is None else f"{run.rows:,}{' (cut)' if run.cut else ''}",
        "error": run.error or "",
    }
