from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime


class JobRow(Base):
    __tablename__ = "job"

    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    slot: Mapped[str] = mapped_column(String(255), primary_key=True)
    fence: Mapped[int]
    holder: Mapped[str | None] = mapped_column(String(255))
    expires: Mapped[datetime | None] = mapped_column(UtcDateTime)
    taken: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
