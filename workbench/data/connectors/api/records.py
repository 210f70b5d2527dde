"""Objects of JSON to Arrow columns, whose types are settled when the last page has come.

Until then pages lie in a temporary file, so that one page is in memory, however many there are, and nothing is handed
out of an answer that fails on its last page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from types import TracebackType
from typing import Any

import pyarrow as pa

from workbench.data.connectors.declared import DECLARED, ColumnType, converted
from workbench.data.connectors.spool import Spool
from workbench.data.connectors.times import as_dates, as_times
from workbench.data.connectors.values import KINDS, TEXT, as_json, as_texts, kind_of, shown
from workbench.foundation.errors import Invalid

__all__ = ["Records"]

MOST_COLUMNS = 10_000
MOST_BYTES = 32 << 20
_EXACT = 1 << 53  # a 64-bit float holds every whole number up to here
_BEYOND = (float("inf"), float("-inf"))  # what JSON cannot say, and Python makes of numbers that are too large
_NOTHING = type(None)

_NUMBERS = {int, float}
_NESTED = {dict, list}


@dataclass
class _Column:
    """What is known of a column so far.

    Attributes:
        declared: Its type, if somebody said it.
        first: The kinds of its values, each with the place of the first one.
        forms: What its texts can be read as, page by page.
        wide: The place of a whole number that a 64-bit float does not hold exactly.
    """

    name: str
    declared: ColumnType | None
    first: dict[type, str] = field(default_factory=dict)
    forms: set[pa.DataType] = field(default_factory=set)
    wide: str | None = None

    @property
    def type(self) -> pa.DataType:
        if self.declared is not None:
            return DECLARED[self.declared]
        if float in self.first:
            return pa.float64()
        if int in self.first:
            return pa.int64()
        if bool in self.first:
            return pa.bool_()
        return next(iter(self.forms)) if len(self.forms) == 1 else TEXT


class Records:
    """Rows of an API, page by page in, batches of one schema out.

    A column is true or false, whole numbers, numbers (whole ones among them), dates, times (in UTC, if they say their
    zone) or text, if all its values are. Objects and lists are text of JSON; a column without any value is text, too.
    What mixes anything else is refused, unless its type was declared.

    Args:
        place: The address, for errors.
        types: Declared columns; they are there even where no row has them.
    """

    def __init__(self, place: str, types: Mapping[str, ColumnType]) -> None:
        self._place = place
        self._columns = {name: _Column(name, declared) for name, declared in types.items()}
        self._spool = Spool(place)
        self._pages: list[int] = []
        self._rows = 0

    def __enter__(self) -> Records:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._spool.__exit__(kind, error, traceback)

    def add(self, rows: Sequence[Any], page: int) -> None:
        """
        Raises:
            Invalid: A row is no object, or a value cannot be in its column; with page and row.
            Unavailable: The disk is full.
        """
        if not rows:
            return
        where = f"{self._place}, page {page}"
        names: dict[str, None] = {}
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, dict):
                raise Invalid(f"{where}, row {number}: a row is an object, and this is {kind_of(row)}")
            names.update(dict.fromkeys(row))
        for name in names:
            self._columns.setdefault(name, _Column(name, None))
        if len(self._columns) > MOST_COLUMNS:
            raise Invalid(
                f"{where}: its rows have more than {MOST_COLUMNS:,} different names",
                hint="is what it has a name for each thing, where a list of things should be?",
            )
        arrays = [self._array(self._columns[name], [row.get(name) for row in rows], where) for name in names]
        # Before them one without values, which says how many rows there are where none has a name.
        self._keep([pa.nulls(len(rows)), *arrays], ["", *names], where)
        self._rows += len(rows)

    def batches(self, most: int) -> Iterator[pa.RecordBatch]:
        """All rows, at least one batch.

        Args:
            most: Rows in one batch; there are fewer where they are large.

        Raises:
            Invalid: There are rows, and no row has a column.
        """
        schema = pa.schema([(column.name, column.type) for column in self._columns.values()])
        if self._rows and not schema.names:
            raise Invalid(f"{self._place} has {self._rows:,} rows, and all are empty objects")
        held: list[pa.RecordBatch] = []
        rows, size, any_ = 0, 0, False
        for kept in self._kept(schema):
            held.append(kept)
            rows += kept.num_rows
            size += kept.nbytes
            if rows < most and size < MOST_BYTES:
                continue
            table = pa.Table.from_batches(held).combine_chunks()
            whole = rows // most * most or rows
            yield from table.slice(0, whole).to_batches(max_chunksize=most)
            any_ = True
            held = table.slice(whole).to_batches()
            rows, size = rows - whole, sum(batch.nbytes for batch in held)
        if rows:
            yield from pa.Table.from_batches(held).combine_chunks().to_batches()
        elif not any_:
            yield pa.RecordBatch.from_arrays([pa.array([], kind) for kind in schema.types], schema=schema)

    def _keep(self, arrays: list[pa.Array], names: list[str], where: str) -> None:
        try:
            batch = pa.RecordBatch.from_arrays(arrays, names)
        except UnicodeEncodeError:
            raise Invalid(f"{where}: a name in its rows is no text: it has half of a character") from None
        self._pages.append(self._spool.keep(iter([batch])))

    def _kept(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for batch in chain.from_iterable(map(self._spool.read, self._pages)):
            there = {name: at for at, name in enumerate(batch.schema.names) if at}
            arrays = [
                batch.column(there[field.name]).cast(field.type)
                if field.name in there
                else pa.nulls(batch.num_rows, field.type)
                for field in schema
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _array(self, column: _Column, values: list[Any], where: str) -> pa.Array:
        if column.declared is not None:
            return converted(column.name, column.declared, values, where)
        kinds = set(map(type, values)) - {_NOTHING}
        new = {next(at for at, value in enumerate(values) if type(value) is kind): kind for kind in kinds}
        for at, kind in sorted(new.items()):
            column.first.setdefault(kind, f"{where.removeprefix(f'{self._place}, ')}, row {at + 1}")
        self._refuse_mixed(column)
        if not kinds:
            return pa.nulls(len(values))
        if kinds == {bool}:
            return pa.array(values, pa.bool_())
        if kinds <= _NUMBERS:
            return self._numbers(column, values, kinds, where)
        if kinds & _NESTED:
            values = [None if value is None else as_json(value) for value in values]
        text = as_texts(column.name, values, where)
        column.forms.add(TEXT if kinds & _NESTED else _form(text))
        return text

    def _numbers(self, column: _Column, values: list[Any], kinds: set[type], where: str) -> pa.Array:
        if column.wide is None and int in kinds:
            wide = next((n for n, v in enumerate(values, start=1) if type(v) is int and abs(v) > _EXACT), None)
            if wide is not None:
                column.wide = f"{where.removeprefix(f'{self._place}, ')}, row {wide}"
        if column.wide is not None and float in column.first:
            raise Invalid(
                f"{self._place}: column '{shown(column.name)}' has a fraction ({column.first[float]}) and a very long"
                f" whole number ({column.wide}), and no type of number holds both exactly",
                hint=_declare(column.name, "text"),
            )
        large = next((n for n, v in enumerate(values, start=1) if v in _BEYOND), None) if float in kinds else None
        if large is not None:
            raise Invalid(
                f"{where}, row {large}, column '{shown(column.name)}': larger than a number can be (1.8e308)",
                hint="tell whoever owns the API",
            )
        try:
            return pa.array(values, pa.float64() if float in kinds else pa.int64())
        except (OverflowError, pa.ArrowInvalid):
            row = next(n for n, v in enumerate(values, start=1) if type(v) is int and not -(1 << 63) <= v < 1 << 63)
            raise Invalid(
                f"{where}, row {row}, column '{shown(column.name)}': {str(values[row - 1])[:40]} has more than 64 bits",
                hint=_declare(column.name, "text"),
            ) from None

    def _refuse_mixed(self, column: _Column) -> None:
        (kind, place), *others = column.first.items() or [(_NOTHING, "")]
        alike = next((group for group in (_NUMBERS, _NESTED) if kind in group), {kind})
        for other, later in others:
            if other not in alike:
                said = f"{KINDS[kind]} on {place} and {KINDS[other]} on {later}"
                raise Invalid(
                    f"{self._place}: column '{shown(column.name)}' is {said}", hint=_declare(column.name, "text")
                )


def _form(text: pa.Array) -> pa.DataType:
    """What all texts of a page can be read as; a page without any is no reason for anything."""
    for read in (as_dates, as_times):
        found = read(text)
        if found is not None:
            return found.type
    return TEXT


def _declare(name: str, kind: str) -> str:
    return f"say what it is: types={shown(name)}:{kind}"
