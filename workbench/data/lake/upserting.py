"""Which files an upsert touches, and what takes their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from workbench.data.lake.schema import TIME
from workbench.data.lake.snapshot import Snapshot
from workbench.foundation.errors import Conflict, Invalid

__all__ = ["check_key", "check_new", "replacing"]

_FILE = "__workbench_file"


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


def check_new(snapshot: Snapshot, rows: pl.DataFrame, key: Sequence[str], dataset: str) -> None:
    """Reads the key columns alone, and of those files only that can hold one of the keys.

    Raises:
        Conflict: The snapshot has a row with the key of one of the new rows.
    """
    keys = rows.select(key)
    candidates = _by_bounds(snapshot, keys, key) if rows.height and snapshot.files.height else []
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


def replacing(
    snapshot: Snapshot, schema: pl.Schema, rows: pl.DataFrame, key: Sequence[str]
) -> tuple[list[str], Iterator[pl.DataFrame]]:
    """Plans an upsert.

    Args:
        schema: The dataset's columns after it.
        rows: The new rows, with exactly these columns.

    Returns:
        The files that hold a row with one of the keys, and the frames that take their place: what else was in these
        files, and the new rows.
    """
    keys = rows.select(key)
    touched = _touched(snapshot, keys, key)
    return touched, _frames(snapshot, schema, rows, keys, key, touched)


def _frames(
    snapshot: Snapshot,
    schema: pl.Schema,
    rows: pl.DataFrame,
    keys: pl.DataFrame,
    key: Sequence[str],
    touched: list[str],
) -> Iterator[pl.DataFrame]:
    if not touched:
        yield rows
        return
    columns = [
        pl.col(name) if name in snapshot.schema else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    ]
    kept = snapshot.scan(touched).join(keys.lazy(), on=list(key), how="anti", maintain_order="left").select(columns)
    yield pl.concat([kept.collect(engine="streaming"), rows])


def _touched(snapshot: Snapshot, keys: pl.DataFrame, key: Sequence[str]) -> list[str]:
    if keys.height == 0 or snapshot.files.height == 0:
        return []
    candidates = _by_bounds(snapshot, keys, key)
    if not candidates:
        return []
    found = (
        snapshot.scan(candidates, file=_FILE)
        .select(*key, _FILE)
        .join(keys.lazy(), on=list(key), how="semi")
        .select(pl.col(_FILE).unique())
        .collect(engine="streaming")
    )
    hit = {path.replace("\\", "/").rpartition("/")[2] for path in found[_FILE]}
    return [name for name in candidates if name in hit]


def _by_bounds(snapshot: Snapshot, keys: pl.DataFrame, key: Sequence[str]) -> list[str]:
    """The files whose bounds do not rule the keys out. A file without bounds may hold anything."""
    files = snapshot.files
    for name in key:
        low, high = (pl.lit(keys.select(edge).to_series()) for edge in (pl.min(name), pl.max(name)))
        partition, least, most = f"partition.{name}", f"min.{name}", f"max.{name}"
        if partition in files.columns:
            values = keys[name].cast(pl.String).unique()
            files = files.filter(pl.col(partition).cast(pl.String).is_in(values.implode()))
        elif least in files.columns and files.schema[least] == keys.schema[name]:
            outside = (pl.col(least) > high) | (pl.col(most) < low)
            files = files.filter(outside.fill_null(value=False).not_())
    return [str(name) for name in files["path"]]
