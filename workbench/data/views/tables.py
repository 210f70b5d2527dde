from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime

_BIG_KEY = BigInteger().with_variant(Integer, "sqlite")


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


class RefreshRow(Base):
    __tablename__ = "view_refresh"

    id: Mapped[int] = mapped_column(_BIG_KEY, primary_key=True, autoincrement=True)
    view: Mapped[str] = mapped_column(ForeignKey("materialized_view.id"), index=True)
    run: Mapped[str] = mapped_column(String(32))
    by: Mapped[str] = mapped_column(String(128))
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(16))
    way: Mapped[str] = mapped_column(String(16))
    why: Mapped[str] = mapped_column(Text)
    rows: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int | None] = mapped_column(BigInteger)
    read: Mapped[dict[str, int]] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)


class ViewStateRow(Base):
    """Which versions a view would be of, were a commit of its dataset to name this number. Of all of them the one
    counts that the newest commit names."""

    __tablename__ = "view_state"

    view: Mapped[str] = mapped_column(ForeignKey("materialized_view.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
