from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.foundation.catalog import Base, UtcDateTime


class ContractRow(Base):
    """By the dataset's name, since a contract may be older than its dataset."""

    __tablename__ = "schema_contract"

    dataset: Mapped[str] = mapped_column(String(128), primary_key=True)
    rules: Mapped[dict[str, str]] = mapped_column(JSON)
    updated: Mapped[datetime] = mapped_column(UtcDateTime)
