"""The ledger's edges gathered over all runs. Reads the tables of runs, and writes none."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from workbench.foundation.catalog import Catalog
from workbench.governance.runs.model import Direction, RunKind, RunStatus
from workbench.governance.runs.tables import EdgeRow, RunRow
from workbench.governance.runs.tracing.model import Trace
from workbench.governance.security import Role

__all__ = ["Traces"]


class Traces:
    """Which runs read and wrote what, one line per name of a run and thing. Replays leave no trace here."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of(self, kind: str, names: Sequence[str], direction: Direction) -> list[Trace]:
        """Who read, or wrote, a thing that has, or had, these names; newest first."""
        query = (
            select(EdgeRow.direction, EdgeRow.kind, EdgeRow.name, func.max(RunRow.id))
            .join(RunRow, RunRow.id == EdgeRow.run)
            .where(EdgeRow.kind == kind, EdgeRow.name.in_(names), EdgeRow.direction == direction)
            .group_by(EdgeRow.direction, EdgeRow.kind, EdgeRow.name, RunRow.kind, RunRow.name)
        )
        return self._traces(query)

    def beside(self, kind: str, names: Sequence[str], direction: Direction) -> list[Trace]:
        """What the very runs that read a thing wrote; what those that wrote it read. Newest first."""
        thing = aliased(EdgeRow)
        query = (
            select(EdgeRow.direction, EdgeRow.kind, EdgeRow.name, func.max(RunRow.id))
            .join(RunRow, RunRow.id == EdgeRow.run)
            .join(thing, thing.run == EdgeRow.run)
            .where(
                thing.kind == kind,
                thing.name.in_(names),
                thing.direction == direction,
                EdgeRow.direction == ("read" if direction == "write" else "write"),
            )
            .group_by(EdgeRow.direction, EdgeRow.kind, EdgeRow.name, RunRow.kind, RunRow.name)
        )
        return self._traces(query)

    def _traces(self, query: Select[str, str, str, str]) -> list[Trace]:
        with self._catalog.read() as session:
            # Ids of runs sort by time, so that the greatest is the newest.
            found = session.execute(query.where(RunRow.kind != RunKind.REPLAY.value)).all()
            ids = {run for *_, run in found}
            runs = {row.id: row for row in session.scalars(select(RunRow).where(RunRow.id.in_(ids)))}
            traces = [
                Trace(
                    direction="read" if direction == "read" else "write",
                    kind=kind,
                    name=name,
                    run=run,
                    run_kind=RunKind(runs[run].kind),
                    run_name=runs[run].name,
                    started=runs[run].started,
                    status=RunStatus(runs[run].status),
                    role=Role(runs[run].role),
                )
                for direction, kind, name, run in found
            ]
        return sorted(traces, key=lambda trace: (trace.run, trace.kind, trace.name), reverse=True)
