"""Definitions in the catalog. The only file that opens sessions on `metric_definition`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from workbench.analytics.metrics.tables import MetricDefinitionRow
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict
from workbench.governance.security import Principal, Role, Scope, Security, audit_append

__all__ = ["MetricStore", "MetricVersion"]


@dataclass(frozen=True)
class MetricVersion:
    """One state of a definition in the catalog.

    Attributes:
        number: From 1, without gaps.
        definition: What it said; None where it was removed.
        comment: Why, in the words of whoever did it.
        principal: Who.
        time: When, in UTC.
    """

    name: str
    number: int
    definition: Mapping[str, Any] | None
    comment: str
    principal: str
    time: datetime


class MetricStore:
    """The definitions that are kept in the catalog, each with all that it ever said."""

    def __init__(self, catalog: Catalog, security: Security) -> None:
        self._catalog = catalog
        self._security = security

    def stamp(self) -> int:
        """Another number whenever anything changed."""
        with self._catalog.read() as session:
            return session.scalar(select(func.max(MetricDefinitionRow.id))) or 0

    def current(self) -> dict[str, Mapping[str, Any]]:
        """Name -> what it says now, by name; without those that were removed."""
        row = MetricDefinitionRow
        newest = select(row.name, func.max(row.number).label("number")).group_by(row.name).subquery()
        query = (
            select(row).join(newest, (row.name == newest.c.name) & (row.number == newest.c.number)).order_by(row.name)
        )
        with self._catalog.read() as session:
            found = [(one.name, one.definition) for one in session.scalars(query)]
        return {name: definition for name, definition in found if definition is not None}

    def history(self, name: str) -> list[MetricVersion]:
        """Every state of a metric, newest first; none where the catalog never had it."""
        row = MetricDefinitionRow
        with self._catalog.read() as session:
            found = session.scalars(select(row).where(row.name == name).order_by(row.number.desc()))
            return [_version(one) for one in found]

    def require(self, by: Principal, doing: str, *, new: bool = False) -> None:
        """
        Args:
            new: There is no metric of that name.

        Raises:
            Forbidden: Defining metrics takes an analyst.
        """
        self._security.require(by, Role.ANALYST, doing, scope=Scope.KEEP if new else None)

    def add(self, name: str, definition: Mapping[str, Any] | None, *, comment: str, by: Principal) -> MetricVersion:
        """Keeps what a metric says from now on; None removes it.

        Raises:
            Forbidden: `by` is no analyst.
            Conflict: Somebody else changed it at the same moment.
        """
        action = "define metric" if definition is not None else "remove metric"
        self.require(by, action, new=definition is not None and name not in self.current())
        row = MetricDefinitionRow
        try:
            with self._catalog.begin() as session:
                last = session.scalar(select(func.max(row.number)).where(row.name == name)) or 0
                said = dict(definition) if definition is not None else None
                made = row(
                    name=name,
                    number=last + 1,
                    definition=said,
                    comment=comment,
                    principal=by.name,
                    time=utcnow(),
                )
                session.add(made)
                session.flush()
                audit_append(
                    session,
                    actor=by.name,
                    action=action,
                    thing=f"metric {name}",
                    detail={"number": last + 1, "comment": comment},
                )
                return _version(made)
        except IntegrityError as error:
            raise Conflict(f"metric '{name}' was changed by somebody else at this moment", hint="look at it") from error


def _version(row: MetricDefinitionRow) -> MetricVersion:
    return MetricVersion(row.name, row.number, row.definition, row.comment, row.principal, row.time)
