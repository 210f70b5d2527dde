"""Rows into a sheet of an Excel workbook, row by row, so that memory holds one batch."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from workbench.data.destinations.sqltypes import values_of
from workbench.foundation.errors import Invalid, Unavailable

__all__ = ["write_excel"]

MOST_ROWS = 1_048_575  # and one for the names
MOST_COLUMNS = 16_384
LONGEST_TEXT = 32_767
_EXACT = 10**15  # a whole number with more digits is rounded in a sheet
_FIRST_YEAR = 1900


def write_excel(rows: pa.RecordBatchReader, path: Path) -> int:
    """
    Returns:
        How many rows were written.

    Raises:
        Invalid: There are more rows or columns than a sheet has, or a text longer than a cell.
        Unavailable: The package that writes workbooks is not installed.
    """
    try:
        import xlsxwriter
    except ModuleNotFoundError as error:
        raise Unavailable(
            "writing Excel workbooks needs the package 'xlsxwriter'", hint="pip install 'analytics-workbench[excel]'"
        ) from error
    names = rows.schema.names
    if len(names) > MOST_COLUMNS:
        raise Invalid(f"a sheet of Excel has {MOST_COLUMNS:,} columns, and there are {len(names):,}")
    count = 0
    # A text is a text: one that begins with `=` would be a formula else, which whoever opens it would run.
    settings = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), settings) as book:
        sheet = book.add_worksheet("rows")
        day, moment = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss.000"))
        for column, name in enumerate(names):
            sheet.write_string(0, column, name)
        for batch in rows:
            if count + batch.num_rows > MOST_ROWS:
                raise Invalid(
                    f"a sheet of Excel has {MOST_ROWS:,} rows, and there are more", hint="send .csv or .parquet"
                )
            values = [values_of(array, "excel") for array in batch.columns]
            for row in zip(*values, strict=True):
                count += 1
                for column, value in enumerate(row):
                    _write(sheet, count, column, value, names[column], day, moment)
    return count


def _write(sheet: Any, row: int, column: int, value: Any, name: str, day: Any, moment: Any) -> None:
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, value)
        case datetime():
            _dated(sheet, row, column, value if value.tzinfo is None else value.astimezone(UTC), moment)
        case date():
            _dated(sheet, row, column, value, day)
        case int() | float() if abs(value) < _EXACT:
            sheet.write_number(row, column, value)
        case _:
            text = str(value)
            if len(text) > LONGEST_TEXT:
                raise Invalid(
                    f"row {row:,}, column '{name}': a text of {len(text):,} characters, and a cell of Excel holds"
                    f" {LONGEST_TEXT:,}",
                    hint="send .csv or .parquet",
                )
            sheet.write_string(row, column, text)


def _dated(sheet: Any, row: int, column: int, value: date | datetime, form: Any) -> None:
    """What is before Excel's calendar is text."""
    if value.year < _FIRST_YEAR:
        sheet.write_string(row, column, value.isoformat())
        return
    plain = value.replace(tzinfo=None) if isinstance(value, datetime) else value
    sheet.write_datetime(row, column, plain, form)
