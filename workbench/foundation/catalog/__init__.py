"""The catalog: one SQL database that knows about datasets, runs, people and work.

SQLite embedded, PostgreSQL by one setting. Every slice declares its own tables on `Base` in its `tables.py` and is the
only one to open sessions on them, in its `store.py`.
"""

from workbench.foundation.catalog.database import SCHEMA_REVISION, Catalog
from workbench.foundation.catalog.inserting import add_missing
from workbench.foundation.catalog.table import Base, UtcDateTime, utcnow

__all__ = ["SCHEMA_REVISION", "Base", "Catalog", "UtcDateTime", "add_missing", "utcnow"]
