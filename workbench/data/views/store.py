"""Views in the catalog. The only file that opens sessions on their tables."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError as AlreadyThere
from sqlalchemy.orm import Session

from workbench.data.attempts import Attempts
from workbench.data.views.model import RefreshRecord, View, ViewDefinition
from workbench.data.views.tables import RefreshRow, ViewRow, ViewStateRow
from workbench.foundation.bus import publish
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, unknown
from workbench.foundation.jobs import Jobs, Lease
from workbench.governance.security import audit_append

__all__ = ["ViewStore"]


class ViewStore:
    """Which views there are, their refreshes, and how far they are."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._jobs = Jobs(catalog)
        self.refreshes = Attempts(catalog, RefreshRow, ViewStateRow, record=_record, ended=_ended)

    def all(self) -> list[View]:
        """Every view, by name."""
        with self._catalog.read() as session:
            return [self._view(session, row) for row in session.scalars(select(ViewRow).order_by(ViewRow.name)).all()]

    def get(self, name: str) -> View:
        """
        Raises:
            NotFound: No such view; the message has the nearest one.
        """
        with self._catalog.read() as session:
            return self._view(session, _row(session, name))

    def find(self, name: str) -> View | None:
        with self._catalog.read() as session:
            row = session.scalar(select(ViewRow).where(ViewRow.name == name))
            return None if row is None else self._view(session, row)

    def add(self, definition: ViewDefinition, *, by: str) -> View:
        """
        Raises:
            Conflict: The name is taken.
        """
        now = utcnow()
        row = ViewRow(
            id=secrets.token_hex(8), name=definition.name, version=1, sql=definition.sql,
            description=definition.description, owner=by, created=now, saved=now, saved_by=by, dataset=None,
        )  # fmt: skip
        try:
            with self._catalog.begin() as session:
                session.add(row)
                session.flush()
                _told(session, row, "define", by=by, detail=definition.model_dump())
                return self._view(session, row)
        except AlreadyThere as error:
            raise Conflict(f"there is a view '{definition.name}' already", hint="look at it again") from error

    def change(self, view: View, definition: ViewDefinition, *, by: str) -> View:
        """
        Raises:
            Conflict: Somebody changed it meanwhile.
        """
        with self._catalog.begin() as session:
            row = _row(session, view.name, lock=True)
            if (row.id, row.version) != (view.id, view.version):
                raise Conflict(f"view '{view.name}' was changed by somebody else meanwhile", hint="look at it again")
            row.version += 1
            row.sql, row.description, row.saved, row.saved_by = definition.sql, definition.description, utcnow(), by
            _told(session, row, "change", by=by, detail=definition.model_dump())
            session.flush()
            return self._view(session, row)

    def remove(self, name: str, *, by: str) -> None:
        """Forgets a view with all that is kept of it; its dataset and its runs stay."""
        with self._catalog.begin() as session:
            row = _row(session, name, lock=True)
            self.refreshes.forget(session, row.id)
            _told(session, row, "remove", by=by)
            session.delete(row)

    def made(self, view_id: str, lease: Lease, dataset: str) -> None:
        """Keeps the id of a view's dataset.

        Raises:
            Conflict: The lease was lost meanwhile.
        """
        with self._catalog.begin() as session:
            self._jobs.guard(session, lease)
            session.get_one(ViewRow, view_id).dataset = dataset

    def _view(self, session: Session, row: ViewRow) -> View:
        return View(
            id=row.id,
            definition=ViewDefinition(name=row.name, sql=row.sql, description=row.description),
            version=row.version,
            owner=row.owner,
            created=row.created,
            updated=row.saved,
            saved_by=row.saved_by,
            dataset=row.dataset,
            last=self.refreshes.last(session, row.id),
        )


def _row(session: Session, name: str, *, lock: bool = False) -> ViewRow:
    query = select(ViewRow).where(ViewRow.name == name)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise unknown("view", name, session.scalars(select(ViewRow.name)), hint="workbench view list shows them")
    return row


def _record(row: RefreshRow) -> RefreshRecord:
    return RefreshRecord(
        run=row.run,
        by=row.by,
        started=row.started,
        finished=row.finished,
        outcome=row.outcome,
        way=row.way,
        why=row.why,
        rows=row.rows,
        version=row.version,
        read=dict(row.read),
        error=row.error,
    )


def _ended(session: Session, row: RefreshRow) -> None:
    name = session.get_one(ViewRow, row.of).name
    publish(session, "view", name, {"action": "refresh", "outcome": row.outcome, "run": row.run})


def _told(session: Session, row: ViewRow, action: str, *, by: str, detail: Mapping[str, Any] | None = None) -> None:
    audit_append(session, actor=by, action=f"{action} view", thing=f"view {row.name}", detail=detail)
    publish(session, "view", row.name, {"action": action})
