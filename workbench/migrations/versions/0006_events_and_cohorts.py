"""A dataset of events says how its files lie; cohorts of its subjects are kept by name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workbench.foundation.catalog import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("dataset") as dataset:
        dataset.add_column(sa.Column("layout", sa.JSON(), nullable=True))
    op.create_table(
        "cohort",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("updated", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cohort")),
    )
    op.create_index(op.f("ix_cohort_dataset_id"), "cohort", ["dataset_id"])
