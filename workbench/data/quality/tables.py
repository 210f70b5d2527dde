from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime

_BIG_KEY = BigInteger().with_variant(Integer, "sqlite")


class QualityResultRow(Base):
    """One check. Sample rows are not kept: whoever looks later may not be allowed what the checker saw."""

    __tablename__ = "quality_result"

    id: Mapped[int] = mapped_column(_BIG_KEY, primary_key=True, autoincrement=True)
    dataset: Mapped[str | None] = mapped_column(String(255), index=True)
    version: Mapped[int | None] = mapped_column(BigInteger)
    suite: Mapped[str] = mapped_column(String(255))
    run: Mapped[str | None] = mapped_column(String(32), index=True)
    principal: Mapped[str] = mapped_column(String(128))
    checked: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    seconds: Mapped[float] = mapped_column(Float)
    rows: Mapped[int] = mapped_column(BigInteger)
    passed: Mapped[bool] = mapped_column(Boolean)
    outcomes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
