"""Alembic's environment: knows every slice's tables, runs on the connection the catalog hands it."""

from __future__ import annotations

from alembic import context

import workbench.data.lake.tables
import workbench.data.quality.tables
import workbench.foundation.jobs.tables
import workbench.governance.runs.tables
import workbench.governance.security.tables  # noqa: F401
from workbench.foundation.catalog import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table="workbench_version",
    render_as_batch=True,
)
context.run_migrations()
