"""Schema contracts of datasets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workbench.foundation.catalog import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schema_contract",
        sa.Column("dataset", sa.String(length=128), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("updated", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dataset", name=op.f("pk_schema_contract")),
    )
