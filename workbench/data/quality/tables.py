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
    # Dataset -> who sees the same of it (`Lake.sight`), for those that were looked at. None: all that there was.
    sights: Mapped[dict[str, str | None] | None] = mapped_column(JSON)


class PromiseRow(Base):
    """How fresh a dataset is promised to be."""

    __tablename__ = "quality_promise"

    dataset_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    owner: Mapped[str] = mapped_column(String(128))
    updated: Mapped[datetime] = mapped_column(UtcDateTime)


class HeldRow(Base):
    """Rows that were kept out of a dataset at once. They lie in a file, named after `id`."""

    __tablename__ = "quality_held"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(String(32), index=True)
    content: Mapped[str] = mapped_column(String(64), index=True)
    suite: Mapped[str] = mapped_column(String(255))
    reasons: Mapped[dict[str, int]] = mapped_column(JSON)
    rows: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16), index=True)
    run: Mapped[str | None] = mapped_column(String(32))
    principal: Mapped[str] = mapped_column(String(128))
    held: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended: Mapped[datetime | None] = mapped_column(UtcDateTime)
    parent: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(16), server_default="suite")
    origin: Mapped[str] = mapped_column(String(1024), server_default="")
    how: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # By which commits of the dataset it comes or goes, until that is recorded; see `turning`.
    turns: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
