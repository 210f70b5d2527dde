"""Materialized views, their refreshes and how far they are; whose rows a dataset shows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workbench.foundation.catalog import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "policy_origin",
        sa.Column("dataset", sa.String(length=128), nullable=False),
        sa.Column("made_of", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "made_of", name=op.f("pk_policy_origin")),
    )
    op.create_index(op.f("ix_policy_origin_made_of"), "policy_origin", ["made_of"])
    op.create_table(
        "materialized_view",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sql", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("created", UtcDateTime(timezone=True), nullable=False),
        sa.Column("saved", UtcDateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=128), nullable=False),
        sa.Column("dataset", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_materialized_view")),
        sa.UniqueConstraint("name", name=op.f("uq_materialized_view_name")),
    )
    op.create_table(
        "view_refresh",
        sa.Column("id", _BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("view", sa.String(length=32), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("started", UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished", UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("read", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        _of_view("view_refresh"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_view_refresh")),
    )
    op.create_index(op.f("ix_view_refresh_view"), "view_refresh", ["view"])
    op.create_table(
        "view_state",
        sa.Column("view", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        _of_view("view_state"),
        sa.PrimaryKeyConstraint("view", "number", name=op.f("pk_view_state")),
    )


def _of_view(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["view"], ["materialized_view.id"], name=op.f(f"fk_{table}_view"))
