"""Which columns of its files a plan takes.

The optimizer itself is asked: in place of the files it gets a source without rows, which is told which columns are
wanted of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import polars as pl
from polars.io.plugins import register_io_source

from workbench.compute.parts import Part
from workbench.compute.polars_versions import collect

__all__ = ["columns_taken"]


def columns_taken(part: Part, plan: Callable[[Part], pl.LazyFrame]) -> set[str]:
    """The columns of a part's files that a plan over it takes; the plan is run on no row."""
    source = _Asked(part.schema)
    # The streaming executor leaves out the side of a join that nothing can come of, and so does not ask for it.
    collect(plan(replace(part, files=(), frames=(), plan=source.rows())), ordered=True)
    return source.columns


class _Asked:
    """Stands for files: has their columns and no rows, and remembers which columns it is asked for."""

    def __init__(self, schema: Mapping[str, pl.DataType]) -> None:
        self._empty = pl.DataFrame(schema=dict(schema))
        self.columns: set[str] = set()

    def rows(self) -> pl.LazyFrame:
        return register_io_source(self._read, schema=self._empty.schema)

    def _read(
        self, columns: list[str] | None, predicate: pl.Expr | None, _rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        self.columns |= set(self._empty.columns if columns is None else columns)
        if predicate is not None:
            self.columns |= set(predicate.meta.root_names())
        yield self._empty if columns is None else self._empty.select(columns)
