"""Reading a source once and handing out its slices, in the source's order of their columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from workbench.compute import frames
from workbench.data.connectors import Source, read_frame
from workbench.data.etl.model import Slice
from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.wording import counted

__all__ = ["slices_of"]

# Whose sources take a SQL query, in which names are quoted by " and rows of values can be compared.
_SQL = ("sqlite", "postgresql", "postgres")

Values = tuple[Any, ...]


def slices_of(
    source: Source, table: str | None, columns: Sequence[str], wanted: Sequence[Slice] | None
) -> Iterator[tuple[Slice, pl.DataFrame]]:
    """Every slice with its rows, those of `wanted` that have none at the end.

    A database is asked once, for the range of the wanted slices in order of the columns, and read as it answers; one
    slice and one batch are in memory. A file is read whole.

    Args:
        columns: By whose values rows are sliced.
        wanted: Only these; by default whatever values there are.

    Raises:
        Invalid: A column of the slices is null in a row, or wanted slices do not have these columns.
        NotFound: No such table or column.
    """
    by_values: dict[Values, Slice] = {}
    for piece in wanted or ():
        if set(piece.values) != set(columns):
            raise Invalid(f"slice '{piece.name}' is of {', '.join(piece.values)}, not of {', '.join(columns)}")
        by_values[tuple(piece.values[name] for name in columns)] = piece
    seen: set[Values] = set()
    schema: dict[str, pl.DataType] = {}
    for values, rows in _runs(_batches(source, table, columns, list(by_values)), columns, schema):
        if wanted is not None and values not in by_values:
            continue
        seen.add(values)
        yield by_values.get(values) or Slice("-".join(map(str, values)), dict(zip(columns, values, strict=True))), rows
    for values, piece in by_values.items():
        if values not in seen:
            yield piece, pl.DataFrame(schema=schema)


def _batches(source: Source, table: str | None, columns: Sequence[str], wanted: list[Values]) -> Iterator[pl.DataFrame]:
    """Frames whose rows are in order of the columns; at least one."""
    if table is None or source.url.split(":")[0].split("+")[0] not in _SQL:
        frame = read_frame(source, table=table)
        _check_columns(columns, frame.schema)
        yield frame.sort(columns, maintain_order=True)
        return
    schema = source.schema(table=table)
    _check_columns(columns, dict.fromkeys(schema.names))
    names = ", ".join(map(_quoted, columns))
    parameters: dict[str, Any] = {}
    within = ""
    if wanted:
        lowest = {f"low{n}": value for n, value in enumerate(min(wanted))}
        highest = {f"high{n}": value for n, value in enumerate(max(wanted))}
        parameters = lowest | highest
        within = f"WHERE ({names}) >= ({_bound(lowest)}) AND ({names}) <= ({_bound(highest)}) "
    query = f"SELECT * FROM {_quoted(table)} {within}ORDER BY {names}"
    for batch in source.batches(table=table, query=query, parameters=parameters):
        yield frames.to_polars(batch)


def _runs(
    batches: Iterator[pl.DataFrame], columns: Sequence[str], schema: dict[str, pl.DataType]
) -> Iterator[tuple[Values, pl.DataFrame]]:
    """Runs of rows with the same values, put together across batches; fills `schema` from them."""
    held: list[pl.DataFrame] = []
    held_values: Values | None = None
    for frame in batches:
        schema.update(frame.schema)
        for values, rows in frame.partition_by(columns, as_dict=True, maintain_order=True).items():
            if any(value is None for value in values):
                missing = ", ".join(name for name, value in zip(columns, values, strict=True) if value is None)
                many = f"{counted(rows.height, 'row')} {'has' if rows.height == 1 else 'have'} no value"
                raise Invalid(f"{many} in {missing}, by which the source is sliced")
            if values == held_values:
                held.append(rows)
                continue
            if held_values is not None:
                yield held_values, pl.concat(held)
            held, held_values = [rows], values
    if held_values is not None:
        yield held_values, pl.concat(held)


def _check_columns(columns: Sequence[str], known: Mapping[str, Any]) -> None:
    for name in columns:
        if name not in known:
            raise unknown("column", name, known)


def _quoted(name: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _bound(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f":{name}" for name in parameters)
