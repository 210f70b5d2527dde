"""What is read of a database, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

import pyarrow as pa
from sqlalchemy import Connection, CursorResult, Executable, inspect

from workbench.data.connectors.databases.columns import Column
from workbench.data.connectors.span import Span
from workbench.foundation.errors import Invalid, unknown

__all__ = [
    "Asked",
    "Place",
    "TableName",
    "apart",
    "bounded",
    "conditions",
    "in_types_of",
    "names_in",
    "resolved",
    "written",
]

Clause = TypeVar("Clause")


@dataclass
class Place:
    """Where a reading is, for errors: "postgresql://host/shop, table 'orders'", and after which row."""

    said: str
    row: int = 0


@dataclass(frozen=True)
class TableName:
    """A table, and its schema where that is not the default one."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def written(self, connection: Connection) -> str:
        """As it stands in a statement; see `written`."""
        name = written(connection, self.name)
        return f"{written(connection, self.schema)}.{name}" if self.schema else name


@dataclass(frozen=True)
class Asked:
    """A SELECT, ready to be run.

    Attributes:
        columns: Of its answer, which not every database knows before it has answered.
        copied: What the server can be asked for in one piece instead, with values by name; None where it cannot.
        exactly: The span that its rows are still to be held against, where it gives more than those within it.
    """

    statement: Executable
    columns: Callable[[CursorResult[Any]], Sequence[Column]]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    copied: tuple[str, Mapping[str, str], Sequence[Column]] | None = None
    exactly: Span | None = None


def resolved(connection: Connection, table: str | None, shown: str) -> TableName:
    """The table that is meant; the only one, if none is named.

    Raises:
        NotFound: No such table; says the nearest one.
        Invalid: None is named, and there are several or none.
    """
    names = names_in(connection, None)
    if table is None:
        if len(names) != 1:
            raise Invalid(
                f"{shown} has {len(names)} tables; say which one to read",
                hint=f"there is {', '.join(names)}" if names else None,
            )
        return TableName(names[0])
    if table in names:
        return TableName(table)
    schema, _, name = table.rpartition(".")
    if schema and schema in inspect(connection).get_schema_names():
        names = names_in(connection, schema)
        if name in names:
            return TableName(name, schema)
        raise unknown("table", name, names)
    raise unknown("table", table, names)


def written(connection: Connection, name: str) -> str:
    """A name as it stands in a statement that is given as `text`, where a colon would begin a parameter."""
    how = connection.dialect.identifier_preparer
    quote = how.escape_quote
    return f"{how.initial_quote}{name.replace(quote, quote * 2)}{how.final_quote}".replace(":", "\\:")


def names_in(connection: Connection, schema: str | None) -> list[str]:
    """Tables and views of a schema."""
    found = inspect(connection)
    return sorted([*found.get_table_names(schema=schema), *found.get_view_names(schema=schema)])


def apart(names: Sequence[str]) -> None:
    """
    Raises:
        Invalid: Two columns have one name.
    """
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise Invalid(f"the query gives more than one column named '{doubled[0]}'", hint="name them apart with AS")


def bounded(columns: Sequence[Column], span: Span, shown: str) -> Column:
    """The span's column.

    Raises:
        NotFound: There is none of that name.
        Invalid: A bound has a zone and the column has none, or the other way round; or it is finer than the column.
    """
    column = next((one for one in columns if one.name == span.column), None)
    if column is None:
        raise unknown("column", span.column, [one.name for one in columns])
    for bound in (span.low, span.high):
        if not isinstance(bound, datetime):
            continue
        if pa.types.is_date(column.type):
            raise Invalid(f"{shown}, column '{column.name}' has days, and {bound} is a time", hint="give a day")
        if pa.types.is_timestamp(column.type) and (bound.tzinfo is None) != (column.type.tz is None):
            has, lacks = ("the bound", "the column") if bound.tzinfo else ("the column", "the bound")
            raise Invalid(
                f"{shown}, column '{column.name}': {has} has a time zone and {lacks} has none",
                hint="bounds are written as the column's values are",
            )
    return column


def conditions(span: Span, column: Column, compare: Callable[[str, str, Any], Clause]) -> list[Clause]:
    """The span as comparisons, one for each bound that it has.

    Args:
        compare: Given the bound's name, its operator and its value.
    """
    found = []
    if span.low is not None:
        found.append(compare("low", ">=" if span.low_closed else ">", _value(column, span.low)))
    if span.high is not None:
        found.append(compare("high", "<=" if span.high_closed else "<", _value(column, span.high)))
    return found


def in_types_of(column: Column, span: Span) -> Span:
    """The span with bounds as the column's values are."""
    low, high = (None if bound is None else _value(column, bound) for bound in (span.low, span.high))
    return replace(span, low=low, high=high)


def _value(column: Column, bound: Any) -> Any:
    """A day among times is its beginning; times with a zone are in UTC."""
    if pa.types.is_timestamp(column.type):
        zone = None if column.type.tz is None else UTC
        if isinstance(bound, datetime):
            return bound if zone is None else bound.astimezone(zone)
        if isinstance(bound, date):
            return datetime.combine(bound, time(), zone)
    return bound
