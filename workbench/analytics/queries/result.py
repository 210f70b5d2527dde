from __future__ import annotations

from workbench.analytics.queries.model import QueryRun
from workbench.data.sql import SqlResult

__all__ = ["QueryResult"]


class QueryResult(SqlResult):
    """The rows that a saved query gave.

    Attributes:
        run: The record of it.
    """

    def __init__(self, found: SqlResult, run: QueryRun) -> None:
        super().__init__(
            found.to_arrow(), versions=found.versions, cut=found.cut, seconds=found.seconds, explain=found.explain
        )
        self.run = run
