"""SQL over datasets: one SELECT, under the asker's policies, with no way out to files or the network."""

from workbench.data.sql.door import Reading, SqlDoor
from workbench.data.sql.limits import Cancelled, Limits, TooLarge, TooLong
from workbench.data.sql.result import SqlResult
from workbench.data.sql.syntax import Functions, functions, nodes, syntax
from workbench.data.sql.typed import typed

__all__ = [
    "Cancelled",
    "Functions",
    "Limits",
    "Reading",
    "SqlDoor",
    "SqlResult",
    "TooLarge",
    "TooLong",
    "functions",
    "nodes",
    "syntax",
    "typed",
]
