"""Saved cohorts in the catalog. The only file that opens sessions on their table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select

from workbench.analytics.product.cohort import Cohort
from workbench.analytics.product.tables import CohortRow
from workbench.foundation.bus import publish
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, unknown
from workbench.governance.security import audit_append

__all__ = ["CohortStore"]


class CohortStore:
    """Cohorts by name.

    Args:
        name_of: What the dataset of an id is called now; None where it was deleted.
    """

    def __init__(self, catalog: Catalog, name_of: Callable[[str], str | None]) -> None:
        self._catalog = catalog
        self._name_of = name_of

    def all(self) -> list[Cohort]:
        """By name; without those whose dataset was deleted."""
        with self._catalog.read() as session:
            rows = session.scalars(select(CohortRow).order_by(CohortRow.name)).all()
        return [cohort for cohort in map(self._cohort, rows) if cohort is not None]

    def get(self, name: str) -> Cohort:
        """
        Raises:
            NotFound: No such cohort; the message has the nearest name.
        """
        with self._catalog.read() as session:
            row = session.get(CohortRow, name)
        found = None if row is None else self._cohort(row)
        if found is None:
            raise unknown("cohort", name, [cohort.name for cohort in self.all()], hint="workbench cohort list")
        return found

    def save(
        self, name: str, dataset_id: str, definition: Mapping[str, Any], description: str, *, by: str, replace: bool
    ) -> None:
        """
        Raises:
            Conflict: There is a cohort of that name, and it is not to be replaced.
        """
        with self._catalog.begin() as session:
            row = session.get(CohortRow, name, with_for_update=True)
            if row is not None and not replace:
                raise Conflict(f"there is a cohort '{name}' already", hint="choose another name, or replace=True")
            if row is None:
                row = CohortRow(name=name, owner=by)
                session.add(row)
            row.dataset_id, row.definition, row.description = dataset_id, dict(definition), description
            row.updated = utcnow()
            audit_append(session, actor=by, action="save cohort", thing=f"cohort {name}")
            publish(session, "cohort", name, {"action": "save"})

    def delete(self, name: str, *, by: str) -> None:
        with self._catalog.begin() as session:
            row = session.get(CohortRow, name, with_for_update=True)
            if row is not None:
                session.delete(row)
                audit_append(session, actor=by, action="delete cohort", thing=f"cohort {name}")
                publish(session, "cohort", name, {"action": "delete"})

    def _cohort(self, row: CohortRow) -> Cohort | None:
        dataset = self._name_of(row.dataset_id)
        if dataset is None:
            return None
        return Cohort(row.name, dataset, row.definition, row.description, row.owner, row.updated)
