"""Sources in the catalog. The only file that opens sessions on their tables."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError as AlreadyThere
from sqlalchemy.orm import Session

from workbench.data.attempts import Attempts
from workbench.data.sources.model import DataSource, SourceDefinition, SyncRecord
from workbench.data.sources.tables import (
    DataSourceRow,
    DataSourceVersionRow,
    SourceFileRow,
    SourceStateRow,
    SyncRow,
)
from workbench.foundation.bus import publish
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, IntegrityError, unknown
from workbench.foundation.jobs import Jobs, Lease
from workbench.governance.security import audit_append

__all__ = ["FileState", "SourceStore"]


@dataclass(frozen=True)
class FileState:
    """A file as it was when it was last loaded, or about to be.

    Attributes:
        look: Changes whenever its content may have changed; empty: look again.
        mark: Of its content; 0: nothing of it is in.
    """

    look: str
    mark: int


class SourceStore:
    """Which sources there are, what they said before, their syncs, and how far they are."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._jobs = Jobs(catalog)
        self.syncs = Attempts(catalog, SyncRow, SourceStateRow, record=_record, ended=_ended)

    def all(self) -> list[DataSource]:
        """Every source as it is now, by name."""
        with self._catalog.read() as session:
            rows = session.scalars(select(DataSourceRow).order_by(DataSourceRow.name)).all()
            return [self._source(session, row) for row in rows]

    def get(self, name: str) -> DataSource:
        """
        Raises:
            NotFound: No such source; the message has the nearest one.
        """
        with self._catalog.read() as session:
            return self._source(session, _row(session, name))

    def history(self, source_id: str) -> list[DataSource]:
        """What a source said, newest first."""
        with self._catalog.read() as session:
            row = session.get_one(DataSourceRow, source_id)
            versions = session.scalars(
                select(DataSourceVersionRow)
                .where(DataSourceVersionRow.source == source_id)
                .order_by(DataSourceVersionRow.number.desc())
            )
            return [self._source(session, row, said) for said in versions]

    def add(self, definition: SourceDefinition, *, by: str) -> DataSource:
        """
        Raises:
            Conflict: The name is taken.
        """
        now = utcnow()
        row = DataSourceRow(
            id=secrets.token_hex(8), name=definition.name, version=1, owner=by, created=now, paused=None
        )
        try:
            with self._catalog.begin() as session:
                session.add(row)
                session.flush()
                session.add(_version(row, definition, by))
                session.flush()
                _told(session, row, "add", by=by, detail=_said(definition))
                return self._source(session, row)
        except AlreadyThere as error:
            raise Conflict(
                f"there is a source '{definition.name}' already", hint="change it, or choose another name"
            ) from error

    def change(self, source: DataSource, definition: SourceDefinition, *, by: str) -> DataSource:
        """Adds a version.

        Raises:
            Conflict: Somebody changed it meanwhile.
        """
        with self._catalog.begin() as session:
            row = _row(session, source.name, lock=True)
            if (row.id, row.version) != (source.id, source.version):
                raise Conflict(
                    f"source '{source.name}' was changed by somebody else meanwhile", hint="look at it again"
                )
            row.version += 1
            session.add(_version(row, definition, by))
            session.flush()
            _told(session, row, "change", by=by, detail=_said(definition))
            return self._source(session, row)

    def pause(self, name: str, *, paused: bool, by: str) -> DataSource:
        """Pauses or resumes; a second time changes nothing."""
        with self._catalog.begin() as session:
            row = _row(session, name, lock=True)
            if (row.paused is not None) != paused:
                row.paused = utcnow() if paused else None
                _told(session, row, "pause" if paused else "resume", by=by)
            session.flush()
            return self._source(session, row)

    def remove(self, name: str, *, by: str) -> None:
        """Forgets a source with all that is kept of it; its dataset and its runs stay."""
        with self._catalog.begin() as session:
            row = _row(session, name, lock=True)
            self.syncs.forget(session, row.id)
            for table in (SourceFileRow, DataSourceVersionRow):
                session.execute(delete(table).where(table.source == row.id))
            _told(session, row, "remove", by=by)
            session.delete(row)

    def state(self, source_id: str, number: int) -> dict[str, Any]:
        """
        Raises:
            IntegrityError: The dataset names a state that the catalog does not have.
        """
        if (found := self.syncs.state(source_id, number)) is None:
            raise IntegrityError(
                f"the dataset was loaded up to state {number}, of which the catalog knows nothing: it may be an older"
                " backup than the lake",
                hint="load all of it again: sync it anew",
            )
        return found

    def files(self, source_id: str) -> dict[str, FileState]:
        """The files that were loaded or about to be, by name."""
        query = select(SourceFileRow).where(SourceFileRow.source == source_id).order_by(SourceFileRow.path)
        with self._catalog.read() as session:
            return {row.path: FileState(row.look, row.mark) for row in session.scalars(query)}

    def keep_file(self, source_id: str, lease: Lease, path: str, state: FileState | None) -> None:
        """What is known of a file from here on; None: nothing of it is in.

        Raises:
            Conflict: The lease was lost meanwhile.
        """
        with self._catalog.begin() as session:
            self._jobs.guard(session, lease)
            if state is None:
                gone = delete(SourceFileRow).where(SourceFileRow.source == source_id, SourceFileRow.path == path)
                session.execute(gone)
            else:
                session.merge(
                    SourceFileRow(source=source_id, path=path, look=state.look, mark=state.mark, loaded=utcnow())
                )

    def _source(self, session: Session, row: DataSourceRow, said: DataSourceVersionRow | None = None) -> DataSource:
        said = said or session.get_one(DataSourceVersionRow, (row.id, row.version))
        return DataSource(
            id=row.id,
            definition=SourceDefinition.model_validate({**said.said, "name": row.name}),
            version=said.number,
            owner=row.owner,
            created=row.created,
            updated=said.saved,
            saved_by=said.saved_by,
            paused=row.paused,
            last=self.syncs.last(session, row.id),
        )


def _row(session: Session, name: str, *, lock: bool = False) -> DataSourceRow:
    query = select(DataSourceRow).where(DataSourceRow.name == name)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        names = session.scalars(select(DataSourceRow.name))
        raise unknown("source", name, names, hint="workbench source list says which there are")
    return row


def _said(definition: SourceDefinition) -> dict[str, Any]:
    return definition.model_dump(mode="json", exclude_defaults=True)


def _version(row: DataSourceRow, definition: SourceDefinition, by: str) -> DataSourceVersionRow:
    return DataSourceVersionRow(source=row.id, number=row.version, said=_said(definition), saved=utcnow(), saved_by=by)


def _record(row: SyncRow) -> SyncRecord:
    return SyncRecord(
        run=row.run,
        mode=row.mode,
        by=row.by,
        started=row.started,
        finished=row.finished,
        outcome=row.outcome,
        rows=row.rows,
        removed=row.removed,
        version=row.version,
        everything=row.everything,
        notes=tuple(row.notes),
        error=row.error,
        held=row.held,
        hint=row.hint,
    )


def _ended(session: Session, row: SyncRow) -> None:
    name = session.get_one(DataSourceRow, row.of).name
    publish(session, "source", name, {"action": "sync", "outcome": row.outcome, "run": row.run})


def _told(
    session: Session, row: DataSourceRow, action: str, *, by: str, detail: Mapping[str, Any] | None = None
) -> None:
    audit_append(session, actor=by, action=f"{action} source", thing=f"source {row.name}", detail=detail)
    publish(session, "source", row.name, {"action": action})
