from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.data.attempts import AttemptRow, StateRow
from workbench.data.views.model import Way
from workbench.foundation.catalog import Base, UtcDateTime


class ViewRow(Base):
    __tablename__ = "materialized_view"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    version: Mapped[int]
    sql: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(128))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    saved: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_by: Mapped[str] = mapped_column(String(128))
    dataset: Mapped[str | None] = mapped_column(String(32))


class RefreshRow(AttemptRow):
    __tablename__ = "view_refresh"

    of: Mapped[str] = mapped_column("view", ForeignKey("materialized_view.id"), index=True)
    way: Mapped[Way] = mapped_column(String(16), default="")
    why: Mapped[str] = mapped_column(Text, default="")
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    version: Mapped[int | None] = mapped_column(BigInteger)
    read: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)


class ViewStateRow(StateRow):
    """Which versions a view would be of."""

    __tablename__ = "view_state"

    of: Mapped[str] = mapped_column("view", ForeignKey("materialized_view.id"), primary_key=True)
