"""One version of a dataset cut into parts for computing: by subject or not, without the files that cannot matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from workbench.compute import SUBJECT_HASH, Part, Parts, Shape, hash_of, hashed
from workbench.data.lake.bucketing import by_bucket, of_runs, runs_of
from workbench.data.lake.layout import EventLayout
from workbench.data.lake.restricting import restricted
from workbench.data.lake.snapshot import Snapshot
from workbench.foundation.errors import Invalid, unknown
from workbench.governance.security import Policy

__all__ = ["Window", "parted"]

ONE_PART = 1_000_000
"""So few rows are one part: one plan over all of them is quicker than one after the other."""
SMALLEST_PART = 2_500_000
"""Parts of whole files have about so many rows at least: each takes some milliseconds before it computes."""
LARGEST_PART = 8_000_000
"""Parts have about so many rows at most: what an analysis holds of one has to fit into memory, once per core."""

Window = tuple[str, date | datetime | None, date | datetime | None]
"""A column, and the times within which rows matter: at or after the first, before the second."""


@dataclass(frozen=True)
class Restricted:
    """A policy, as it is sent along with a part."""

    policy: Policy

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return restricted(rows, self.policy)


@dataclass(frozen=True)
class Hashed:
    """The hash of the subject, where files do not have it or it is not theirs that counts."""

    subject: str

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.with_columns(hashed(self.subject))


@dataclass(frozen=True)
class Shown:
    """The columns that the dataset shows, in its order, and the hash where parts are cut by it."""

    columns: tuple[str, ...]

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.select(self.columns)


@dataclass(frozen=True)
class Joined:
    """Each subject that is one with another takes that one's name and hash."""

    subject: str
    moved: pl.DataFrame

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Of the subjects in `moved` only."""
        named = self.moved.lazy().select(
            pl.col("subject").alias(self.subject), pl.col("person").alias(".person"), pl.col(".hash")
        )
        found = rows.join(named, on=self.subject, how="inner", maintain_order="left")
        renamed = found.with_columns(pl.col(".person").alias(self.subject), pl.col(".hash").alias(SUBJECT_HASH))
        return renamed.drop(".person", ".hash")


@dataclass(frozen=True)
class Unowned:
    """Only rows that have no subject."""

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.filter(pl.col(SUBJECT_HASH).is_null())


def parted(
    snapshot: Snapshot,
    policy: Policy | None,
    *,
    subject: str | None,
    window: Window | None = None,
    unowned: bool = False,
    tail: Sequence[pl.DataFrame] = (),
    moved: pl.DataFrame | None = None,
) -> Parts:
    """
    Args:
        policy: Of who asks.
        subject: The column whose rows have to be together; None where none has to. Parts then have `SUBJECT_HASH`.
        window: Files that have no row in it are left out. Others may still have rows outside.
        unowned: Also rows that have no subject, which otherwise are there or not; each in one part.
        tail: More rows, of the columns that the dataset shows.
        moved: What `Identities.moved` gives.

    Raises:
        Invalid: The dataset shows no such subject or no such time, or one that is no time; names the nearest.
    """
    for name in (subject, window[0] if window else None):
        if name is not None and name not in snapshot.schema:
            raise unknown("column called", name, snapshot.schema, error=Invalid)
    if window and not snapshot.schema[window[0]].is_temporal():
        raise Invalid(f"the time '{window[0]}' is {snapshot.schema[window[0]]}; it has to be a time with a zone")
    shown_time = window is not None and (policy is None or window[0] not in policy.columns)
    files = _within(snapshot.files, window if shown_time else None)  # bounds are of the times that lie there
    layout = snapshot.layout
    shapes: tuple[Shape, ...] = () if policy is None else (Restricted(policy),)
    whole = Part(
        files=_paths(snapshot, files),
        schema=dict(snapshot.in_files),
        uniform=snapshot.uniform,
        shape=shapes,
        rows=int(files["num_records"].sum() or 0) + sum(frame.height for frame in tail),
        bytes=int(files["size_bytes"].sum() or 0),
    )
    whole_of = len(snapshot.names), snapshot.bytes, policy is not None
    if subject is None:
        shown = Shown(tuple(snapshot.schema))
        whole = replace(whole, shape=(*(() if layout is None else (shown,)), *shapes), frames=_stored(tail, layout))
        return Parts(tuple(_by_file(whole, files)), False, *whole_of)
    own = layout is not None and layout.subject == subject and (policy is None or subject not in policy.columns)
    if not own or layout is None:
        shown = Shown(tuple(snapshot.schema))
        rehashed = (*(() if layout is None else (shown,)), *shapes, Hashed(subject))
        whole = replace(whole, shape=rehashed, frames=_stored(tail, layout))
        cut = _by_hash(whole)
        return Parts(tuple(cut if len(cut) == 1 or not unowned else [*cut, whole.shaped(Unowned())]), True, *whole_of)
    shown = Shown((*snapshot.schema, SUBJECT_HASH))
    runs = runs_of(snapshot.paths(files["path"].to_list()), files, layout)
    in_order = policy is None or not {*layout.order} & {*policy.columns}  # that of the times that lie there
    whole = of_runs(replace(whole, shape=(shown, *shapes), sorted=in_order, frames=_stored(tail, layout)), runs)
    cut = [whole] if whole.rows <= ONE_PART else by_bucket(whole, runs, layout)
    if unowned and len(cut) > 1:
        cut += _unowned(whole, files)
    if moved is not None and moved.height:
        cut = _joined(cut, whole, subject, moved)
    return Parts(tuple(cut), True, *whole_of)


def _within(files: pl.DataFrame, window: Window | None) -> pl.DataFrame:
    """The files that may have a row in the window. One without bounds may have any."""
    if window is None:
        return files
    column, start, end = window
    low, high = f"min.{column}", f"max.{column}"
    if low not in files.columns:
        return files
    dtype = files.schema[low]
    if start is not None:
        files = files.filter((pl.col(high) < _bound(start, dtype)).fill_null(value=False).not_())
    if end is not None:
        files = files.filter((pl.col(low) >= _bound(end, dtype)).fill_null(value=False).not_())
    return files


def _bound(moment: Any, dtype: pl.DataType) -> pl.Expr:
    return pl.lit(moment).cast(dtype) if not isinstance(moment, datetime) else pl.lit(moment, dtype=dtype)


def _by_file(whole: Part, files: pl.DataFrame) -> list[Part]:
    """Parts of whole files, each of as many as make a good part."""
    if whole.rows <= ONE_PART or not whole.files:
        return [whole]
    cut: list[Part] = []
    held: list[int] = []
    rows = files["num_records"].to_list()
    aim = min(LARGEST_PART, max(SMALLEST_PART, whole.rows // 16))
    for at in range(files.height):
        held.append(at)
        if sum(rows[n] for n in held) >= aim or at == files.height - 1:
            cut.append(_of_files(whole, files, held))
            held = []
    return [replace(cut[0], frames=whole.frames), *cut[1:]]


def _of_files(whole: Part, files: pl.DataFrame, chosen: list[int]) -> Part:
    some = files[chosen]
    return replace(
        whole,
        files=tuple(whole.files[at] for at in chosen),
        frames=(),
        rows=int(some["num_records"].sum() or 0),
        bytes=int(some["size_bytes"].sum() or 0),
    )


def _by_hash(whole: Part) -> list[Part]:
    """Rows that lie anyhow: each part reads all files, so there are no more than memory asks for."""
    number = 1
    while whole.rows // number > LARGEST_PART:
        number *= 2
    return [_range(whole, number, at) for at in range(number)] if number > 1 else [whole]


def _unowned(whole: Part, files: pl.DataFrame) -> list[Part]:
    """A part of the rows that have no subject, where there may be any."""
    missing = f"null_count.{SUBJECT_HASH}"
    none = pl.col(missing) == 0 if missing in files.columns else pl.lit(value=False)
    index = files.with_row_index(".at").filter(none.fill_null(value=False).not_())[".at"].to_list()
    part = replace(_of_files(whole, files, index), frames=whole.frames, sorted=False)
    return [part.shaped(Unowned())] if part.files or part.frames else []


def _joined(cut: list[Part], whole: Part, subject: str, moved: pl.DataFrame) -> list[Part]:
    """The same parts without the subjects that are one with others, and one more with these."""
    hashes = tuple(hash_of(moved["subject"]).to_list())
    named = moved.with_columns(hash_of(moved["person"]).alias(".hash"))
    rest = [replace(part, without=hashes) for part in cut]
    return [*rest, replace(whole, shape=(*whole.shape, Joined(subject, named)), sorted=False)]


def _range(whole: Part, number: int, at: int) -> Part:
    size = (1 << 64) // number
    low = at * size - (1 << 63)
    return replace(whole, hashes=(low, low + size - 1), rows=whole.rows // number)


def _stored(tail: Sequence[pl.DataFrame], layout: EventLayout | None) -> tuple[pl.DataFrame, ...]:
    """Rows in memory as a file would have them."""
    if layout is None:
        return tuple(tail)
    found = []
    for frame in tail:
        rows = frame.with_columns(hash_of(frame[layout.subject]).alias(SUBJECT_HASH))
        found.append(rows.select(*layout.in_files(frame.schema)).sort(layout.order, maintain_order=True))
    return tuple(frame for frame in found if frame.height)


def _paths(snapshot: Snapshot, files: pl.DataFrame) -> tuple[str, ...]:
    return tuple(str(path) for path in snapshot.paths(files["path"].to_list()))
