"""What held rows came from, and how they come in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("quality_held") as table:
        table.add_column(sa.Column("kind", sa.String(length=16), nullable=False, server_default="suite"))
        table.add_column(sa.Column("origin", sa.String(length=1024), nullable=False, server_default=""))
        table.add_column(sa.Column("how", sa.JSON(), nullable=True))
