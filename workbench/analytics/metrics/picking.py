"""Exact quantiles of groups without sorting: values are counted in bars, and only those of the bars in which a quantile
lies are looked at. By compiled code, over columns that are all in memory at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from workbench.compute import Compiled, Parts

__all__ = ["CODE", "fits", "held_as", "in_batches", "picked", "takes"]

CODE: Final = Compiled("workbench.analytics.metrics.compiled")

_MOST_ROWS = 64_000_000  # six or ten bytes of each are in memory at once
_BATCH = 1 << 20  # rows
_MOST_KEYS = 4096  # in a piece
_MOST_GROUPS = 1 << 14
_MOST_BARS = 1 << 13  # of a group
_CELLS = 1 << 22  # bars of all groups
_GROUP = ".group"
_ALL_BUT_THE_SIGN = (1 << 63) - 1
_SMALL = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16)
_WHOLE = (pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)  # within 64 bits, signed

_Whole = np.ndarray[Any, np.dtype[np.int64]]
_Small = np.ndarray[Any, np.dtype[np.uint16]]


class _Piece(NamedTuple):
    """Some rows: which of `keys` each has, its value (of a float the bits), and the keys of each number."""

    numbers: _Small
    values: np.ndarray[Any, np.dtype[np.integer[Any]]]
    keys: list[pl.Series]


class _Scale(NamedTuple):
    """Bars: which digits are turned round, what the first begins with, how many digits are within one, how many groups
    and bars there are.
    """

    flipped: int
    low: int
    shift: int
    shape: tuple[int, int]

    @property
    def digits(self) -> tuple[int, int, int]:
        return self.flipped, self.low, self.shift


@dataclass
class _Worker:
    """What one thread does: its pieces, and the group of each of their numbers."""

    code: ModuleType
    pieces: Sequence[_Piece]
    groups: Sequence[_Whole]
    counts: np.ndarray[Any, np.dtype[np.int32]] = field(init=False)
    begins: _Whole = field(init=False)
    taken: _Whole = field(init=False)

    def extents(self, flipped: int) -> list[tuple[int, int]]:
        return [self.code.extent(piece.values, flipped) for piece in self.pieces]

    def count(self, scale: _Scale) -> None:
        self.counts = np.zeros(scale.shape, np.int32)
        for piece, groups in zip(self.pieces, self.groups, strict=True):
            self.code.count(piece.numbers, groups, piece.values, *scale.digits, self.counts)

    def take(self, scale: _Scale, wanted: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        self.counts[~wanted] = 0
        upto = self.counts.ravel().cumsum(dtype=np.int64)
        self.begins = upto.reshape(scale.shape) - self.counts
        self.taken = np.empty(int(upto[-1]), np.int64)
        places = np.where(wanted, self.begins, -1)
        for piece, groups in zip(self.pieces, self.groups, strict=True):
            self.code.take(piece.numbers, groups, piece.values, *scale.digits, places, self.taken)

    def of_bar(self, group: int, bar: int) -> _Whole:
        begin = self.begins[group, bar]
        return self.taken[begin : begin + self.counts[group, bar]]


def fits(parts: Parts) -> bool:
    """Whether rows may be looked at so: all in files or frames, and no more of them than fit in memory."""
    return parts.rows <= _MOST_ROWS and all(part.plan is None for part in parts.parts)


def in_batches(plans: Iterable[pl.LazyFrame]) -> Iterator[pl.DataFrame]:
    """The rows of plans, in any order, while others are still computed."""
    for plan in plans:
        yield from plan.collect_batches(chunk_size=_BATCH, maintain_order=False, lazy=True, engine="streaming")


def takes(dtype: pl.DataType) -> bool:
    """Whether a key may be of a type: a text, or one that is kept as a whole number of 64 bits with a sign."""
    return dtype == pl.String or dtype in _WHOLE or dtype.is_temporal()


def held_as(dtype: pl.DataType) -> pl.DataType:
    """The type of a value of a type as `picked` takes it; whole numbers of 32 bits have half the bytes of a float."""
    return pl.Int32() if dtype in _SMALL else pl.Float64()


def picked(
    code: ModuleType, frames: Iterable[pl.DataFrame], keys: Sequence[str], value: str, sides: Mapping[str, float]
) -> pl.DataFrame | None:
    """The values beside quantiles.

    Args:
        code: What `CODE` gives.
        frames: Of `keys`, each of a type that `takes` takes, and `value`, an Int32, or a Float64 that is never NaN nor
            -0.0, which may be null. At least one, and no more rows than fit in memory.
        sides: Name -> quantile.

    Returns:
        A row per group: its keys; `value` with ".size", how many values it has; and by name with ".0" the value at
        place floor(q * (size - 1)) of its values in their order, with ".1" the next one, or the last one again; null
        where there is none. None where there are no rows, or more groups than are worth it.
    """
    threads = pl.thread_pool_size()
    with ThreadPoolExecutor(threads, thread_name_prefix="picking") as pool:
        pieces: list[_Piece] = []
        for piece in chain.from_iterable(pool.map(lambda frame: _pieces(code, frame, keys, value), frames)):
            if piece is None:
                return None
            pieces.append(piece)
        if not pieces:
            return None
        groups, of_pieces = _groups([piece.keys for piece in pieces], keys)
        if groups.height > _MOST_GROUPS:
            return None
        workers = [_Worker(code, pieces[at::threads], of_pieces[at::threads]) for at in range(threads)]
        whole = pieces[0].values.dtype == np.int32
        flipped = 0 if whole else _ALL_BUT_THE_SIGN
        extents = chain.from_iterable(pool.map(lambda worker: worker.extents(flipped), workers))
        scale = _scale(flipped, list(extents), groups.height)
        list(pool.map(lambda worker: worker.count(scale), workers))
        upto = np.sum([worker.counts for worker in workers], axis=0, dtype=np.int64).cumsum(axis=1)
        size = upto[:, -1]
        places = {
            f"{name}.{step}": np.minimum(np.floor((size - 1) * quantile).astype(np.int64) + step, size - 1)
            for name, quantile in sides.items()
            for step in (0, 1)
        }
        bars = {name: np.array(list(map(np.searchsorted, upto, place + 1))) for name, place in places.items()}
        wanted = np.zeros(scale.shape, np.bool_)
        for bar in bars.values():
            wanted[np.flatnonzero(size), bar[size > 0]] = True
        list(pool.map(lambda worker: worker.take(scale, wanted), workers))
    values = {name: np.full(groups.height, np.nan) for name in places}
    for group, bar in np.argwhere(wanted):
        inside = np.concatenate([worker.of_bar(group, bar) for worker in workers])
        inside = inside.astype(np.float64) if whole else inside.view(np.float64)
        before = upto[group, bar - 1] if bar else 0
        own = {name: place[group] - before for name, place in places.items() if bars[name][group] == bar}
        inside.partition(sorted(set(own.values())))
        for name, place in own.items():
            values[name][group] = inside[place]
    found = [pl.Series(name, one, nan_to_null=True) for name, one in values.items()]
    return groups.with_columns(pl.Series(f"{value}.size", size), *found)


def _scale(flipped: int, extents: Sequence[tuple[int, int]], groups: int) -> _Scale:
    """Bars for values between the least and the greatest; an extent of none begins after its end."""
    some = [(int(low), int(high)) for low, high in extents if low <= high] or [(0, 0)]
    low, high = min(one[0] for one in some), max(one[1] for one in some)
    most = max(1, min(_MOST_BARS, _CELLS // max(1, groups)))
    shift = max(0, (high - low).bit_length() - (most.bit_length() - 1))
    return _Scale(flipped, low, shift, (groups, ((high - low) >> shift) + 1))


def _cuts(frame: pl.DataFrame, keys: Sequence[str], value: str) -> Iterator[tuple[list[pl.Series], pl.Series]]:
    """The keys and the values of rows that lie together in memory."""
    chunks = [frame[name].get_chunks() for name in (*keys, value)]
    if len({tuple(map(len, of_column)) for of_column in chunks}) > 1:
        return _cuts(frame.rechunk(), keys, value)
    return (([*own], values) for *own, values in zip(*chunks, strict=True))


def _pieces(code: ModuleType, frame: pl.DataFrame, keys: Sequence[str], value: str) -> list[_Piece | None]:
    return [_piece(code, *cut) for cut in _cuts(frame, keys, value)]


def _piece(code: ModuleType, keys: Sequence[pl.Series], values: pl.Series) -> _Piece | None:
    """None where there are too many keys."""
    numbers, firsts = np.zeros(len(values), np.uint16), np.zeros(min(1, len(values)), np.int64)
    for at, key in enumerate(keys):
        found = _numbered(code, _things(key))
        if found is not None and key.null_count():
            missing = key.is_null().to_numpy()
            found = _numbered(code, _pairs(np.where(missing, 0, found[0]), missing))
        if found is not None and at:
            found = _numbered(code, _pairs(numbers, found[0]))
        if found is None:
            return None
        numbers, firsts = found
    own = [key[firsts] for key in keys]
    if values.null_count():
        numbers, values = numbers[values.is_not_null().to_numpy()], values.drop_nulls()
    held = values.to_numpy()
    return _Piece(numbers, held if values.dtype == pl.Int32 else held.view(np.int64), own)


def _numbered(code: ModuleType, things: np.ndarray[Any, np.dtype[np.uint64]]) -> tuple[_Small, _Whole] | None:
    numbers, firsts = np.empty(len(things), np.uint16), np.empty(_MOST_KEYS, np.int64)
    count = code.number(things, numbers, firsts)
    return None if count < 0 else (numbers, firsts[:count])


def _things(column: pl.Series) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Sixteen bytes of each row; of texts those that Arrow keeps, by which a long one may have several."""
    if column.dtype == pl.String:
        texts = column.to_arrow(compat_level=pl.CompatLevel.newest())
        return np.frombuffer(texts.buffers()[1], np.uint64).reshape(-1, 2)[texts.offset : texts.offset + len(texts)]
    return _pairs(column.to_physical().cast(pl.Int64).fill_null(0).to_numpy(), 0)


def _pairs(low: Any, high: Any) -> np.ndarray[Any, np.dtype[np.uint64]]:
    found = np.empty((len(low), 2), np.uint64)
    found[:, 0], found[:, 1] = low.astype(np.uint64), high
    return found


def _groups(keys: Sequence[list[pl.Series]], names: Sequence[str]) -> tuple[pl.DataFrame, list[_Whole]]:
    """A row per group, and for each piece the group of each of its numbers."""
    if not names:
        return pl.DataFrame(height=1), [np.zeros(1, np.int64) for _ in keys]
    stacked = pl.DataFrame([pl.concat(of_key) for of_key in zip(*keys, strict=True)])
    groups = stacked.unique(maintain_order=True)
    numbered = groups.with_row_index(_GROUP)
    of_rows = stacked.join(numbered, on=names, how="left", nulls_equal=True, maintain_order="left")[_GROUP]
    ends = np.cumsum([len(one[0]) for one in keys])
    return groups, np.split(of_rows.cast(pl.Int64).to_numpy(), ends[:-1])
