"""A test's own statements to a database server, past everything that is tested."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg
from mariadb_server import mariadb_connection
from sqlalchemy.engine import make_url

__all__ = ["run_statements"]


def run_statements(url: str, *statements: str) -> list[Any]:
    """Runs statements on PostgreSQL or MariaDB, and returns the rows of the last one."""
    if url.startswith("mariadb"):
        with closing(mariadb_connection(url)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in statements:
            found = connection.execute(statement)  # type: ignore[call-overload]
        return found.fetchall() if found.description else []
