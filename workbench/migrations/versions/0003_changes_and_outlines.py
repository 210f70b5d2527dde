"""Changes are told to every process, and the catalog keeps the outline of each dataset's newest version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workbench.foundation.catalog import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("time", UtcDateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_change")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_change_time"), "change", ["time"])
    with op.batch_alter_table("dataset") as dataset:
        dataset.add_column(sa.Column("rows", sa.BigInteger(), nullable=True))
        dataset.add_column(sa.Column("bytes", sa.BigInteger(), nullable=True))
        dataset.add_column(sa.Column("columns", sa.JSON(), nullable=True))
        dataset.add_column(sa.Column("updated", UtcDateTime(timezone=True), nullable=True))
        dataset.add_column(sa.Column("words", sa.Text(), nullable=True))
    op.create_index(op.f("ix_dataset_updated"), "dataset", ["updated"])
