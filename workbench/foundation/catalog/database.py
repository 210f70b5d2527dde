"""Opening the catalog, its transactions, and bringing its schema up to date."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from workbench.foundation.errors import Conflict, IntegrityError, Invalid, Unavailable, WorkbenchError, half_a_character

__all__ = ["SCHEMA_REVISION", "Catalog"]

SCHEMA_REVISION = "0014"
"""The newest revision of the migration chain; a test holds it against the chain itself."""

VERSION_TABLE = "workbench_version"
BUSY_SECONDS = 30
_ALONE = "held alone"
MIGRATION_LOCK = 0x776F726B  # "work": the key of PostgreSQL's advisory lock around a migration


class Catalog:
    """A database and its transactions. Safe to share between threads; every process opens its own.

    Args:
        url: SQLAlchemy URL. `sqlite:///path` or `postgresql+psycopg://...`.

    Raises:
        Invalid: The URL cannot be parsed.
        Unavailable: The driver it needs is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
            if parsed.get_backend_name() == "sqlite" and parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine: Engine = create_engine(
                parsed,
                connect_args={"timeout": BUSY_SECONDS} if parsed.get_backend_name() == "sqlite" else {},
                # As it is, not escaped: what is no text has to be refused in here as it is in other columns.
                json_serializer=partial(json.dumps, ensure_ascii=False),
            )
        except (ArgumentError, NoSuchModuleError) as error:
            raise Invalid(
                f"the catalog's URL cannot be used: {error}", hint="see catalog_url in docs/settings.md"
            ) from error
        except ModuleNotFoundError as error:
            raise Unavailable(
                f"the catalog's URL needs the package '{error.name}'",
                hint="pip install 'analytics-workbench[postgres]'",
            ) from error
        self._shown = parsed.render_as_string(hide_password=True)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "do_connect", _connect_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
            event.listen(self.engine, "checkin", _give_back_sqlite)

    def __repr__(self) -> str:
        return f"Catalog({self._shown})"

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One write transaction: committed at the end, undone by any exception.

        Raises:
            Conflict: Another process kept the catalog locked.
            Unavailable: The database cannot be reached, or its disk is full.
            Invalid: A text holds half a character.
        """
        with self._session(write=True) as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One read transaction: a consistent view, never blocked by a writer."""
        with self._session(write=False) as session:
            yield session

    @contextmanager
    def _session(self, *, write: bool) -> Iterator[Session]:
        bind = self.engine.execution_options(workbench_write=write)
        try:
            with Session(bind, expire_on_commit=False) as session, session.begin():
                yield session
        except OperationalError as error:
            raise self._unavailable(error) from error
        except UnicodeEncodeError as error:  # no database keeps it, so it is the name of nothing, either
            raise half_a_character(error) from error

    def prepare(self) -> None:
        """Brings an empty or older catalog up to date; leaves a current one alone (one quick query).

        Raises:
            Unavailable: The database cannot be reached, or was made by a newer version of the workbench.
        """
        revision = self.revision()
        if revision == SCHEMA_REVISION:
            return
        if revision is not None and revision > SCHEMA_REVISION:
            raise Unavailable(
                f"this workspace was made by a newer version: its catalog is at {revision}, "
                f"known here is {SCHEMA_REVISION}",
                hint="pip install --upgrade analytics-workbench",
            )
        self._upgrade()

    def revision(self) -> str | None:
        """The schema's revision, or None for an empty database."""
        try:
            with self.engine.connect() as connection:
                return _revision(connection)
        except OperationalError as error:
            raise self._unavailable(error) from error
        except DBAPIError as error:
            raise IntegrityError(f"{self!r} is not a workbench catalog: {error.orig}") from error

    def _upgrade(self) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", "workbench:migrations")
        config.set_main_option("path_separator", "os")
        try:
            with self.engine.execution_options(workbench_write=True).begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
                if _revision(connection) == SCHEMA_REVISION:
                    return
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except OperationalError as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        self.engine.dispose()

    def _unavailable(self, error: OperationalError) -> WorkbenchError:
        reason = str(error.orig).strip().splitlines()[0]
        if "locked" in reason:
            return Conflict(f"{self!r} stayed locked for {BUSY_SECONDS} s by another process", hint="try again")
        if "full" in reason or "disk I/O" in reason:
            return Unavailable(f"no space left for {self!r}: {reason}", hint="free some disk space and run it again")
        return Unavailable(f"{self!r} cannot be used: {reason}")


def _connect_sqlite(dialect: Dialect, record: Any, arguments: Any, parameters: Any) -> Any:
    raw: Any = dialect.connect(*arguments, **parameters)
    try:
        _configure_sqlite(raw)
    except sqlite3.OperationalError as error:
        raw.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL):
            raise
        # A full disk has no room for the file that processes share, which even a reader makes if it is the only one.
        # Whoever holds the database alone needs none; so that others get at it, the connection ends with its use.
        raw = dialect.connect(*arguments, **parameters)
        raw.execute("PRAGMA locking_mode=EXCLUSIVE")
        _configure_sqlite(raw)
        record.info[_ALONE] = True
    return raw


def _configure_sqlite(raw: sqlite3.Connection) -> None:
    # SQLAlchemy, not the driver, says when a transaction begins: the driver would begin too late for a consistent read.
    raw.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        raw.execute(f"PRAGMA {pragma}")


def _give_back_sqlite(_connection: Any, record: Any) -> None:
    if record.info.get(_ALONE):
        record.invalidate()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: upgrading a read lock later can fail with SQLITE_BUSY without waiting.
    write = connection.get_execution_options().get("workbench_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return None if found is None else str(found)
