"""What the tables of all such things share. Each has two of its own; whose a row is, its own column says."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON, BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime

__all__ = ["AttemptRow", "Outcome", "StateRow"]

Outcome = Literal["running", "succeeded", "failed"]


class AttemptRow(Base):
    __abstract__ = True

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    of: Mapped[str]
    run: Mapped[str] = mapped_column(String(32))
    by: Mapped[str] = mapped_column(String(128))
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[Outcome] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(Text)


class StateRow(Base):
    """How far the thing would be, were a commit of its dataset to name this number. Of all of them the one counts that
    the newest commit names."""

    __abstract__ = True

    of: Mapped[str]
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
