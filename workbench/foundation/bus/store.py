"""Telling and following changes. The only file that opens sessions on the table `change`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, func, select, text
from sqlalchemy.orm import Session

from workbench.foundation.bus.model import Change
from workbench.foundation.bus.tables import ChangeRow
from workbench.foundation.catalog import Catalog, utcnow

__all__ = ["Bus", "publish"]

POLL_SECONDS = 0.25
KEPT = timedelta(days=7)
_IN_ORDER = 0x62757300  # "bus": the key of PostgreSQL's advisory lock around a publication


def publish(session: Session, topic: str, name: str, detail: Mapping[str, Any] | None = None) -> None:
    """Tells a change in the caller's own transaction: it is heard when, and only when, the act is there."""
    if session.get_bind().dialect.name == "postgresql":
        # Numbers are given before a commit. One publisher after the other, so that no follower sees 8 before 7.
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _IN_ORDER})
    session.add(ChangeRow(time=utcnow(), topic=topic, name=name, detail=dict(detail or {})))


class Bus:
    """The changes of a workspace, as they are heard by its processes."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def newest(self) -> int:
        """The number of the last change; 0 before the first."""
        with self._catalog.read() as session:
            return session.scalar(select(func.max(ChangeRow.number))) or 0

    def since(self, number: int, *, limit: int = 1_000) -> list[Change]:
        """The changes after a number, oldest first."""
        query = select(ChangeRow).where(ChangeRow.number > number).order_by(ChangeRow.number).limit(limit)
        with self._catalog.read() as session:
            return [Change(row.number, row.time, row.topic, row.name, row.detail) for row in session.scalars(query)]

    def follow(self, number: int | None = None, *, until: Callable[[], bool] = lambda: False) -> Iterator[Change]:
        """Changes as they happen, after `number` or from now on, until `until` says so. Blocks while it waits."""
        last = self.newest() if number is None else number
        while not until():
            found = self.since(last)
            yield from found
            if found:
                last = found[-1].number
            else:
                time.sleep(POLL_SECONDS)

    def forget_old(self) -> int:
        """Removes what is older than a week; how many there were."""
        with self._catalog.begin() as session:
            gone: CursorResult[Any] = session.execute(delete(ChangeRow).where(ChangeRow.time < utcnow() - KEPT))  # type: ignore[assignment]
        return gone.rowcount
