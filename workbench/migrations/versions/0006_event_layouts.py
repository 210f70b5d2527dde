"""A dataset of events says how its files lie."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("dataset") as dataset:
        dataset.add_column(sa.Column("layout", sa.JSON(), nullable=True))
