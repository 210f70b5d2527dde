"""PostgreSQL's rows as COPY gives them: its own binary form, made into Arrow by ADBC, a few megabytes at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from importlib.util import find_spec

import pyarrow as pa
from sqlalchemy.engine import URL

from workbench.data.connectors.databases.columns import Column, schema_of
from workbench.data.connectors.databases.engines import engine_of
from workbench.data.connectors.databases.fitting import fitted
from workbench.data.connectors.databases.reading import Place
from workbench.foundation.errors import Invalid, Unavailable

__all__ = ["available", "copied"]

_BYTES_AT_ONCE = 8 << 20
_LOST = ("08", "57P")  # classes of SQLSTATE: the connection is gone, or the server ended it


@cache
def available() -> bool:
    return find_spec("adbc_driver_postgresql") is not None


def copied(
    url: URL, statement: str, values: Mapping[str, str], columns: Sequence[Column], place: Place, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """The rows of a SELECT, in a transaction that only reads.

    Args:
        values: Settings that the statement asks for, which is how values are bound where COPY takes no parameters.

    Raises:
        Invalid: The database refuses it, or a value is none of its column's type.
        Unavailable: The connection cannot be made, or broke.
    """
    import adbc_driver_manager.dbapi as manager
    import adbc_driver_postgresql.dbapi as driver

    schema, any_rows = schema_of(columns), False
    try:
        with closing(driver.connect(_conninfo(url))) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            for name, value in values.items():
                cursor.execute("SELECT set_config($1, $2, true)", (f"workbench.{name}", value))
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(_BYTES_AT_ONCE)})
            cursor.execute(statement)
            with cursor.fetch_record_batch() as reader:
                for found in reader:
                    made = fitted(found, columns, place)
                    for begin in range(0, made.num_rows, batch_rows):
                        part = made.slice(begin, batch_rows)
                        any_rows = True
                        yield part
                        place.row += part.num_rows
    except (manager.Error, pa.ArrowException, OSError) as error:
        raise _explained(error, place) from error
    if not any_rows:
        yield pa.RecordBatch.from_pylist([], schema)


def _conninfo(url: URL) -> str:
    from psycopg.conninfo import make_conninfo

    _, given = engine_of(url).dialect.create_connect_args(url)
    return make_conninfo(**{name: value for name, value in given.items() if name != "context"})


def _explained(error: Exception, place: Place) -> Invalid | Unavailable:
    said = _reason(str(error))
    state = getattr(error, "sqlstate", None) or ""
    lost = "terminating connection" in said or "server closed the connection" in said or "connection" in said.lower()
    if state.startswith(_LOST) or (not state and lost):
        return Unavailable(
            f"{place.said}: the connection broke after row {place.row:,}: {said}", hint="read it again once it runs"
        )
    return Invalid(f"{place.said} refused the query: {said}", hint="try the query in the database's own shell")


def _reason(text: str) -> str:
    """What the server said, out of what the driver puts around it."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    first = lines[0] if lines else "no reason given"
    for mark in ("ERROR:", "FATAL:", "[libpq]"):
        if mark in first:
            first = first.partition(mark)[2]
            break
    return first.strip().rstrip(".")
