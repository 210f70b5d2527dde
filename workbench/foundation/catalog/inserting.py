"""Adding a row that may be there already, in either database."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from workbench.foundation.catalog.table import Base

__all__ = ["add_missing"]


def add_missing(session: Session, table: type[Base], **values: Any) -> None:
    """Adds a row unless a unique key of it is there already; two at once do not fail."""
    if session.get_bind().dialect.name == "postgresql":
        # Not at the top: every command would load its drivers' types, and most catalogs are SQLite.
        from sqlalchemy.dialects import postgresql

        session.execute(postgresql.insert(table).values(**values).on_conflict_do_nothing())
    else:
        session.execute(sqlite.insert(table).values(**values).on_conflict_do_nothing())
