"""Saved queries: a SELECT with a name, parameters, versions and readers, and the record of who ran it."""

from workbench.analytics.queries.cards import queries_listed, runs_listed
from workbench.analytics.queries.model import Parameter, QueryRun, RunState, SavedQuery
from workbench.analytics.queries.queries import Queries
from workbench.analytics.queries.result import QueryResult

__all__ = [
    "Parameter",
    "Queries",
    "QueryResult",
    "QueryRun",
    "RunState",
    "SavedQuery",
    "queries_listed",
    "runs_listed",
]
