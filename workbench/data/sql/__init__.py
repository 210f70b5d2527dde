"""SQL over datasets: one SELECT, under the asker's policies, with no way out to files or the network."""

from workbench.data.sql.door import SqlDoor

__all__ = ["SqlDoor"]
