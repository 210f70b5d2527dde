"""JSON: a list of objects, or one object a line. A large file is read twice, block by block: for columns, for rows.

A column is what all its values are, wherever they stand: what a whole file that fits one block would have it be.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import polars as pl
import pyarrow as pa

from workbench.data.connectors.files.json_blocks import Block, blocks_of_lines, blocks_of_list, is_large, is_list
from workbench.data.connectors.files.json_faults import (
    check_rows,
    deep_at,
    has_halves,
    parsed,
    refuse_other,
    sentence_of,
    too_deep,
    unreadable,
)
from workbench.data.connectors.files.stores import File
from workbench.data.connectors.values import shown
from workbench.foundation.errors import Invalid

__all__ = ["read_json", "read_lines"]

LARGEST_EXPLAINED = 200_000_000
"""Bytes of a file that is read whole and is parsed once more to say what is wrong with it."""
_UNREAD = (pl.exceptions.PolarsError, UnicodeDecodeError)


def read_json(file: File, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The objects of a list; of a single object, that one.

    Raises:
        Invalid: It is no JSON, with the line and, where there is more than a block of it, the row; or an element is
            no object.
    """
    refuse_other(file, "JSON")
    if is_large(file) and is_list(file):
        yield from _in_blocks(file, lambda: blocks_of_list(file), "JSON", batch_rows)
    else:
        yield from _batches(_whole(file), batch_rows)


def read_lines(file: File, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The objects of a file that has one on every line.

    Raises:
        Invalid: A line is no JSON, or no object.
    """
    kind = "newline-delimited JSON"
    refuse_other(file, kind)
    if is_large(file):
        yield from _in_blocks(file, lambda: blocks_of_lines(file), kind, batch_rows)
    else:
        block = next(blocks_of_lines(file))
        yield from _batches(_kept(file, _checked(file, block, kind)), batch_rows)


def _whole(file: File) -> pl.DataFrame:
    """What is no list, or fits one block."""
    content = file.path.read_bytes()
    if deep_at(content) is not None:
        raise too_deep(f"{file}")
    try:
        if has_halves(content):
            check_rows(file, _values(file, content))
        return _kept(file, pl.read_json(io.BytesIO(content), infer_schema_length=None))
    except _UNREAD as error:
        if len(content) <= LARGEST_EXPLAINED:
            check_rows(file, _values(file, content))
        raise unreadable(f"{file}", "JSON", sentence_of(error)) from error


def _values(file: File, content: bytes) -> Iterator[tuple[str, object]]:
    found = parsed(file, content, first=1, last=True)
    for number, value in enumerate(found if isinstance(found, list) else [found], start=1):
        yield f"row {number}", value


def _in_blocks(
    file: File, blocks: Callable[[], Iterator[Block]], kind: str, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    schema = _schema(file, blocks(), kind)
    none = _kept(file, pl.DataFrame(schema=schema))
    if not schema:
        yield from _batches(none, batch_rows)
        return
    for block in blocks():
        yield from _batches(_kept(file, _frame(file, block, kind, schema)), batch_rows)
        del block  # let go of before the next is made


def _schema(file: File, blocks: Iterator[Block], kind: str) -> pl.Schema:
    """The columns of all blocks, each of a type that has the values of all."""
    known = pl.DataFrame()
    for block in blocks:
        found = _checked(file, block, kind).clear()
        try:
            known = pl.concat([known, found], how="diagonal_relaxed") if known.width else found
        except pl.exceptions.PolarsError as error:
            place = f"{file}, {block.unit}s {block.first} and later"
            raise Invalid(
                f"{place}: values of another kind than before: {sentence_of(error)}", hint="open it in an editor"
            ) from error
        del block  # let go of before the next is made
    return known.schema


def _checked(file: File, block: Block, kind: str) -> pl.DataFrame:
    """Its rows, after a look for what Polars does not mind, or minds too much."""
    deep = deep_at(block.content)
    if deep is not None:
        row = block.first + block.content.count(b"\n", 0, deep)
        raise too_deep(f"{file}, {block.unit} {row}")
    if has_halves(block.content):
        check_rows(file, block.values(file))
    return _frame(file, block, kind)


def _frame(file: File, block: Block, kind: str, schema: pl.Schema | None = None) -> pl.DataFrame:
    try:
        return _read(block.content, schema)
    except _UNREAD as error:
        check_rows(file, block.values(file))
        row = block.first + _shortest_wrong(block.content.split(b"\n"), schema) - 1
        raise unreadable(f"{file}, {block.unit} {row}", kind, sentence_of(error)) from error


def _read(content: bytes, schema: pl.Schema | None) -> pl.DataFrame:
    if schema is not None:
        return pl.read_ndjson(io.BytesIO(content), schema=schema)
    return pl.read_ndjson(io.BytesIO(content), infer_schema_length=None)


def _shortest_wrong(lines: list[bytes], schema: pl.Schema | None) -> int:
    """So many of the lines can just not be read together, in which the last is the one that is wrong."""
    good, wrong = 0, len(lines)
    while wrong - good > 1:
        middle = (good + wrong) // 2
        try:
            _read(b"\n".join(lines[:middle]), schema)
            good = middle
        except _UNREAD:
            wrong = middle
    return wrong


def _kept(file: File, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as a dataset can have them: whole numbers beyond 64 bits are text, since a number loses digits."""
    for name in frame.columns:
        if "\0" in name:
            raise Invalid(f"{file}: the column name {shown(name)!r} has a NUL character", hint="rename the column")
    long = [name for name, kind in frame.schema.items() if kind in (pl.Int128, pl.UInt128)]
    for name, kind in frame.schema.items():
        if kind.is_nested() and "Int128" in str(kind):
            raise Invalid(
                f"{file}, column '{shown(name)}': a whole number beyond 64 bits within a list or an object",
                hint="write it as a text in the source",
            )
    return frame.with_columns(pl.col(long).cast(pl.String)) if long else frame


def _batches(frame: pl.DataFrame, batch_rows: int) -> Iterator[pa.RecordBatch]:
    table = frame.to_arrow()
    del frame  # texts are there twice
    empty = pa.RecordBatch.from_arrays([pa.array([], kind) for kind in table.schema.types], schema=table.schema)
    yield from table.to_batches(batch_rows) or [empty]
