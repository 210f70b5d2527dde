"""SQL databases as sources of rows: SQLite, PostgreSQL, MySQL and MariaDB through SQLAlchemy, DuckDB by itself."""

from workbench.data.connectors.databases.address import DatabaseAddress
from workbench.data.connectors.databases.duck import DuckSource
from workbench.data.connectors.databases.duckfile import DuckFile
from workbench.data.connectors.databases.source import DatabaseSource

__all__ = ["DatabaseAddress", "DatabaseSource", "DuckFile", "DuckSource"]
