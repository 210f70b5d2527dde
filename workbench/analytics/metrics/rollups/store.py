"""Rollups in the catalog. The only file that opens sessions on `rollup` and `rollup_definition`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import delete, select

from workbench.analytics.metrics.rollup import Rollup
from workbench.analytics.metrics.rollups.model import Chunk, RollupState
from workbench.analytics.metrics.rollups.tables import RollupDefinitionRow, RollupRow
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.jobs import Jobs, Lease
from workbench.governance.security import Principal, Role, Security, audit_append

__all__ = ["RollupStore"]


class RollupStore:
    """Which rollups the catalog defines, and what is kept of each rollup."""

    def __init__(self, catalog: Catalog, security: Security) -> None:
        self._catalog = catalog
        self._security = security
        self._jobs = Jobs(catalog)

    def require(self, by: Principal, doing: str) -> None:
        """
        Raises:
            Forbidden: Rollups take an analyst.
        """
        self._security.require(by, Role.ANALYST, doing)

    def defined(self) -> dict[str, Mapping[str, Any]]:
        """Name -> the definition, of those in the catalog."""
        with self._catalog.read() as session:
            rows = session.scalars(select(RollupDefinitionRow).order_by(RollupDefinitionRow.name))
            return {row.name: row.definition for row in rows}

    def define(self, rollup: Rollup, *, by: Principal) -> None:
        """Keeps a definition, or replaces it.

        Raises:
            Forbidden: `by` is no analyst.
        """
        self.require(by, f"define the rollup '{rollup.name}'")
        said = rollup.model_dump(mode="json", exclude_defaults=True)
        with self._catalog.begin() as session:
            row = RollupDefinitionRow(name=rollup.name, definition=said, owner=by.name, updated=utcnow())
            session.merge(row)
            audit_append(session, actor=by.name, action="define rollup", thing=f"rollup {rollup.name}", detail=said)

    def remove(self, name: str, *, by: Principal) -> None:
        """Forgets a definition and what is kept of it; its files are the caller's to remove afterwards.

        Raises:
            Forbidden: `by` is no analyst.
        """
        self.require(by, f"remove the rollup '{name}'")
        with self._catalog.begin() as session:
            session.execute(delete(RollupDefinitionRow).where(RollupDefinitionRow.name == name))
            session.execute(delete(RollupRow).where(RollupRow.name == name))
            audit_append(session, actor=by.name, action="remove rollup", thing=f"rollup {name}")

    def states(self, dataset_id: str | None = None) -> dict[str, RollupState]:
        """What is kept, by name; of one dataset or of all."""
        query = select(RollupRow).order_by(RollupRow.name)
        if dataset_id is not None:
            query = query.where(RollupRow.dataset_id == dataset_id)
        with self._catalog.read() as session:
            return {row.name: _state(row) for row in session.scalars(query)}

    def state(self, name: str) -> RollupState | None:
        """What is kept of one; None where it was never made."""
        with self._catalog.read() as session:
            row = session.get(RollupRow, name)
            return None if row is None else _state(row)

    def lease(self, name: str) -> AbstractContextManager[Lease]:
        """The right to make a rollup, for as long as the block runs.

        Raises:
            Conflict: Somebody else is making it.
        """
        return self._jobs.held("rollup", name)

    def keep(self, state: RollupState, lease: Lease) -> None:
        """From here on new files count, in place of those before.

        Raises:
            Conflict: Somebody else makes this rollup by now.
        """
        with self._catalog.begin() as session:
            self._jobs.guard(session, lease)
            chunks = [asdict(one) | {"month": one.month and one.month.isoformat()} for one in state.chunks]
            said = {
                "fingerprint": state.fingerprint,
                "version": state.version,
                "commit": state.commit,
                "beside": {name: list(found) for name, found in state.beside.items()},
                "chunks": chunks,
                "seconds": state.seconds,
            }
            session.merge(RollupRow(name=state.name, dataset_id=state.dataset_id, state=said, made=state.made))

    def forget(self, name: str) -> None:
        """Forgets what is kept of a rollup that no definition is of any more."""
        with self._catalog.begin() as session:
            session.execute(delete(RollupRow).where(RollupRow.name == name))


def _state(row: RollupRow) -> RollupState:
    said = row.state
    chunks = (
        Chunk(
            month=None if one["month"] is None else date.fromisoformat(one["month"]),
            files=tuple((path, size) for path, size in one["files"]),
            rows=one["rows"],
        )
        for one in said["chunks"]
    )
    return RollupState(
        name=row.name,
        fingerprint=said["fingerprint"],
        dataset_id=row.dataset_id,
        version=said["version"],
        commit=said.get("commit", ""),  # what was kept before commits were is made anew
        beside={name: (found[0], found[1], "".join(found[2:])) for name, found in said["beside"].items()},
        chunks=tuple(chunks),
        made=row.made,
        seconds=said["seconds"],
    )
