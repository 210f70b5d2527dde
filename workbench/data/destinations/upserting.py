"""Rows into a table of a database, by key or whole, in one transaction: first beside it, then into it at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from workbench.data.destinations.model import Sent
from workbench.foundation.errors import Conflict, Invalid, unknown
from workbench.foundation.failpoints import failpoint

__all__ = ["Session", "put"]

STAGE = "workbench_sent"


class Session(Protocol):
    """An open transaction on a database.

    Attributes:
        joins: Whether an UPDATE takes its values by a JOIN, as MySQL's does, or by FROM.
    """

    joins: bool

    def columns(self, table: str) -> list[str] | None:
        """Of a table; None where there is none of that name."""
        ...

    def create(self, table: str, schema: pa.Schema, key: Sequence[str]) -> None: ...

    def named(self, table: str) -> str:
        """A table as it is written in a statement."""
        ...

    def quoted(self, name: str) -> str: ...

    def lock(self, table: str) -> None:
        """Keeps others from writing to the table until the end, where they could add rows of the same keys."""
        ...

    def run(self, statement: str) -> int:
        """How many rows it changed."""
        ...

    def first(self, statement: str) -> tuple[object, ...] | None:
        """The first row of an answer."""
        ...

    def fill(self, stage: str, batch: pa.RecordBatch) -> None:
        """Adds rows to a table that has their columns, in their order."""
        ...


def put(
    session: Session, rows: pa.RecordBatchReader, table: str, key: Sequence[str], *, overwrite: bool, place: str
) -> Sent:
    """Brings the rows in; the transaction is the caller's to commit, and the session's end that of what lay
    beside the table: to MySQL, dropping a table is a commit.

    Args:
        place: The table with its database, for errors and for `Sent`.

    Raises:
        NotFound: The table has not all of the columns; says the nearest one.
        Invalid: A key is null or doubled in the rows.
        Conflict: The table has rows, and neither a key nor `overwrite` is given.
    """
    names = rows.schema.names
    for name in key:
        if name not in names:
            raise unknown("column", name, names, error=Invalid)
    there = session.columns(table)
    if there is None:
        session.create(table, rows.schema, key)
    else:
        for name in names:
            if name not in there:
                raise unknown(f"column in {place}", name, there)
    target = session.named(table)
    session.lock(table)
    if not key and not overwrite and session.first(f"SELECT 1 FROM {target} LIMIT 1") is not None:
        raise Conflict(
            f"{place} has rows already",
            hint="say a key, which tells rows apart, or allow overwrite (--overwrite)",
        )
    columns = ", ".join(map(session.quoted, names))
    stage = session.quoted(STAGE)
    session.run(f"CREATE TEMPORARY TABLE {stage} AS SELECT {columns} FROM {target} WHERE 1 = 0")
    count = 0
    for batch in rows:
        if batch.num_rows:
            _whole(batch, key, count, place)
            session.fill(STAGE, batch)
            count += batch.num_rows
        failpoint("destinations.filled")
    if key:
        _single(session, key, place)
        if changing := [name for name in names if name not in key]:
            session.run(_update(session, target, stage, changing, key))
    else:
        session.run(f"DELETE FROM {target}")
    added = session.run(_insert(session, target, stage, columns, key))
    failpoint("destinations.before_commit")
    return Sent(place, count, added if key else None)


def _whole(batch: pa.RecordBatch, key: Sequence[str], before: int, place: str) -> None:
    for name in key:
        if batch.column(name).null_count:
            row = before + batch.column(name).is_null().index(True).as_py() + 1
            raise Invalid(
                f"row {row:,} for {place} has no value in its key, column '{name}'", hint="leave such rows out"
            )


def _single(session: Session, key: Sequence[str], place: str) -> None:
    listed, stage = ", ".join(map(session.quoted, key)), session.quoted(STAGE)
    doubled = session.first(f"SELECT {listed} FROM {stage} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1")
    if doubled is not None:
        said = ", ".join(f"{name} = {str(value)[:80]!r}" for name, value in zip(key, doubled, strict=True))
        raise Invalid(f"two rows for {place} have one key, {said}", hint="another key, or one row of each: deduplicate")


def _update(session: Session, target: str, stage: str, changing: Sequence[str], key: Sequence[str]) -> str:
    same = " AND ".join(f"{target}.{session.quoted(name)} = sent.{session.quoted(name)}" for name in key)
    if session.joins:
        values = ", ".join(f"{target}.{session.quoted(name)} = sent.{session.quoted(name)}" for name in changing)
        return f"UPDATE {target} JOIN {stage} AS sent ON {same} SET {values}"
    values = ", ".join(f"{session.quoted(name)} = sent.{session.quoted(name)}" for name in changing)
    return f"UPDATE {target} SET {values} FROM {stage} AS sent WHERE {same}"


def _insert(session: Session, target: str, stage: str, columns: str, key: Sequence[str]) -> str:
    statement = f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {stage} AS sent"
    if not key:
        return statement
    same = " AND ".join(f"there.{session.quoted(name)} = sent.{session.quoted(name)}" for name in key)
    return f"{statement} WHERE NOT EXISTS (SELECT 1 FROM {target} AS there WHERE {same})"
