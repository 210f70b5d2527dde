"""Sheets of Excel workbooks, strictly: a column is what all its cells are, and an error names the cell."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from workbench.data.connectors.files.stores import File
from workbench.data.connectors.values import encodable, shown
from workbench.foundation.errors import Invalid, unknown

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

__all__ = ["read_sheet", "sheets"]

LARGEST = 2_000_000_000  # bytes of a workbook, unpacked
_EXACT = 1 << 53
_KINDS: dict[type, str] = {bool: "true or false", float: "a number", str: "a text", date: "a date", datetime: "a time"}
_TIMES = {date, datetime}


def sheets(file: File) -> list[str]:
    """
    Raises:
        Invalid: No workbook, or one that is too large unpacked.
    """
    with _workbook(file) as workbook:
        return list(workbook.sheet_names)


def read_sheet(
    file: File, sheet: str, header: int, batch_rows: int, as_text: Collection[str]
) -> Iterator[pa.RecordBatch]:
    """Rows below a sheet's header; rows without any value are none.

    Whole numbers, numbers, true or false, dates, times (which have no zone in Excel) and text; durations and times of
    day are text. Cells with an error of a formula are null, as are empty ones.

    Args:
        sheet: Its name, or its number from 1; empty: the first.
        header: The row that names the columns, from 1.
        as_text: Columns whose values become text, whatever they are.

    Raises:
        Invalid: No workbook; a sheet that is empty or has no such row; names of columns that are merged, missing or no
            text; a column of mixed values. Names the sheet and the cell.
        NotFound: No such sheet; has the nearest one.
    """
    with _workbook(file) as workbook:
        names = list(workbook.sheet_names)
        chosen = _chosen(names, sheet)
        opened = workbook.get_sheet_by_name(chosen)
        place = f"{file}, sheet '{chosen}'"
        if opened.start is None:
            others = [name for name in names if name != chosen]
            raise Invalid(
                f"{place} is empty", hint=f"there is also {', '.join(others)}: #sheet=NAME" if others else None
            )
        rows = opened.to_python(skip_empty_area=False)
        columns = _header(opened, rows, header, place)
    body = rows[header:]
    arrays = [
        _array(name, [row[at] for row in body], place, at, header, as_text=name in as_text) for at, name in columns
    ]
    there = [any(row[at] != "" for at, _ in columns) for row in body]
    table = pa.table(arrays, names=[name for _, name in columns]).filter(pa.array(there, pa.bool_()))
    yield from table.to_batches(batch_rows) or [
        pa.RecordBatch.from_arrays([pa.array([], kind) for kind in table.schema.types], schema=table.schema)
    ]


def _workbook(file: File) -> CalamineWorkbook:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(file.path) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile as error:
        raise _none(file, error) from error
    if size > LARGEST:
        raise Invalid(
            f"{file} is {size:,} bytes unpacked, which is more than a workbook should be", hint="save it as CSV"
        )
    try:
        return CalamineWorkbook.from_path(str(file.path))
    except CalamineError as error:
        raise _none(file, error) from error


def _none(file: File, error: Exception) -> Invalid:
    return Invalid(
        f"{file} is no Excel workbook: {(str(error).splitlines() or ['it cannot be read'])[0]}",
        hint="it may be cut short, protected by a password, or CSV with another ending",
    )


def _chosen(names: Sequence[str], sheet: str) -> str:
    if sheet in names:
        return sheet
    if not sheet:
        return names[0]
    if sheet.isdecimal() and 1 <= int(sheet) <= len(names):
        return names[int(sheet) - 1]
    raise unknown("sheet", sheet, names, hint="a sheet is given by its name, or by its number from 1")


def _header(opened: CalamineSheet, rows: list[list[Any]], header: int, place: str) -> list[tuple[int, str]]:
    """The columns that have a name, each with its position."""
    if header > len(rows):
        raise Invalid(f"{place} has {len(rows)} rows, and row {header} should name its columns", hint="#header=1")
    for (top, left), (bottom, right) in opened.merged_cell_ranges or []:
        if right > left and top <= header - 1 <= bottom:
            raise Invalid(
                f"{place}: the cells {_cell(left, top)}:{_cell(right, bottom)} are merged, and each column needs a name"
                " of its own",
                hint=f"say which row has the names: #header={bottom + 2}",
            )
    found: list[tuple[int, str]] = []
    for at, name in enumerate(rows[header - 1]):
        if isinstance(name, str) and name.strip():
            found.append((at, name.strip()))
            continue
        below = next((number for number, row in enumerate(islice(rows, header, None), header) if row[at] != ""), None)
        if name == "" and below is None:
            continue
        wrong = f"no name, and a value in {_cell(at, below or 0)}" if name == "" else f"{name!r}, which is no text"
        raise Invalid(
            f"{place}: the cell {_cell(at, header - 1)} should name a column and has {wrong}",
            hint="name it there, or say which row has the names: #header=3",
        )
    if not found:
        raise Invalid(f"{place}: row {header} is empty and should name the columns", hint="say which does: #header=3")
    return found


def _array(name: str, values: list[Any], place: str, at: int, header: int, *, as_text: bool) -> pa.Array:
    values = [None if value == "" else value for value in values]
    if as_text:
        return pa.array([None if value is None else _written(value) for value in values], pa.string())
    first: dict[type, int] = {}
    for number, value in enumerate(values):
        if value is not None and type(value) not in first:
            first[type(value)] = number
    kinds = set(first)
    if not kinds:
        return pa.nulls(len(values))
    if kinds == {float}:
        whole = all(value is None or (value.is_integer() and abs(value) <= _EXACT) for value in values)
        return pa.array([None if v is None else int(v) for v in values], pa.int64()) if whole else pa.array(values)
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {date}:
        return pa.array(values, pa.date32())
    if kinds <= _TIMES:
        midnight = [datetime.combine(value, time.min) if type(value) is date else value for value in values]
        return pa.array(midnight, pa.timestamp("us"))
    if not kinds & _KINDS.keys() - {str}:
        if any(isinstance(value, str) and not encodable(value) for value in values):
            raise Invalid(f"{place}, column '{shown(name)}': a text with half of a character", hint="mend it there")
        return pa.array([None if value is None else _written(value) for value in values], pa.string())
    (one, here), (other, there) = sorted(first.items(), key=lambda item: item[1])[:2]
    raise Invalid(
        f"{place}: column '{shown(name)}' is {_KINDS.get(one, 'a duration')} in {_cell(at, header + here)} and"
        f" {_KINDS.get(other, 'a duration')} in {_cell(at, header + there)}",
        hint=f"say what it is: #types={shown(name)}:text",
    )


def _written(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return str(int(value))
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _cell(column: int, row: int) -> str:
    """The name of a cell, from its positions from 0: C7."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"
