"""One schema for the rows of several files, by the rule that the pages of an API are put together by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from workbench.data.connectors.declared import DECLARED, ColumnType, converted
from workbench.data.connectors.times import beyond_calendar
from workbench.data.connectors.values import shown
from workbench.foundation.errors import Invalid, unknown

__all__ = ["Settled", "uniform", "uniform_schema"]

_EXACT = 1 << 53  # a 64-bit float holds every whole number up to here


def uniform(batch: pa.RecordBatch, place: str, before: int = 0) -> pa.RecordBatch:
    """The batch with times in microseconds, those with a zone in UTC; see `uniform_schema`.

    Args:
        before: Rows of the file before it.

    Raises:
        Invalid: Two columns have one name, or a date or time is in no year from 1 to 9999; with its row.
    """
    schema = uniform_schema(batch.schema, place)
    for column, wanted in zip(batch.columns, schema, strict=True):
        row = beyond_calendar(column)
        if row is not None:
            what = "date" if pa.types.is_date(wanted.type) else "time"
            raise Invalid(
                f"{place}, row {before + row + 1}, column '{shown(wanted.name)}': a {what} that is in no year from 1 to"
                " 9999",
                hint="mend it in the source, or have it written as text there",
            )
    return batch.cast(schema)


def uniform_schema(schema: pa.Schema, place: str) -> pa.Schema:
    """
    Raises:
        Invalid: Two columns have one name.
    """
    doubled = sorted(name for name, times in Counter(schema.names).items() if times > 1)
    if doubled:
        raise Invalid(f"{place} has more than one column named '{doubled[0]}'", hint="rename one of them")
    return pa.schema([pa.field(found.name, _uniform(found.type)) for found in schema])


def _uniform(found: pa.DataType) -> pa.DataType:
    return pa.timestamp("us", "UTC" if found.tz else None) if pa.types.is_timestamp(found) else found


@dataclass
class _Column:
    """What is known of a column so far.

    Attributes:
        first: The kinds of its values, each with the first file that has it.
        typed: A file in which its dates or times are no text, if there is one.
    """

    name: str
    type: pa.DataType = field(default_factory=pa.null)
    first: dict[str, str] = field(default_factory=dict)
    typed: str | None = None


class Settled:
    """Columns of files: all that any file has, in order of their first appearance, each of one type.

    A column is what it is in every file. Whole numbers and numbers are numbers; dates, times and text that are written
    as text are text; a column without values is what it is elsewhere, and text if it is nothing anywhere. What mixes
    anything else is refused, unless its type was declared.

    Args:
        place: What names the files, for errors.
        types: Declared columns.
    """

    def __init__(self, place: str, types: Mapping[str, ColumnType]) -> None:
        self._place = place
        self._types = types
        self._columns: dict[str, _Column] = {}
        self._first = ""

    def add(self, schema: pa.Schema, file: str, *, written: bool) -> None:
        """
        Args:
            file: Its name.
            written: Whether its values are written as text.

        Raises:
            Invalid: It has none of the columns of the files before it, or a column has other values than there.
        """
        if self._columns and schema.names and not self._columns.keys() & set(schema.names):
            raise Invalid(
                f"{self._place}: {file} has none of the columns of {self._first}",
                hint="is it a file of something else? narrow the pattern, or load it apart",
            )
        self._first = self._first or file
        for found in schema:
            column = self._columns.setdefault(found.name, _Column(found.name))
            if found.name not in self._types and not pa.types.is_null(found.type):
                self._widen(column, found.type, file, written=written)

    def schema(self) -> pa.Schema:
        """
        Raises:
            Invalid: A column is declared that no file has.
        """
        for name in self._types:
            if name not in self._columns:
                raise unknown("column", name, self._columns, error=Invalid, hint=f"types= of {self._place} has it")
        return pa.schema([(name, self._type(column)) for name, column in self._columns.items()])

    def rewritten(self, schema: pa.Schema) -> list[str]:
        """The columns of a file that are text, and that its reader took for something else."""
        return [
            found.name
            for found in schema
            if self._is_text(found.name) and _said_as_text(found.type) and not _textual(found.type)
        ]

    def fitted(self, batch: pa.RecordBatch, before: int, place: str) -> pa.RecordBatch:
        """A batch of one of the files with all columns, of the types that are settled.

        Args:
            before: Rows of the file before it.
            place: The file.

        Raises:
            Invalid: A value cannot be of its column's type; with its row.
        """
        arrays = []
        schema = self.schema()
        for name, kind in zip(schema.names, schema.types, strict=True):
            if name not in batch.schema.names:
                arrays.append(pa.nulls(batch.num_rows, kind))
            elif name in self._types:
                arrays.append(_declared(name, self._types[name], batch.column(name), before, place))
            else:
                arrays.append(self._cast(self._columns[name], batch.column(name), kind, before, place))
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _widen(self, column: _Column, found: pa.DataType, file: str, *, written: bool) -> None:
        column.first.setdefault(_words(found), file)
        if not written and pa.types.is_temporal(found):
            column.typed = column.typed or file
        wider = _wider(column.type, found)
        if wider is None and column.typed is None and _said_as_text(column.type) and _said_as_text(found):
            wider = pa.string()
        if wider is None:
            kind = _words(found)
            other = next((other for other in column.first if other != kind), kind)
            before = f"{other} in {column.first[other]} and {kind} in {file}"
            if other == kind:
                before = f"{column.type} in {column.first[kind]} and {found} in {file}"
            raise Invalid(
                f"{self._place}: column '{shown(column.name)}' is {before}",
                hint=f"say what it is: #types={shown(column.name)}:text, or load the files apart",
            )
        column.type = wider

    def _type(self, column: _Column) -> pa.DataType:
        if column.name in self._types:
            return DECLARED[self._types[column.name]]
        return pa.string() if pa.types.is_null(column.type) else column.type

    def _is_text(self, name: str) -> bool:
        return name in self._types or _textual(self._columns[name].type)

    def _cast(self, column: _Column, found: pa.Array, kind: pa.DataType, before: int, place: str) -> pa.Array:
        try:
            return found.cast(kind)
        except pa.ArrowInvalid as error:
            if not (pa.types.is_integer(found.type) and pa.types.is_floating(kind)):
                raise Invalid(
                    f"{place}, column '{shown(column.name)}': {str(error).splitlines()[0]}",
                    hint=f"say what it is: #types={shown(column.name)}:text",
                ) from error
            row = next(at for at, value in enumerate(found.to_pylist(), start=1) if abs(value or 0) > _EXACT)
            raise Invalid(
                f"{place}, row {before + row}, column '{shown(column.name)}': a very long whole number, where"
                f" {column.first['numbers']} has fractions, and no type of number holds both exactly",
                hint=f"say what it is: #types={shown(column.name)}:text",
            ) from error


def _declared(name: str, declared: ColumnType, found: pa.Array, before: int, place: str) -> pa.Array:
    kind = DECLARED[declared]
    if found.type == kind or pa.types.is_null(found.type):
        return found.cast(kind)
    if pa.types.is_temporal(found.type) and (declared == "text" or _words(found.type) == _words(kind)):
        return found.cast(kind)
    values = found.to_pylist()
    if any(not isinstance(value, str | int | float | dict | list | None) for value in values):
        raise Invalid(
            f"{place}, column '{shown(name)}': its values are {_words(found.type)}, and no {declared}",
            hint="declare another type for it, text for example",
        )
    return converted(name, declared, values, place, first=before + 1)


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type that has the values of both, if there is one that is no text."""
    if pa.types.is_dictionary(one) and one != other:
        one = one.value_type
    if pa.types.is_dictionary(other) and one != other:
        other = other.value_type
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    kinds = pa.types
    if _textual(one) and _textual(other):
        return pa.large_string()
    if _binary(one) and _binary(other):
        return pa.large_binary()
    if kinds.is_date(one) and kinds.is_date(other):
        return pa.date32()
    if kinds.is_integer(one) and kinds.is_integer(other):
        return _integers(one, other)
    if (kinds.is_integer(one) or kinds.is_floating(one)) and (kinds.is_integer(other) or kinds.is_floating(other)):
        return pa.float64()
    if kinds.is_decimal(one) and kinds.is_decimal(other):
        scale = max(one.scale, other.scale)
        digits = max(one.precision - one.scale, other.precision - other.scale) + scale
        return pa.decimal128(digits, scale) if digits <= 38 else None
    return None


def _integers(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """One that holds the values of both; of those without and with a sign the latter, in which a value is looked at."""
    unsigned = {pa.types.is_unsigned_integer(kind) for kind in (one, other)}
    if len(unsigned) == 2:
        return pa.int64()
    return one if one.bit_width >= other.bit_width else other


def _textual(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _binary(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def _said_as_text(kind: pa.DataType) -> bool:
    """Whether values of it are written like text: dates, times, and text."""
    return _textual(kind) or pa.types.is_date(kind) or pa.types.is_timestamp(kind)


def _words(kind: pa.DataType) -> str:
    """What values of a type are, for people."""
    kinds = pa.types
    if kinds.is_dictionary(kind):
        return _words(kind.value_type)
    known = {
        "true or false": kinds.is_boolean,
        "whole numbers": kinds.is_integer,
        "numbers": kinds.is_floating,
        "text": _textual,
        "dates": kinds.is_date,
        "times with a zone": lambda found: kinds.is_timestamp(found) and found.tz is not None,
        "times without a zone": kinds.is_timestamp,
    }
    return next((words for words, of in known.items() if of(kind)), str(kind))
