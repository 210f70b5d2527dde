"""SQL databases as sources of rows: SQLite, PostgreSQL, MySQL and MariaDB through SQLAlchemy, DuckDB by itself."""

from workbench.data.connectors.databases.address import address_of, missing_driver
from workbench.data.connectors.databases.duck import DuckSource, opened
from workbench.data.connectors.databases.source import DatabaseSource

__all__ = ["DatabaseSource", "DuckSource", "address_of", "missing_driver", "opened"]
