"""What a sync held back and what to do where it failed; by which commits held rows come and go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("quality_held") as table:
        table.add_column(sa.Column("turns", sa.JSON(), nullable=True))
    with op.batch_alter_table("data_source_sync") as table:
        table.add_column(sa.Column("held", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("hint", sa.Text(), nullable=True))
