from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.data.attempts import AttemptRow, StateRow
from workbench.foundation.catalog import Base, UtcDateTime


class DataSourceRow(Base):
    """A source. What it says stands under its version."""

    __tablename__ = "data_source"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(63), unique=True)
    version: Mapped[int]
    owner: Mapped[str] = mapped_column(String(128))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    paused: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DataSourceVersionRow(Base):
    __tablename__ = "data_source_version"

    source: Mapped[str] = mapped_column(ForeignKey("data_source.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_by: Mapped[str] = mapped_column(String(128))


class SyncRow(AttemptRow):
    __tablename__ = "data_source_sync"

    of: Mapped[str] = mapped_column("source", ForeignKey("data_source.id"), index=True)
    mode: Mapped[str] = mapped_column(String(16))
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    removed: Mapped[int] = mapped_column(BigInteger, default=0)
    version: Mapped[int | None] = mapped_column(BigInteger)
    everything: Mapped[bool] = mapped_column(Boolean, default=False)
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    held: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    hint: Mapped[str | None] = mapped_column(Text)


class SourceStateRow(StateRow):
    __tablename__ = "data_source_state"

    of: Mapped[str] = mapped_column("source", ForeignKey("data_source.id"), primary_key=True)


class SourceFileRow(Base):
    """A file that was loaded, or was about to be. Which content is in, the dataset says."""

    __tablename__ = "data_source_file"

    source: Mapped[str] = mapped_column(ForeignKey("data_source.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(1024), primary_key=True)
    look: Mapped[str] = mapped_column(Text)
    mark: Mapped[int] = mapped_column(BigInteger)
    loaded: Mapped[datetime] = mapped_column(UtcDateTime)
