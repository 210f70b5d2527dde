from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime

_BIG_KEY = BigInteger().with_variant(Integer, "sqlite")


class RunRow(Base):
    __tablename__ = "run"
    __table_args__ = (Index("ix_run_name_fingerprint", "name", "fingerprint"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16), index=True)
    started: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    principal: Mapped[str] = mapped_column(String(128))
    role: Mapped[str] = mapped_column(String(16))
    parent: Mapped[str | None] = mapped_column(ForeignKey("run.id"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    source: Mapped[str | None] = mapped_column(Text)
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    tables: Mapped[dict[str, str]] = mapped_column(JSON)
    environment: Mapped[dict[str, Any]] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)
    holder: Mapped[str] = mapped_column(String(255))


class EdgeRow(Base):
    """Lineage: one row per thing that a run read or wrote, however often it did."""

    __tablename__ = "run_edge"
    __table_args__ = (
        UniqueConstraint("run", "direction", "kind", "name", "version"),
        Index("ix_run_edge_kind_name", "kind", "name"),
    )

    id: Mapped[int] = mapped_column(_BIG_KEY, primary_key=True, autoincrement=True)
    run: Mapped[str] = mapped_column(ForeignKey("run.id"))
    direction: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(255))
    version: Mapped[str] = mapped_column(String(255))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class EngineUseRow(Base):
    __tablename__ = "run_engine"

    id: Mapped[int] = mapped_column(_BIG_KEY, primary_key=True, autoincrement=True)
    run: Mapped[str] = mapped_column(ForeignKey("run.id"), index=True)
    use: Mapped[dict[str, Any]] = mapped_column(JSON)


class PinRow(Base):
    """A dataset version that clean-up must keep until `until`; for ever where that is null."""

    __tablename__ = "pin"

    run: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
