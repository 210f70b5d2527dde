"""A DuckDB of its own for one statement, from which nothing but what is registered on it can be reached."""

from __future__ import annotations

import duckdb

__all__ = ["closed", "lock"]

# Only registered datasets can be named: no file, no extension, no Python variable, no setting to turn that back on.
# What does not fit into memory is refused: there is no folder that it is written to.
_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "python_scan_all_frames": "false",
    "temp_directory": "",
}
_LOCKS = (
    "SET TimeZone = 'UTC'",
    "SET enable_progress_bar = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def closed(megabytes: int) -> duckdb.DuckDBPyConnection:
    """A connection that may hold so much; `lock` it before anything of somebody's is run."""
    return duckdb.connect(":memory:", config=_CLOSED | {"memory_limit": f"{megabytes}MB"})


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Nothing outside is reached from here on, and no setting says otherwise."""
    for one in _LOCKS:
        connection.execute(one)
