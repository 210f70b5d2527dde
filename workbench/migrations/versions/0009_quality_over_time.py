"""Quality over time: whose eyes a check was made with, promises of freshness, and rows that are held back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workbench.foundation.catalog import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quality_result", sa.Column("sights", sa.JSON(), nullable=True))
    op.create_table(
        "quality_promise",
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("updated", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dataset_id", name=op.f("pk_quality_promise")),
    )
    op.create_table(
        "quality_held",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("suite", sa.String(length=255), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=True),
        sa.Column("principal", sa.String(length=128), nullable=False),
        sa.Column("held", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended", UtcDateTime(timezone=True), nullable=True),
        sa.Column("parent", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_held")),
    )
    for column in ("dataset_id", "content", "state", "held"):
        op.create_index(op.f(f"ix_quality_held_{column}"), "quality_held", [column])
