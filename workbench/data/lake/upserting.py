"""Which files an upsert touches, and what takes their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from workbench.data.lake.counts import Counts
from workbench.data.lake.datafiles import ROWS_PER_FILE
from workbench.data.lake.schema import TIME
from workbench.data.lake.snapshot import Snapshot
from workbench.foundation.errors import Conflict, Invalid, unknown

__all__ = ["as_columns", "check_columns", "check_key", "check_new", "hits", "upserted", "upserted_but", "without"]

_PLACE, _ROW = "__workbench_place", "__workbench_row"


def check_key(frame: pl.LazyFrame, key: Sequence[str]) -> None:
    """
    Raises:
        Invalid: A key column is not there, a key has a null or a NaN, or two rows have the same key.
    """
    schema = frame.collect_schema()
    for name in key:
        if name not in schema:
            raise Invalid(f"the key column '{name}' is not in the frame", hint=f"it has {', '.join(schema)}")
    keys = frame.select(key)
    nulls = keys.select(pl.all().null_count()).collect(engine="streaming").row(0)
    for name, count in zip(key, nulls, strict=True):
        if count:
            raise Invalid(
                f"the key column '{name}' is null in {count} row{'s' if count > 1 else ''}",
                hint="fill or drop those rows: a row without a key cannot be found again",
            )
    numbers = [name for name in key if schema[name].is_float()]
    if numbers:
        odd = keys.select(pl.col(numbers).is_nan().sum()).collect(engine="streaming").row(0)
        for name, count in zip(numbers, odd, strict=True):
            if count:
                raise Invalid(
                    f"the key column '{name}' is NaN in {count} row{'s' if count > 1 else ''}",
                    hint="fill or drop those rows: NaN is no number that a row could be found by",
                )
    doubled = keys.group_by(key).len().filter(pl.col("len") > 1).sort(key).collect(engine="streaming")
    if doubled.height:
        raise Invalid(
            f"{doubled.height} key{'s' if doubled.height > 1 else ''} ({', '.join(key)}) stand on more than one row,"
            f" e.g. {_first(doubled, key)}",
            hint="keep one row per key, e.g. frame.unique(subset=[...], keep='last')",
        )


def check_new(
    snapshot: Snapshot, rows: pl.DataFrame, key: Sequence[str], dataset: str, *, but: Sequence[str] = ()
) -> None:
    """Reads the key columns alone, and of those files only that can hold one of the keys.

    Args:
        but: Files that are about to go.

    Raises:
        Conflict: The snapshot has a row with the key of one of the new rows.
    """
    keys = rows.select(key)
    candidates = _by_bounds(snapshot, keys, key) if rows.height and snapshot.files.height else []
    candidates = [name for name in candidates if name not in set(but)]
    if not candidates:
        return
    there = keys.lazy().join(snapshot.scan(candidates).select(key), on=list(key), how="semi", maintain_order="left")
    found = there.collect(engine="in-memory")
    if found.height:
        raise Conflict(
            f"{found.height:,} of {rows.height:,} rows have a key ({', '.join(key)}) that '{dataset}' has already,"
            f" e.g. {_first(found, key)}",
            hint="upsert instead of append replaces the rows of those keys",
        )


def _first(rows: pl.DataFrame, key: Sequence[str]) -> str:
    return ", ".join(f"{name}={_shown(rows[name][:1])}" for name in key)


def _shown(value: pl.Series) -> str:
    beyond = {pl.Date: (-719_162, 2_932_896), TIME: (-62_135_596_800_000_000, 253_402_300_799_999_999)}
    if value.dtype in beyond and not value.to_physical().is_between(*beyond[value.dtype]).all():
        return f"{value.to_physical()[0]} {'days' if value.dtype == pl.Date else 'microseconds'} from 1970"
    return str(value[0])


def check_columns(snapshot: Snapshot, key: Sequence[str]) -> None:
    """
    Raises:
        Invalid: A key column is not in the dataset; says the nearest one.
    """
    for name in key:
        if name not in snapshot.schema:
            raise unknown("column", name, snapshot.schema, error=Invalid)


@dataclass(frozen=True)
class Hit:
    """A file that holds rows with some of the keys that were looked for.

    Attributes:
        keys: The key columns of all of its rows.
        found: The places of these rows in it, ascending (`place`), and of their keys among those that were looked for
            (`row`).
    """

    name: str
    keys: pl.DataFrame
    found: pl.DataFrame

    def read(self, snapshot: Snapshot, schema: pl.Schema) -> pl.DataFrame:
        """Its rows, as the columns that the dataset is to have; the keys are not read a second time."""
        columns = as_columns(snapshot, schema)
        rest = [name for name in snapshot.schema if name not in self.keys.columns and name in schema]
        if not rest:
            return self.keys.select(columns)
        others = snapshot.scan([self.name]).select(rest).collect(engine="in-memory")
        return others.with_columns(self.keys).select(columns)


def hits(snapshot: Snapshot, keys: pl.DataFrame, key: Sequence[str], *, nulls: bool = False) -> Iterator[Hit]:
    """The files that hold a row with one of the keys: only key columns are read, of files that can hold one.

    Args:
        keys: No two alike; of the dataset's types.
        nulls: A part of a key may be null or NaN, which is a value like any other.
    """
    if keys.height == 0 or snapshot.files.height == 0:
        return
    wanted = keys.with_row_index(_ROW)
    bounded = [one for one in key if not (keys[one].null_count() or keys.schema[one].is_float())] if nulls else key
    for name in _by_bounds(snapshot, keys, bounded):
        there = snapshot.scan([name]).select(key).collect(engine="in-memory")
        placed = there.with_row_index(_PLACE)
        found = placed.join(wanted, on=list(key), how="inner", maintain_order="left", nulls_equal=nulls)
        if found.height:
            yield Hit(name, there, found.select(_PLACE, _ROW))


def upserted(
    snapshot: Snapshot,
    schema: pl.Schema,
    rows: pl.DataFrame,
    key: Sequence[str],
    *,
    counts: Counts,
    sparing: bool = False,
) -> tuple[list[str], Iterator[pl.DataFrame]]:
    """Plans an upsert: the rows of a file change where they are, so that files keep the bounds they are found by.

    Args:
        schema: The dataset's columns after it.
        rows: The new rows, with exactly these columns; keys are unique and never null.
        counts: Told what becomes of the rows, once the frames are taken.
        sparing: Rows that are as they were are not written.

    Returns:
        The files that go, and the frames that take their place, made one after the other as they are taken. Both are
        whole only when the frames were all taken.
    """
    gone: list[str] = []
    return gone, _merged(_changed(snapshot, schema, rows, key, gone, counts, sparing=sparing), snapshot)


def _changed(
    snapshot: Snapshot,
    schema: pl.Schema,
    rows: pl.DataFrame,
    key: Sequence[str],
    gone: list[str],
    counts: Counts,
    *,
    sparing: bool,
) -> Iterator[pl.DataFrame]:
    met = np.zeros(rows.height, dtype=bool)
    moved: list[pl.DataFrame] = []
    for hit in hits(snapshot, rows.select(key), key):
        found, there = hit.found, hit.read(snapshot, schema)
        came = found[_ROW].to_numpy()
        doubled = met[came]
        met[came] = True
        same = _same(there[found[_PLACE]], rows[found[_ROW]]).to_numpy() & ~doubled
        counts.unchanged += int(same.sum())
        counts.changed += int((~same & ~doubled).sum())
        counts.removed += int(doubled.sum())
        if sparing:
            found, came, doubled = found.filter(~same), came[~same], doubled[~same]
            if not found.height:
                continue
        gone.append(hit.name)
        places = found[_PLACE].to_numpy()
        if snapshot.partition_by or doubled.any():
            moved.append(rows[came[~doubled]])
            yield there.filter(~_mask(there.height, found[_PLACE]))
        else:
            yield _replaced(there, places, rows[came])
    new = rows.filter(~met)
    counts.added += new.height
    yield pl.concat([*moved, new])


def without(
    snapshot: Snapshot,
    schema: pl.Schema,
    keys: pl.DataFrame,
    key: Sequence[str],
    rows: pl.DataFrame,
    *,
    nulls: bool = False,
) -> tuple[list[str], Iterator[pl.DataFrame]]:
    """Plans what `upserted` does where a key has several rows: all of them go, and `rows` come."""
    gone: list[str] = []

    def changed() -> Iterator[pl.DataFrame]:
        for hit in hits(snapshot, keys, key, nulls=nulls):
            gone.append(hit.name)
            there = hit.read(snapshot, schema)
            yield there.filter(~_mask(there.height, hit.found[_PLACE]))
        yield rows

    return gone, _merged(changed(), snapshot)


def upserted_but(
    snapshot: Snapshot, schema: pl.Schema, rows: pl.DataFrame, key: Sequence[str], marked: pl.Expr, *, counts: Counts
) -> tuple[list[str], Iterator[pl.DataFrame]]:
    """Plans what `upserted` does, save that rows which are marked do not come in: those of their keys only go."""
    gone: list[str] = []
    left = rows.select(marked.not_()).to_series()

    def changed() -> Iterator[pl.DataFrame]:
        went, met, same = 0, np.zeros(rows.height, dtype=bool), np.zeros(rows.height, dtype=bool)
        for hit in hits(snapshot, rows.select(key), key):
            found, there = hit.found, hit.read(snapshot, schema)
            gone.append(hit.name)
            came = found[_ROW].to_numpy()
            went += found.height
            met[came] = True
            same[came] |= _same(there[found[_PLACE]], rows[found[_ROW]]).to_numpy()
            yield there.filter(~_mask(there.height, found[_PLACE]))
        stay = left.to_numpy()
        counts.unchanged += int((stay & same).sum())
        counts.changed += int((stay & met & ~same).sum())
        counts.added += int((stay & ~met).sum())
        counts.removed += went - int((stay & met).sum())
        yield rows.filter(left)

    return gone, _merged(changed(), snapshot)


def _merged(frames: Iterable[pl.DataFrame], snapshot: Snapshot) -> Iterator[pl.DataFrame]:
    """What is left of small files becomes one; a large file's rows stay by themselves, and with them its bounds."""
    held: list[pl.DataFrame] = []
    for frame in frames:
        if frame.height >= ROWS_PER_FILE // 2:
            yield frame
        elif frame.height:
            held.append(frame)
        if sum(one.height for one in held) >= ROWS_PER_FILE:
            yield pl.concat(held)
            held = []
    if held:
        yield pl.concat(held)


def as_columns(snapshot: Snapshot, schema: pl.Schema) -> list[pl.Expr]:
    """What is there, as the columns that the dataset is to have."""
    return [
        pl.col(name).cast(dtype) if name in snapshot.schema else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    ]


def _same(ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.Series:
    pairs = ours.hstack(theirs.rename({name: f"{name} now" for name in theirs.columns}))
    return pairs.select(
        pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name} now")) for name in ours.columns).alias("same")
    ).to_series()


def _replaced(there: pl.DataFrame, places: np.ndarray, rows: pl.DataFrame) -> pl.DataFrame:
    """`there` with other rows at some places; a fifth of the time that it takes to pick all rows anew."""
    order: pl.Series | None = None
    columns: list[pl.Series] = []
    for ours, theirs in zip(there, rows, strict=True):
        if ours.dtype.is_nested():  # which Polars cannot put in place
            if order is None:
                taken = np.arange(there.height, dtype=np.uint32)
                taken[places] = there.height + np.arange(len(places), dtype=np.uint32)
                order = pl.Series(taken)
            columns.append(pl.concat([ours, theirs]).gather(order))
        else:
            columns.append(ours.clone().scatter(places, theirs))
    return pl.DataFrame(columns)


def _mask(height: int, places: pl.Series) -> pl.Series:
    found = np.zeros(height, dtype=bool)
    found[places.to_numpy()] = True
    return pl.Series(found)


def _by_bounds(snapshot: Snapshot, keys: pl.DataFrame, key: Sequence[str]) -> list[str]:
    """The files whose bounds do not rule each of the keys out. A file without bounds may hold anything."""
    files = snapshot.files
    for name in key:
        partition, least, most = f"partition.{name}", f"min.{name}", f"max.{name}"
        if partition in files.columns:
            values = keys[name].cast(pl.String).unique()
            files = files.filter(pl.col(partition).cast(pl.String).is_in(values.implode()))
        elif least in files.columns and files.schema[least] == keys.schema[name]:
            # As plain numbers, since a time may lie beyond Python's calendar.
            ascending, low, high = (
                one.to_physical() for one in (keys[name].unique().sort(), files[least], files[most])
            )
            # The first key that is not below a file's least: where it is above its most, none lies between.
            first = ascending.search_sorted(low.fill_null(ascending[0]), side="left")
            last = len(ascending) - 1
            there = (first <= last) & (ascending[first.clip(0, last)] <= high.fill_null(ascending[-1]))
            files = files.filter(there | low.is_null() | high.is_null())
    return [str(name) for name in files["path"]]
