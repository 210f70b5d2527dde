from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime


class UserRow(Base):
    __tablename__ = "user_account"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    created: Mapped[datetime] = mapped_column(UtcDateTime)


class PolicyRow(Base):
    __tablename__ = "policy"

    dataset: Mapped[str] = mapped_column(String(128), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)
    row_filter: Mapped[str | None] = mapped_column(Text)
    columns: Mapped[dict[str, str]] = mapped_column(JSON)


class PolicyOriginRow(Base):
    """A dataset, such as a view's, whose rows are those of another: what closes that closes it, too."""

    __tablename__ = "policy_origin"

    dataset: Mapped[str] = mapped_column(String(128), primary_key=True)
    made_of: Mapped[str] = mapped_column(String(128), primary_key=True, index=True)


class AuditRow(Base):
    """Append-only: the migration adds triggers that refuse to change or delete a row."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(64))
    thing: Mapped[str] = mapped_column(String(255), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
