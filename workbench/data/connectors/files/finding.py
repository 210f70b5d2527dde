"""What a column of a delimited file is: what all its values are, found block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce

import pyarrow as pa
import pyarrow.compute as compute

from workbench.data.connectors.files.blocks import Block
from workbench.data.connectors.files.parsing import Records
from workbench.data.connectors.files.scanning import maybe_zeros
from workbench.data.connectors.times import as_times
from workbench.foundation.errors import Invalid

__all__ = ["found_types"]

# Numbers to a computer, names to people: a zip code, a phone, an id. Their zeros would be lost, or their last digits.
# Few values begin so, or are so long: only these are looked at closely, which is slow.
_BEGINS = ("0", "+", "-", " ", "\t")
_DIGITS = 19
_ZEROS = r"[ \t]*[-+]?0[0-9xX][0-9a-fA-FxX.+-]*[ \t]*"
_LONG = rf"[ \t]*[-+]?[0-9]{{{_DIGITS},}}[ \t]*"
_NINETEEN_DIGITS = 10**18


@dataclass
class _Column:
    """What is known of a column so far.

    Attributes:
        types: What Arrow takes its values for in the blocks that have any.
        zeros: Whether a number begins with a zero that counts.
        long: Whether a number has more digits than a float keeps.
        times: What its text is as times, in the blocks where it is text; None where it is none.
    """

    types: set[pa.DataType] = field(default_factory=set)
    zeros: bool = False
    long: bool = False
    times: set[pa.DataType | None] = field(default_factory=set)


def found_types(records: Records) -> dict[str, pa.DataType]:
    """The type of every column, but of those that stay as they are written.

    Raises:
        Invalid: The file cannot be read.
        Irregular: It cannot be cut into blocks.
    """
    columns: dict[str, _Column] = {}
    for block, table in records.tables():
        if len(set(records.names)) < len(records.names):
            return {}  # which whoever asked refuses
        if not columns:
            columns = {name: _Column() for name in records.names if name not in records.as_text}
        _numbers(records, block, table, columns)
        for name, column in columns.items():
            values = table.column(name)
            if pa.types.is_null(values.type):
                continue
            column.types.add(values.type)
            if pa.types.is_string(values.type):
                times = as_times(values)
                column.times.add(None if times is None else times.type)
    return {name: _settled(records, name, column) for name, column in columns.items()}


def _numbers(records: Records, block: Block, table: pa.Table, columns: dict[str, _Column]) -> None:
    """Looks whether what Arrow takes for numbers are names, as they are written."""
    numeric = [name for name in columns if _is_number(table.schema.field(name).type) and not columns[name].zeros]
    if not (numeric and maybe_zeros(block.content, records.delimiter)):
        numeric = [name for name in numeric if _maybe_long(table.column(name))]
    if not numeric:
        return
    written = records.again(block, dict.fromkeys(numeric, pa.string()), numeric)
    for name in numeric:
        values = written.column(name)
        begins = reduce(compute.or_, (compute.starts_with(values, begin) for begin in _BEGINS))
        columns[name].zeros |= _any(values.filter(begins), _ZEROS)
        columns[name].long |= _any(values.filter(compute.greater_equal(compute.binary_length(values), _DIGITS)), _LONG)


def _settled(records: Records, name: str, column: _Column) -> pa.DataType:
    """The first type, in the order in which Arrow tries them, that all values are of."""
    if not column.types:
        return pa.null()
    if all(_is_number(found) for found in column.types):
        real = any(pa.types.is_floating(found) for found in column.types)
        named = column.zeros or (real and column.long)
        return pa.string() if named else pa.float64() if real else pa.int64()
    if len(column.types) == 1:
        (only,) = column.types
        if pa.types.is_time(only):
            return pa.string()
        if not pa.types.is_string(only):
            return only
        (times,) = column.times if len(column.times) == 1 else (None,)
        return times or only
    return next((kind for kind in _candidates(column) if _all_are(records, name, kind)), pa.string())


def _candidates(column: _Column) -> Iterator[pa.DataType]:
    """What else than text a column may be whose blocks are not all of one type, or that is text in some."""
    found, text = set(column.types), pa.string() in column.types
    found.discard(pa.string())
    if not text and found <= {pa.bool_(), pa.int64()}:
        yield pa.bool_()
    stamps = {kind for kind in found if pa.types.is_timestamp(kind)}
    if None in column.times or found - stamps - {pa.date32()}:
        return
    zones = {kind.tz for kind in [*stamps, *column.times] if kind is not None}
    if len(zones) != 1:
        return
    (zone,) = zones
    if not text:
        if all(kind.unit == "s" for kind in stamps):
            yield pa.timestamp("s", zone)
        yield pa.timestamp("ns", zone)
    yield pa.timestamp("us", zone)


def _all_are(records: Records, name: str, kind: pa.DataType) -> bool:
    """Whether every value is of a type; of times in microseconds, which are `as_times`, and not Arrow's."""
    ours = pa.types.is_timestamp(kind) and kind.unit == "us"
    try:
        for _, table in records.tables({name: pa.string() if ours else kind}, only=[name]):
            values = table.column(name)
            if ours and values.null_count < len(values):
                times = as_times(values)
                if times is None or times.type != kind:
                    return False
    except Invalid:
        return False
    return True


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _any(column: pa.ChunkedArray, pattern: str) -> bool:
    return bool(compute.any(compute.match_substring_regex(column, f"^({pattern})$")).as_py())


def _maybe_long(column: pa.ChunkedArray) -> bool:
    bounds = compute.min_max(column).as_py().values()
    return any(bound is not None and abs(bound) >= _NINETEEN_DIGITS for bound in bounds)
