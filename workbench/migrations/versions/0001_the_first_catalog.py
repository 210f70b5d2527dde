"""The first catalog."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workbench.foundation.catalog import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("time", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("thing", sa.String(length=255), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_thing"), "audit", ["thing"], unique=False)
    op.create_index(op.f("ix_audit_time"), "audit", ["time"], unique=False)
    op.create_table(
        "dataset",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=True),
        sa.Column("former_name", sa.String(length=128), nullable=True),
        sa.Column("key", sa.JSON(), nullable=False),
        sa.Column("partition_by", sa.JSON(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("created", UtcDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("complete_from", sa.BigInteger(), nullable=False),
        sa.Column("deleted", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint("name", name=op.f("uq_dataset_name")),
    )
    op.create_index(op.f("ix_dataset_former_name"), "dataset", ["former_name"], unique=False)
    op.create_table(
        "job",
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=255), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=255), nullable=True),
        sa.Column("expires", UtcDateTime(timezone=True), nullable=True),
        sa.Column("taken", UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", "slot", name=op.f("pk_job")),
    )
    op.create_table(
        "policy",
        sa.Column("dataset", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("row_filter", sa.Text(), nullable=True),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "role", name=op.f("pk_policy")),
    )
    op.create_table(
        "quality_result",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("dataset", sa.String(length=255), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("suite", sa.String(length=255), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=True),
        sa.Column("principal", sa.String(length=128), nullable=False),
        sa.Column("checked", UtcDateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_result")),
    )
    op.create_index(op.f("ix_quality_result_checked"), "quality_result", ["checked"], unique=False)
    op.create_index(op.f("ix_quality_result_dataset"), "quality_result", ["dataset"], unique=False)
    op.create_index(op.f("ix_quality_result_run"), "quality_result", ["run"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("started", UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished", UtcDateTime(timezone=True), nullable=True),
        sa.Column("principal", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("parent", sa.String(length=32), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_sha256", sa.String(length=64), nullable=True),
        sa.Column("tables", sa.JSON(), nullable=False),
        sa.Column("environment", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("holder", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["run.id"], name=op.f("fk_run_parent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index("ix_run_name_fingerprint", "run", ["name", "fingerprint"], unique=False)
    op.create_index(op.f("ix_run_started"), "run", ["started"], unique=False)
    op.create_index(op.f("ix_run_status"), "run", ["status"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_user_account")),
    )
    op.create_table(
        "pin",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_pin_run")),
        sa.PrimaryKeyConstraint("run", "dataset", "version", name=op.f("pk_pin")),
    )
    op.create_table(
        "run_edge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_edge_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_edge")),
        sa.UniqueConstraint(
            "run", "direction", "kind", "name", "version", name=op.f("uq_run_edge_run_direction_kind_name_version")
        ),
    )
    op.create_index("ix_run_edge_kind_name", "run_edge", ["kind", "name"], unique=False)
    op.create_table(
        "run_engine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("use", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_engine_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_engine")),
    )
    op.create_index(op.f("ix_run_engine_run"), "run_engine", ["run"], unique=False)
    _make_audit_append_only()


def _make_audit_append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first catalog")
