from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime


class DatasetRow(Base):
    """A deleted dataset's row stays, without its name, so that its folder and what was said of it can be told apart."""

    __tablename__ = "dataset"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(128), unique=True)
    former_name: Mapped[str | None] = mapped_column(String(128), index=True)
    key: Mapped[list[str]] = mapped_column(JSON)
    partition_by: Mapped[list[str]] = mapped_column(JSON)
    description: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(128))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(BigInteger)
    complete_from: Mapped[int] = mapped_column(BigInteger)
    layout: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    deleted: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # The outline of the newest version; null until it is first needed for a dataset that an older workbench made.
    rows: Mapped[int | None] = mapped_column(BigInteger)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    columns: Mapped[list[str] | None] = mapped_column(JSON)
    updated: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    words: Mapped[str | None] = mapped_column(Text)
