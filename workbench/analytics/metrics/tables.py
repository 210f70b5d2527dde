from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime


class MetricDefinitionRow(Base):
    """One state of a metric that is kept in the catalog; without a definition where it was removed. Never changed."""

    __tablename__ = "metric_definition"
    __table_args__ = (UniqueConstraint("name", "number"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(63))
    number: Mapped[int] = mapped_column(Integer)
    definition: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    comment: Mapped[str] = mapped_column(Text)
    principal: Mapped[str] = mapped_column(String(128))
    time: Mapped[datetime] = mapped_column(UtcDateTime)
