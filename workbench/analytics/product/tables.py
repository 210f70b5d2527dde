from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime


class CohortRow(Base):
    __tablename__ = "cohort"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(String(32), index=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    description: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(128))
    updated: Mapped[datetime] = mapped_column(UtcDateTime)
