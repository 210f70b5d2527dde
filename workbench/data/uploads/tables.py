from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime

__all__: list[str] = []


class UploadRow(Base):
    """A file that somebody sends. How much of it is here its own length says."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    file: Mapped[str] = mapped_column(String(255))
    owner: Mapped[str] = mapped_column(String(128), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    touched: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    dataset: Mapped[str | None] = mapped_column(String(255))
    version: Mapped[int | None] = mapped_column(BigInteger)
    run: Mapped[str | None] = mapped_column(String(32))
