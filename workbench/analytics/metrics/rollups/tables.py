from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime


class RollupDefinitionRow(Base):
    """A rollup that is defined in the catalog."""

    __tablename__ = "rollup_definition"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    owner: Mapped[str] = mapped_column(String(128))
    updated: Mapped[datetime] = mapped_column(UtcDateTime)


class RollupRow(Base):
    """What is kept of a rollup, wherever that is defined. To replace this row is what makes new files count."""

    __tablename__ = "rollup"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(String(32), index=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    made: Mapped[datetime] = mapped_column(UtcDateTime)
