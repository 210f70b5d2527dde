"""SQL over datasets: one SELECT, under the asker's policies, with no way out to files or the network."""

from workbench.data.sql.door import SqlDoor
from workbench.data.sql.result import SqlResult

__all__ = ["SqlDoor", "SqlResult"]
