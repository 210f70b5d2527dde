"""The audit log: who did what to which thing, written in the transaction of the act, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.foundation.catalog import utcnow
from workbench.governance.security.tables import AuditRow

__all__ = ["AuditEntry", "audit_append", "audit_entries"]


@dataclass(frozen=True)
class AuditEntry:
    """One act. `time` is UTC; `thing` reads "dataset flights", "policy flights/viewer"."""

    time: datetime
    actor: str
    action: str
    thing: str
    detail: Mapping[str, Any]


def audit_append(
    session: Session, *, actor: str, action: str, thing: str, detail: Mapping[str, Any] | None = None
) -> None:
    """Adds an entry to the caller's own transaction: act and entry are there together or not at all."""
    session.add(AuditRow(time=utcnow(), actor=actor, action=action, thing=thing, detail=dict(detail or {})))


def audit_entries(
    session: Session, *, thing: str | None = None, action: str | None = None, limit: int = 100
) -> list[AuditEntry]:
    """The newest entries first, of one thing and one action or of all."""
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    if thing is not None:
        query = query.where(AuditRow.thing == thing)
    if action is not None:
        query = query.where(AuditRow.action == action)
    return [AuditEntry(row.time, row.actor, row.action, row.thing, row.detail) for row in session.scalars(query)]
