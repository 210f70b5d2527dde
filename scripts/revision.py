"""Writes the next migration from the difference between the tables as declared and a catalog made by the chain so far.

    python scripts/revision.py "what changes"

Read what it wrote before committing it: triggers and data moves are not seen by a comparison of tables.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from workbench.foundation.catalog import Catalog

config = Config()
config.set_main_option("script_location", "workbench:migrations")
config.set_main_option("path_separator", "os")
revisions = list(ScriptDirectory.from_config(config).walk_revisions())
with tempfile.TemporaryDirectory() as folder:
    catalog = Catalog(f"sqlite:///{Path(folder) / 'catalog.db'}")
    with catalog.engine.begin() as connection:
        config.attributes["connection"] = connection
        if revisions:
            command.upgrade(config, "head")
        command.revision(config, sys.argv[1], autogenerate=True, rev_id=f"{len(revisions) + 1:04d}")
