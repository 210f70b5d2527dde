"""A DuckDB file, and a connection to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from workbench.foundation.errors import Invalid, Unavailable, sentence

if TYPE_CHECKING:
    import duckdb

__all__ = ["DuckFile"]


class DuckFile:
    """A DuckDB file by its address, `duckdb:///path/to/file.duckdb`."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            Invalid: It names no file.
        """
        path = unquote(url.partition("://")[2]).removeprefix("/")
        if path in ("", ":memory:"):
            raise Invalid(f"'{url}' names no database file", hint="write duckdb:///path/to/file.duckdb")
        self.path = Path(path)
        self.url = f"duckdb:///{self.path}"

    @contextmanager
    def opened(self, *, reading: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that reaches nothing but its file: a query could open other files else.

        Raises:
            Unavailable: Somebody else has it open for writing.
            Invalid: It is no DuckDB database.
        """
        import duckdb

        config: dict[str, Any] = {"enable_external_access": False, "autoinstall_known_extensions": False}
        try:
            connection = duckdb.connect(str(self.path), read_only=reading, config=config)
        except duckdb.Error as error:
            reason = sentence(error)
            if "lock" in reason.lower() or "different configuration" in reason:
                raise Unavailable(
                    f"{self.path} is open elsewhere, and DuckDB lets nobody else in: {reason}",
                    hint="close it there, a notebook for example",
                ) from error
            raise Invalid(
                f"{self.path} cannot be opened as a DuckDB database: {reason}", hint="fetch the file again"
            ) from error
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()

    @staticmethod
    def quoted(name: str) -> str:
        """A name as it is written in a statement."""
        return '"' + name.replace('"', '""') + '"'
