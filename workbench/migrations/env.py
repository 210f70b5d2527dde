"""Alembic's environment: knows every slice's tables, runs on the connection the catalog hands it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from alembic import context

import workbench
from workbench.foundation.catalog import Base

root = Path(workbench.__file__).parent
for path in sorted(root.rglob("tables.py")):
    import_module(".".join(("workbench", *path.relative_to(root).with_suffix("").parts)))

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table="workbench_version",
)
context.run_migrations()
