"""Attempts and states in the catalog, in the tables that the things themselves have for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from workbench.data.attempts.table import AttemptRow, StateRow
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.jobs import Jobs, Lease

__all__ = ["Attempts"]

STATES_KEPT = 5

Row = TypeVar("Row", bound=AttemptRow)
Record = TypeVar("Record")


class Attempts(Generic[Row, Record]):
    """The attempts at things of one kind, and how far each thing is. One attempt is made at a time, under a lease.

    Args:
        record: What is told of an attempt.
        ended: Called in the transaction that ends one.
    """

    def __init__(
        self,
        catalog: Catalog,
        rows: type[Row],
        states: type[StateRow],
        *,
        record: Callable[[Row], Record],
        ended: Callable[[Session, Row], None],
    ) -> None:
        self._catalog = catalog
        self._jobs = Jobs(catalog)
        self._rows = rows
        self._states = states
        self._record = record
        self._ended = ended

    def begin(self, of: str, run: str, *, by: str, **said: Any) -> int:
        """Records that one begins. Who began one before it and did not end it has ended: we hold the lease.

        Args:
            of: The thing's id.
            said: What else its row has.
        """
        now = utcnow()
        lost = select(self._rows).where(self._rows.of == of, self._rows.outcome == "running")
        with self._catalog.begin() as session:
            for one in session.scalars(lost):
                one.outcome, one.finished, one.error = "failed", now, "the process that ran it ended"
            row = self._rows(of=of, run=run, by=by, started=now, outcome="running", **said)
            session.add(row)
            session.flush()
            return row.id

    def end(self, attempt: int, lease: Lease | None, **found: Any) -> Record:
        """Records how one ended.

        Raises:
            Conflict: The lease was lost meanwhile.
        """
        with self._catalog.begin() as session:
            if lease is not None:
                self._jobs.guard(session, lease)
            row = session.get_one(self._rows, attempt)
            row.finished = utcnow()
            for name, value in found.items():
                setattr(row, name, value)
            self._ended(session, row)
            session.flush()
            return self._record(row)

    def latest(self, of: str, limit: int) -> list[Record]:
        """The latest of a thing, newest first."""
        with self._catalog.read() as session:
            return self._latest(session, of, limit)

    def last(self, session: Session, of: str) -> Record | None:
        """The latest one of a thing; None before the first."""
        return next(iter(self._latest(session, of, 1)), None)

    def propose(self, of: str, lease: Lease, state: Mapping[str, Any], *, beyond: int) -> int:
        """Keeps a state under a number of its own. It counts from the commit on that names this number.

        Args:
            beyond: The number that counts now; a new one is higher.

        Raises:
            Conflict: The lease was lost meanwhile.
        """
        states = self._states
        with self._catalog.begin() as session:
            self._jobs.guard(session, lease)
            highest = session.scalar(select(func.max(states.number)).where(states.of == of))
            number = max(highest or 0, beyond) + 1
            session.execute(delete(states).where(states.of == of, states.number < beyond - STATES_KEPT))
            session.add(states(of=of, number=number, state=dict(state)))
            return number

    def state(self, of: str, number: int) -> dict[str, Any] | None:
        """None where nothing is known of it, as after a backup of the catalog that is older than the lake."""
        with self._catalog.read() as session:
            row = session.get(self._states, {"of": of, "number": number})
            return None if row is None else row.state

    def forget(self, session: Session, of: str) -> None:
        """Of a thing that goes."""
        for table in (self._rows, self._states):
            session.execute(delete(table).where(table.of == of))

    def _latest(self, session: Session, of: str, limit: int) -> list[Record]:
        query = select(self._rows).where(self._rows.of == of).order_by(self._rows.id.desc()).limit(limit)
        return [self._record(row) for row in session.scalars(query)]
