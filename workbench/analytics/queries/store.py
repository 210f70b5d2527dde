"""Saved queries and their runs. The only file that opens sessions on their tables."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, func, or_, select
from sqlalchemy.exc import IntegrityError as AlreadyThere
from sqlalchemy.orm import Session

from workbench.analytics.queries.model import Parameter, QueryRun, RunState, SavedQuery, Scalar
from workbench.analytics.queries.tables import QueryRow, QueryRunRow, QueryVersionRow
from workbench.foundation.bus import publish
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, NotFound
from workbench.governance.security import Principal, Role, audit_append

__all__ = ["QueryStore"]

GRACE = timedelta(seconds=60)
"""After its deadline and this, a run that has not ended is one whose process is gone."""
KEPT = timedelta(days=90)


class QueryStore:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    # Queries

    def find(self, name: str, version: int | None = None) -> SavedQuery | None:
        """A query at a version, by default the newest; None where there is no such query or version."""
        with self._catalog.read() as session:
            row = session.scalar(select(QueryRow).where(QueryRow.name == name))
            said = None if row is None else session.get(QueryVersionRow, (row.id, version or row.version))
            return None if row is None or said is None else _query(row, said)

    def visible(self, principal: Principal, words: str = "", owner: str | None = None) -> list[SavedQuery]:
        """The newest versions of the queries that somebody may see, by name."""
        newest = (QueryVersionRow.query == QueryRow.id) & (QueryVersionRow.number == QueryRow.version)
        query = select(QueryRow, QueryVersionRow).join(QueryVersionRow, newest).where(*_seen_by(principal))
        query = query.where(*(QueryRow.words.contains(word, autoescape=True) for word in words.casefold().split()))
        if owner is not None:
            query = query.where(QueryRow.owner == owner)
        with self._catalog.read() as session:
            return [_query(row, said) for row, said in session.execute(query.order_by(QueryRow.name))]

    def history(self, query_id: str) -> list[SavedQuery]:
        """Every version, newest first."""
        versions = select(QueryVersionRow).where(QueryVersionRow.query == query_id)
        with self._catalog.read() as session:
            row = session.get(QueryRow, query_id)
            found = session.scalars(versions.order_by(QueryVersionRow.number.desc()))
            return [] if row is None else [_query(row, said) for said in found]

    def add(
        self,
        name: str,
        sql: str,
        description: str,
        parameters: Mapping[str, Parameter],
        datasets: tuple[str, ...],
        shared: Role | None,
        *,
        by: str,
    ) -> SavedQuery:
        """
        Raises:
            Conflict: The name is taken.
        """
        now = utcnow()
        row = QueryRow(
            id=secrets.token_hex(8), name=name, owner=by, shared=shared, version=1, created=now,
            words=_words(name, description, by, datasets),
        )  # fmt: skip
        try:
            with self._catalog.begin() as session:
                session.add(row)
                session.flush()
                said = _version(row, 1, sql, description, parameters, datasets, now, by)
                session.add(said)
                _told(session, row, "save", by=by, version=1)
                return _query(row, said)
        except AlreadyThere as error:
            raise Conflict(
                f"there is a query '{name}' already, of somebody else", hint="choose another name"
            ) from error

    def change(
        self,
        before: SavedQuery,
        sql: str,
        description: str,
        parameters: Mapping[str, Parameter],
        datasets: tuple[str, ...],
        *,
        by: str,
    ) -> SavedQuery:
        """Adds a version.

        Raises:
            Conflict: Somebody saved or deleted it meanwhile.
        """
        with self._catalog.begin() as session:
            row = self._locked(session, before)
            if row.version != before.version:
                raise Conflict(
                    f"'{row.name}' was changed meanwhile: its version is {row.version}, not {before.version}",
                    hint="look at it again, then save",
                )
            row.version += 1
            row.words = _words(row.name, description, row.owner, datasets)
            said = _version(row, row.version, sql, description, parameters, datasets, utcnow(), by)
            session.add(said)
            _told(session, row, "save", by=by, version=row.version)
            return _query(row, said)

    def share(self, query: SavedQuery, shared: Role | None, *, by: str) -> None:
        with self._catalog.begin() as session:
            row = self._locked(session, query)
            before, row.shared = row.shared, shared
            _told(session, row, "share", by=by, shared_before=before, shared=shared)

    def remove(self, query: SavedQuery, *, by: str) -> None:
        """Forgets a query and its versions; the record of its runs stays."""
        with self._catalog.begin() as session:
            row = self._locked(session, query)
            session.execute(delete(QueryVersionRow).where(QueryVersionRow.query == row.id))
            session.delete(row)
            _told(session, row, "delete", by=by, version=row.version)

    # Runs

    def start(
        self, query: SavedQuery, principal: Principal, parameters: Mapping[str, Scalar], seconds: float, *, most: int
    ) -> QueryRun:
        """Records that a query begins to run.

        Args:
            seconds: How long it may take.
            most: How many queries one person may have running at once.

        Raises:
            Conflict: They have as many running.
        """
        now = utcnow()
        row = QueryRunRow(
            id=f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}",  # sorts by time
            query_id=query.id,
            query=query.name,
            query_version=query.version,
            principal=principal.name,
            role=principal.role.value,
            started=now,
            deadline=now + timedelta(seconds=seconds),
            state=RunState.RUNNING.value,
            seconds=None,
            rows=None,
            cut=False,
            versions={},
            parameters=dict(parameters),
            error=None,
            cancelled_by=None,
        )
        running = select(func.count()).where(QueryRunRow.principal == principal.name, *_going_on(now))
        with self._catalog.begin() as session:
            if (session.scalar(running) or 0) >= most:
                raise Conflict(
                    f"{principal.name} runs as many queries as one person may at once: {most}",
                    hint="workbench query runs --state running; workbench query cancel RUN",
                )
            session.add(row)
            session.flush()
            return _run(row, now)

    def finish(
        self,
        run_id: str,
        state: RunState,
        *,
        seconds: float,
        rows: int | None = None,
        cut: bool = False,
        versions: Mapping[str, tuple[int, ...]] | None = None,
        error: str | None = None,
    ) -> QueryRun:
        with self._catalog.begin() as session:
            row = session.get_one(QueryRunRow, run_id)
            row.state, row.seconds, row.rows, row.cut, row.error = state.value, seconds, rows, cut, error
            row.versions = {name: list(numbers) for name, numbers in (versions or {}).items()}
            return _run(row, utcnow())

    def find_run(self, run_id: str) -> QueryRun | None:
        with self._catalog.read() as session:
            row = session.get(QueryRunRow, run_id)
            return None if row is None else _run(row, utcnow())

    def runs(
        self, *, by: str | None, query_id: str | None, state: RunState | None, before: str | None, limit: int
    ) -> list[QueryRun]:
        """Newest first; of one person, of one query, in one state, before the run of an id."""
        now = utcnow()
        query = select(QueryRunRow).order_by(QueryRunRow.id.desc()).limit(limit)
        if by is not None:
            query = query.where(QueryRunRow.principal == by)
        if query_id is not None:
            query = query.where(QueryRunRow.query_id == query_id)
        if before is not None:
            query = query.where(QueryRunRow.id < before)
        if state is RunState.RUNNING:
            query = query.where(*_going_on(now))
        elif state is RunState.FAILED:
            gone = (QueryRunRow.state == RunState.RUNNING.value) & (QueryRunRow.deadline < now - GRACE)
            query = query.where(or_(QueryRunRow.state == state.value, gone))
        elif state is not None:
            query = query.where(QueryRunRow.state == state.value)
        with self._catalog.read() as session:
            return [_run(row, now) for row in session.scalars(query)]

    def cancel(self, run_id: str, *, by: str) -> QueryRun:
        """Asks whoever works on a run to end it.

        Raises:
            NotFound: No such run.
            Conflict: It has ended.
        """
        with self._catalog.begin() as session:
            row = session.get(QueryRunRow, run_id, with_for_update=True)
            if row is None:
                raise NotFound(f"no query run '{run_id}'")
            if (state := _run(row, utcnow()).state) is not RunState.RUNNING:
                raise Conflict(f"the run {run_id} of '{row.query}' has ended already: {state}")
            row.cancelled_by = by
            detail = {"query": row.query, "of": row.principal}
            audit_append(session, actor=by, action="cancel query", thing=f"query run {run_id}", detail=detail)
            return _run(row, utcnow())

    def cancelled(self, run_id: str) -> bool:
        """Whether somebody asked for a run's end."""
        with self._catalog.read() as session:
            found = select(QueryRunRow.cancelled_by).where(QueryRunRow.id == run_id)
            return session.scalar(found) is not None

    def forget_old(self) -> int:
        """Removes the record of runs older than 90 days; how many there were."""
        with self._catalog.begin() as session:
            gone: CursorResult[Any] = session.execute(  # type: ignore[assignment]
                delete(QueryRunRow).where(QueryRunRow.started < utcnow() - KEPT)
            )
        return gone.rowcount

    def _locked(self, session: Session, query: SavedQuery) -> QueryRow:
        row = session.get(QueryRow, query.id, with_for_update=True)
        if row is None:
            raise Conflict(f"the query '{query.name}' was deleted meanwhile")
        return row


def _seen_by(principal: Principal) -> list[ColumnElement[bool]]:
    if principal.role is Role.ADMIN:
        return []
    roles = [role.value for role in Role if principal.role.includes(role)]
    return [or_(QueryRow.owner == principal.name, QueryRow.shared.in_(roles))]


def _going_on(now: datetime) -> list[ColumnElement[bool]]:
    return [QueryRunRow.state == RunState.RUNNING.value, QueryRunRow.deadline >= now - GRACE]


def _told(session: Session, row: QueryRow, action: str, *, by: str, **detail: Any) -> None:
    """The entry in the audit log, and the change; whom the latter may be told, its detail says."""
    told = {name: value for name, value in detail.items() if value is not None}
    audit_append(session, actor=by, action=f"{action} query", thing=f"query {row.name}", detail=told)
    widest = [role for role in Role if role.value in (row.shared, detail.get("shared_before"))]
    publish(
        session,
        "query",
        row.name,
        {"action": action, "owner": row.owner, "shared": widest[0].value if widest else None},
    )


def _words(name: str, description: str, owner: str, datasets: tuple[str, ...]) -> str:
    return " ".join((name, description, owner, *datasets)).casefold()


def _version(
    row: QueryRow,
    number: int,
    sql: str,
    description: str,
    parameters: Mapping[str, Parameter],
    datasets: tuple[str, ...],
    saved: datetime,
    by: str,
) -> QueryVersionRow:
    return QueryVersionRow(
        query=row.id,
        number=number,
        sql=sql,
        description=description,
        parameters={name: parameter.model_dump() for name, parameter in parameters.items()},
        datasets=list(datasets),
        saved=saved,
        saved_by=by,
    )


def _query(row: QueryRow, said: QueryVersionRow) -> SavedQuery:
    return SavedQuery(
        id=row.id,
        name=row.name,
        sql=said.sql,
        description=said.description,
        owner=row.owner,
        shared=None if row.shared is None else Role(row.shared),
        parameters={name: Parameter.model_validate(about) for name, about in said.parameters.items()},
        datasets=tuple(said.datasets),
        version=said.number,
        created=row.created,
        updated=said.saved,
        saved_by=said.saved_by,
    )


def _run(row: QueryRunRow, now: datetime) -> QueryRun:
    gone = row.state == RunState.RUNNING.value and row.deadline < now - GRACE
    return QueryRun(
        id=row.id,
        query=row.query,
        query_version=row.query_version,
        by=row.principal,
        role=Role(row.role),
        started=row.started,
        state=RunState.FAILED if gone else RunState(row.state),
        seconds=row.seconds,
        rows=row.rows,
        cut=row.cut,
        versions={name: tuple(numbers) for name, numbers in row.versions.items()},
        parameters=row.parameters,
        error="the process that ran it ended" if gone else row.error,
        cancelled_by=row.cancelled_by,
    )
