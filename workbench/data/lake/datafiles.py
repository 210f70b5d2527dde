"""The Parquet files of a dataset: written by us and safe on disk before any commit names them."""

from __future__ import annotations

import json
import math
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from workbench.data.lake.disk import sync
from workbench.data.lake.schema import digest
from workbench.foundation.errors import Invalid

__all__ = [
    "ROWS_PER_FILE",
    "ROWS_PER_GROUP",
    "Piece",
    "check_kept",
    "check_partition_columns",
    "describe",
    "discard",
    "named_at",
    "of_schema",
    "partition_text",
    "pieces",
    "rows_in",
    "second_name",
    "write",
    "write_pieces",
]

ROWS_PER_FILE = 1_000_000
ROWS_PER_GROUP = 131_072
# Of zstd. On a million orders level 3 takes twice the time for files that are a tenth smaller (benchmarks/load.py).
LEVEL = 1
COLUMNS_WITH_BOUNDS = 32
LONGEST_BOUND = 64
_MICROSECONDS = {"milliseconds": 1000, "microseconds": 1}  # what the log knows; datasets have no other times
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARTITION_TYPES = (pl.String, pl.Date, pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64)


def check_partition_columns(schema: Mapping[str, pl.DataType], columns: Sequence[str]) -> None:
    """
    Raises:
        Invalid: A column to partition by is of a type that folders of values are not made of.
    """
    for name in columns:
        if not isinstance(schema[name], _PARTITION_TYPES):
            raise Invalid(
                f"a dataset cannot be partitioned by '{name}', which is {schema[name]}",
                hint="partition by a date, text, whole number or boolean column, such as the day of a time",
            )


def check_kept(
    schema: Mapping[str, pl.DataType], key: Sequence[str], partition_by: Sequence[str], sort_by: Sequence[str] = ()
) -> None:
    """
    Raises:
        Invalid: New columns lack one of the key, the partitions or the sort order, or have one that cannot be
            partitioned by.
    """
    for name in (*key, *partition_by):
        if name not in schema:
            raise Invalid(f"column '{name}' is part of the dataset's key or partitions and cannot be left out")
    for name in sort_by:
        if name not in schema:
            raise Invalid(f"the dataset is sorted by column '{name}', which cannot be left out")
    check_partition_columns(schema, partition_by)


@dataclass(frozen=True)
class Piece:
    """The rows of one file.

    Attributes:
        group: Rows of a row group, at most.
        codec: How its file is compressed.
        partition: The values of the partition columns, as the log writes them.
    """

    rows: pl.DataFrame
    group: int = ROWS_PER_GROUP
    codec: Literal["zstd", "lz4"] = "zstd"
    partition: Mapping[str, str | None] = field(default_factory=dict)


def pieces(
    rows: pl.DataFrame, group: int = ROWS_PER_GROUP, partition: Mapping[str, str | None] | None = None
) -> Iterator[Piece]:
    """Rows as pieces that are not too large for a file."""
    for start in range(0, rows.height, ROWS_PER_FILE):
        yield Piece(rows.slice(start, ROWS_PER_FILE), group, partition=partition or {})


def write(
    folder: Path,
    frames: Iterable[pl.DataFrame],
    partition_by: Sequence[str],
    sort_by: Sequence[str] = (),
    *,
    data_change: bool = True,
) -> list[AddAction]:
    """Writes frames of one schema as new files, one or more per partition, each sorted: see `write_pieces`.

    Partition columns stay in the files too, so that a plain list of files is the whole table.
    """
    ordered = (frame.sort(sort_by, maintain_order=True) for frame in frames) if sort_by else frames
    parted = chain.from_iterable(_partitions(frame, partition_by) for frame in ordered)
    cut = chain.from_iterable(pieces(rows, partition=values) for values, rows in parted)
    return write_pieces(folder, cut, data_change=data_change)


def write_pieces(folder: Path, cut: Iterable[Piece], *, data_change: bool) -> list[AddAction]:
    """Writes a file per piece, and waits until they are on disk.

    While one is written the next is made. Nothing names the new files yet; if anything fails, they are removed again.
    """
    written: list[AddAction] = []
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="files") as pool:
            pending: Future[AddAction] | None = None
            for piece in cut:
                path = folder / _new_name(piece.rows.schema)
                if pending is not None:
                    written[-1] = pending.result()
                written.append(AddAction(path.name, 0, piece.partition, 0, data_change, "{}"))
                pending = pool.submit(_written, path, piece, data_change=data_change)
            if pending is not None:
                written[-1] = pending.result()
        sync(folder / action.path for action in written)
        sync([folder])
    except BaseException:
        discard(folder, written)
        raise
    return written


def _written(path: Path, piece: Piece, *, data_change: bool) -> AddAction:
    level = LEVEL if piece.codec == "zstd" else None
    piece.rows.write_parquet(path, compression=piece.codec, compression_level=level, row_group_size=piece.group)
    return describe(path, piece.partition, data_change=data_change)


def discard(folder: Path, files: Iterable[AddAction]) -> None:
    """Removes files that no commit came to name."""
    for action in files:
        (folder / action.path).unlink(missing_ok=True)


def describe(path: Path, partition: Mapping[str, str | None], *, data_change: bool) -> AddAction:
    """The log entry that adds a file, with row count and bounds from the file's own footer."""
    found = path.stat()
    return AddAction(
        path=path.name,
        size=found.st_size,
        partition_values=partition,
        modification_time=int(time.time() * 1000),
        data_change=data_change,
        stats=json.dumps(_statistics(path, partition)),
    )


def rows_in(action: AddAction) -> int:
    """How many rows a file has that was described."""
    return int(json.loads(action.stats)["numRecords"])


def of_schema(name: str, schema: Mapping[str, pl.DataType]) -> bool:
    """Whether a file holds exactly these columns, by its name."""
    return name.split("-")[1:2] == [digest(schema)]


def partition_text(value: object) -> str | None:
    """A partition value as the log writes it."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case _:
            return str(value)


def second_name(name: str) -> str:
    """A name for a link to a data file: no two writers make the same one, and it keeps the file's place."""
    return f"{name.removesuffix('.parquet').partition('_')[0]}_{_stamp()}.parquet"


def named_at(name: str) -> float:
    """When a data file got its name, as seconds since 1970; 0 where it does not say. A link has the age of its file."""
    found = re.search(r"[-_]([0-9a-f]{16})-[0-9a-f]{8}\.parquet$", name)
    return int(found[1], 16) / 1e9 if found else 0.0


def _new_name(schema: Mapping[str, pl.DataType]) -> str:
    # The columns' digest tells files of different columns apart; the time keeps a listing in the order of writing.
    return f"part-{digest(schema)}-{_stamp()}.parquet"


def _stamp() -> str:
    return f"{time.time_ns():016x}-{secrets.token_hex(4)}"


def _partitions(frame: pl.DataFrame, partition_by: Sequence[str]) -> list[tuple[dict[str, str | None], pl.DataFrame]]:
    if not partition_by:
        return [({}, frame)]
    for name in partition_by:
        if frame.schema[name] == pl.String and (frame[name] == "").any():
            raise Invalid(f"column '{name}' is empty text in a row, which cannot name a partition", hint="use null")
    parts = frame.partition_by(list(partition_by), as_dict=True, maintain_order=True)
    return [
        ({name: partition_text(value) for name, value in zip(partition_by, values, strict=True)}, rows)
        for values, rows in parts.items()
    ]


def _statistics(path: Path, partition: Mapping[str, str | None]) -> dict[str, Any]:
    footer = pq.read_metadata(path)
    lowest: dict[str, Any] = {}
    highest: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    for index in range(min(footer.num_columns, COLUMNS_WITH_BOUNDS)):
        name = footer.schema.column(index).path
        if name in partition or footer.schema.column(index).max_repetition_level or "." in name:
            continue
        found = [footer.row_group(group).column(index).statistics for group in range(footer.num_row_groups)]
        if not all(one is not None and one.has_null_count for one in found):
            continue
        nulls[name] = sum(one.null_count for one in found)
        bounded = [one for one in found if one.has_min_max]
        if len(bounded) == len([one for one in found if one.num_values]) and bounded:
            try:
                ends = [_ends(footer.schema.column(index), one) for one in bounded]
                bounds = _bounds(min(low for low, _ in ends), max(high for _, high in ends))
            except (OverflowError, ValueError):  # a time or date that Python's calendar has no place for
                bounds = None
            if bounds is not None:
                lowest[name], highest[name] = bounds
    return {"numRecords": footer.num_rows, "minValues": lowest, "maxValues": highest, "nullCount": nulls}


def _ends(column: pq.ColumnSchema, found: pq.Statistics) -> tuple[Any, Any]:
    """The lowest and the highest value. Times come from the numbers of the file: Arrow would load pandas."""
    kind = json.loads(column.logical_type.to_json())
    tick = _MICROSECONDS.get(kind.get("timeUnit")) if kind["Type"] == "Timestamp" else None
    if tick is None:
        return found.min, found.max
    return _EPOCH + timedelta(microseconds=found.min_raw * tick), _EPOCH + timedelta(microseconds=found.max_raw * tick)


def _bounds(low: object, high: object) -> tuple[Any, Any] | None:
    match low, high:
        case bool(), bool():
            return None
        case int(), int():
            return low, high
        case float(), float() if math.isfinite(low) and math.isfinite(high):
            return low, high
        case str(), str() if len(low) <= LONGEST_BOUND and len(high) <= LONGEST_BOUND:
            return low, high
        case datetime(), datetime():  # the log keeps milliseconds: the upper bound is rounded up
            return _milliseconds(low), _milliseconds(high + timedelta(microseconds=999))
        case date(), date():
            return low.isoformat(), high.isoformat()
        case _:
            return None


def _milliseconds(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"  # with four digits for any year
