"""The order of a dataset's rows: within files by every load, from file to file by optimize."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.data.lake.datafiles import ROWS_PER_FILE
from workbench.data.lake.snapshot import Snapshot
from workbench.foundation.errors import Invalid, unknown

__all__ = ["by_ranges", "check_sort_columns", "overlapping", "unsorted"]

ROWS_AT_ONCE = 8 * ROWS_PER_FILE


@dataclass(frozen=True)
class _Cluster:
    """Files that lie next to each other.

    Attributes:
        over: Whether the values of some lie among those of others.
        most: The greatest value.
    """

    names: tuple[str, ...]
    rows: int
    most: Any = None
    over: bool = False

    def joined(self, other: _Cluster, *, over: bool) -> _Cluster:
        known = [most for most in (self.most, other.most) if most is not None]
        return _Cluster((*self.names, *other.names), self.rows + other.rows, max(known, default=None), over)


def check_sort_columns(schema: Mapping[str, pl.DataType], columns: Sequence[str]) -> None:
    """
    Raises:
        Invalid: No such column, or one whose values have no order.
    """
    for name in columns:
        if name not in schema:
            raise unknown("column", name, schema, error=Invalid)
        if schema[name].is_nested() or schema[name] == pl.Binary:
            raise Invalid(
                f"a dataset cannot be sorted by '{name}', which is {schema[name]}",
                hint="sort by times, numbers or texts",
            )


def overlapping(files: pl.DataFrame, column: str) -> int:
    """How many files are known to have values of a column among those of other files."""
    return sum(len(cluster.names) for cluster in _clusters(files, column) if cluster.over)


def unsorted(files: pl.DataFrame, column: str) -> list[list[str]]:
    """The files that are to be written anew together: those that lie over each other, and small neighbours.

    Args:
        files: Of one partition.
        column: The first that rows are sorted by.
    """
    found: list[_Cluster] = []
    for cluster in _clusters(files, column):
        if found and found[-1].rows + cluster.rows <= ROWS_PER_FILE:
            found[-1] = found[-1].joined(cluster, over=found[-1].over or cluster.over)
        else:
            found.append(cluster)
    return [list(cluster.names) for cluster in found if cluster.over or len(cluster.names) > 1]


def by_ranges(base: Snapshot, names: Sequence[str], column: str) -> Iterator[pl.DataFrame]:
    """The rows of some files, by ranges of a column, of some million rows each: so many are in memory, and the column.

    Rows of one value are together. Those without a value come first.
    """
    rows = base.scan(names)
    values = rows.select(pl.col(column).sort()).collect(engine="in-memory").to_series()
    cuts = values[ROWS_AT_ONCE::ROWS_AT_ONCE].drop_nulls().unique(maintain_order=True)
    del values
    low = pl.col(column).is_null() | (pl.col(column) < cuts[0] if len(cuts) else pl.lit(value=True))
    yield rows.filter(low).collect(engine="in-memory")
    for at, cut in enumerate(cuts):
        inside = pl.col(column) >= cut
        if at + 1 < len(cuts):
            inside &= pl.col(column) < cuts[at + 1]
        yield rows.filter(inside).collect(engine="in-memory")


def _clusters(files: pl.DataFrame, column: str) -> list[_Cluster]:
    """Files in the order of their least values, those that lie over each other together.

    First, each by itself, come those without bounds: without a value, or with texts too long for bounds, say.
    """
    least, most = f"min.{column}", f"max.{column}"
    if not {least, most} <= set(files.columns):
        return [_Cluster((path,), rows) for path, rows in files.select("path", "num_records").iter_rows()]
    # As plain numbers where it is a time, which may lie beyond Python's calendar.
    bounds = files.select("path", "num_records", pl.col(least, most).to_physical()).sort(least)
    found: list[_Cluster] = []
    for path, rows, low, high in bounds.iter_rows():
        one = _Cluster((path,), rows, None if low is None else high)
        if found and found[-1].most is not None and low < found[-1].most:
            found[-1] = found[-1].joined(one, over=True)
        else:
            found.append(one)
    return found
