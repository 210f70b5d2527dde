"""Rows that are computed on together, said so that they can be sent to whoever computes: files, never a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

import polars as pl

from workbench.compute.hashing import SUBJECT_HASH

__all__ = ["Late", "Part", "Parts", "Shape"]

Shape = Callable[[pl.LazyFrame], pl.LazyFrame]
"""What is done to rows as they are read, row by row: a policy, a computed column. Picklable, so never a lambda."""


class Late:
    """A shape that takes reading to make; it is not made where nobody needs it. Sent elsewhere, it is what was made.

    Attributes:
        identity: Values that stand for it: of two that are equal, equal shapes are made.
    """

    def __init__(self, identity: object, make: Callable[[], Shape]) -> None:
        self.identity = identity
        self._make = make
        self._made: Shape | None = None

    def made(self) -> Shape:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return self.made()(rows)

    def __reduce__(self) -> tuple[Callable[[Shape], Shape], tuple[Shape]]:
        return _itself, (self.made(),)


def _itself(shape: Shape) -> Shape:
    return shape


def _never(_: pl.Series) -> pl.Series:
    raise AssertionError("a plan takes a column that was not read of files that parts have in common; please report it")


@dataclass(frozen=True)
class Part:
    """Some of a dataset's rows. Picklable, unless it was made from a lazy plan.

    Attributes:
        files: Paths of Parquet files.
        schema: The columns of the rows as they lie in the files.
        uniform: Every file has exactly these columns. Otherwise columns that a file lacks are null.
        hashes: Only rows whose `SUBJECT_HASH` is within these bounds, both included; None for all.
        without: Only rows whose `SUBJECT_HASH`, as the files have it, is none of these; they are in another part.
        frames: Rows in memory, besides.
        read: Rows of some of the files, in memory: those of them that are the part's, as they lie there, with the
            columns that are going to be asked for.
        shape: Done to all of them, in order.
        sorted: Each file, and each frame, is sorted by `SUBJECT_HASH` and time.
        chronological: A subject's rows in one file are all before its rows in the next one.
        rows: About how many there are, in the files and frames.
        bytes: Of the files.
    """

    files: tuple[str, ...] = ()
    schema: Mapping[str, pl.DataType] = field(default_factory=dict)
    uniform: bool = True
    hashes: tuple[int, int] | None = None
    without: tuple[int, ...] = ()
    frames: tuple[pl.DataFrame, ...] = ()
    read: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    shape: tuple[Shape, ...] = ()
    sorted: bool = False
    chronological: bool = False
    rows: int = 0
    bytes: int = 0
    plan: pl.LazyFrame | None = None

    @classmethod
    def of(cls, rows: pl.LazyFrame | pl.DataFrame) -> Part:
        """A part of rows that are at hand. One of a lazy plan stays in this process."""
        if isinstance(rows, pl.DataFrame):
            return cls(frames=(rows,), schema=dict(rows.schema), rows=rows.height)
        return cls(plan=rows)

    def shaped(self, *shape: Shape) -> Part:
        """The same rows with more done to them."""
        return replace(self, shape=(*self.shape, *shape))

    def lazy(self) -> pl.LazyFrame:
        """All of the rows as one plan: those of one file after those of another, then the frames'."""
        found = [
            self._in_memory(paths) if is_read else self._scan(list(paths))
            for is_read, paths in groupby(self.files, self.read.__contains__)
        ]
        found += [frame.lazy() for frame in self.frames]
        if self.plan is not None:
            found.append(self.plan)
        found = [self._shaped(rows) for rows in found or [pl.LazyFrame(schema=dict(self.schema))]]
        return found[0] if len(found) == 1 else pl.concat(found)

    def _scan(self, paths: list[str]) -> pl.LazyFrame:
        if self.uniform:  # the plainest scan there is: what every engine can run
            return pl.scan_parquet(paths, glob=False, hive_partitioning=False)
        return pl.scan_parquet(
            paths, schema=dict(self.schema), missing_columns="insert", glob=False, hive_partitioning=False
        )

    def _in_memory(self, paths: Iterable[str]) -> pl.LazyFrame:
        rows = pl.concat([self.read[path] for path in paths])
        absent = [
            pl.lit(None, dtype).map_batches(_never, return_dtype=dtype).alias(name)
            for name, dtype in self.schema.items()
            if name not in rows.columns
        ]
        return rows.lazy().with_columns(absent).select(list(self.schema))

    def _shaped(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        if self.without:
            rows = rows.filter(pl.col(SUBJECT_HASH).is_in(list(self.without)).not_())
        for step in self.shape:
            rows = step(rows)
        if self.hashes is not None:  # last: a shape may be what makes the hash
            rows = rows.filter(pl.col(SUBJECT_HASH).is_between(*self.hashes))
        return rows


@dataclass(frozen=True)
class Parts:
    """A dataset's rows, cut for computing.

    Attributes:
        parts: All of the same columns.
        by_subject: All rows of a subject are in one part, and every part has the column `SUBJECT_HASH`.
        total_files: Of the dataset's version; `files` are those that the parts are made of.
        total_bytes: Of these.
        veiled: The rows came through a policy: how, and how many there were, is not for whoever asks.
        taken: Of a plan that was made of other rows: these, and the columns that it takes of them.
    """

    parts: tuple[Part, ...]
    by_subject: bool = False
    total_files: int = 0
    total_bytes: int = 0
    veiled: bool = False
    taken: tuple[tuple[Parts, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, *rows: pl.LazyFrame | pl.DataFrame, by_subject: bool = False) -> Parts:
        """Parts of rows that are at hand, one each."""
        return cls(tuple(Part.of(part) for part in rows), by_subject)

    def together(self, most: int) -> Parts:
        """The same rows as one part, where there are at most so many; as they are otherwise, or if cut by subject."""
        first = self.parts[0]
        alike = all(
            part.hashes is None and part.plan is None and (part.shape, part.without) == (first.shape, first.without)
            for part in self.parts
        )
        if len(self) == 1 or self.by_subject or self.rows > most or not alike:
            return self
        whole = replace(
            first,
            files=tuple(path for part in self.parts for path in part.files),
            frames=tuple(frame for part in self.parts for frame in part.frames),
            rows=self.rows,
            bytes=sum(part.bytes for part in self.parts),
        )
        return replace(self, parts=(whole,))

    def __len__(self) -> int:
        return len(self.parts)

    @cached_property
    def files(self) -> int:
        return len({path for part in self.parts for path in part.files})

    @cached_property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @cached_property
    def schema(self) -> pl.Schema:
        """The columns that an analysis gets."""
        return self.parts[0].lazy().collect_schema()
