"""Sheets of Excel workbooks, written by another library than the one that reads them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from workbench import Workbench
from workbench.data.connectors import TextFormat, open_source, read_frame
from workbench.foundation.errors import Invalid, NotFound

Rows = Sequence[Sequence[Any]]


def book(folder: Path, merged: str = "", **sheets: Rows) -> Path:
    written = openpyxl.Workbook()
    written.remove(written.worksheets[0])
    for name, rows in sheets.items():
        sheet = written.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if merged:
            sheet.merge_cells(merged)
    written.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def read(path: Path, options: str = "", **asked: Any) -> pl.DataFrame:
    return read_frame(open_source(f"{path}#{options}" if options else path), **asked)


def test_columns_are_what_all_their_cells_are(tmp_path: Path) -> None:
    half_past = datetime.fromisoformat("2026-01-01T09:30")
    path = book(
        tmp_path,
        Orders=[
            ["id", "price", "paid", "day", "at", "zip", "clock", "took", "empty"],
            [
                1,
                2,
                True,
                date(2026, 1, 1),
                half_past,
                "01234",
                time(5, 15),
                timedelta(hours=30),
                None,
            ],
            [None] * 9,
            [2, 2.5, None, date(2026, 1, 2), date(2026, 1, 2), "x", None, None, None],
        ],
    )
    frame = read(path)
    assert frame.schema == {
        "id": pl.Int64,
        "price": pl.Float64,
        "paid": pl.Boolean,
        "day": pl.Date,
        "at": pl.Datetime("us"),
        "zip": pl.String,
        "clock": pl.String,
        "took": pl.String,
        "empty": pl.String,
    }
    assert frame.height == 2, "a row without values is none"
    assert frame.row(1)[:6] == (2, 2.5, None, date(2026, 1, 2), datetime.fromisoformat("2026-01-02"), "x")
    assert frame["clock"][0] == "05:15:00"


def test_a_sheet_is_given_by_name_or_number_or_as_a_table(tmp_path: Path) -> None:
    path = book(tmp_path, First=[["a"], [1]], Second=[["b"], [2]], **{"3": [["c"], [3]]})
    source = open_source(path)
    assert source.tables() == ["First", "Second", "3"]
    assert read_frame(source).columns == ["a"]
    assert read_frame(source, table="Second").columns == ["b"]
    for given, columns in (("Second", ["b"]), ("2", ["b"]), ("3", ["c"])):
        assert read(path, f"sheet={given}").columns == columns
    for wrong in ("Secnod", "secon"):
        with pytest.raises(NotFound, match=r"no sheet .*did you mean 'Second'"):
            read(path, f"sheet={wrong}")
        with pytest.raises(NotFound, match="did you mean 'Second'"):
            read(path, table=wrong)
    with pytest.raises(NotFound, match="no sheet '4'"):
        read(path, "sheet=4")


@pytest.mark.parametrize(
    ("merged", "rows", "said"),
    [
        ("", [], "sheet 'S' is empty"),
        ("A1:B1", [["Sales", None], ["a", "b"], [1, 2]], "the cells A1:B1 are merged"),
        ("", [["a", None], [1, None], [2, 3]], "the cell B1 should name a column and has no name, and a value in B3"),
        ("", [["a", 2026], [1, 2]], "the cell B1 should name a column and has 2026.0, which is no text"),
        ("", [["a", "a"], [1, 2]], "more than one column named 'a'"),
        ("", [["zip"], ["01234"], [None], [98765]], "column 'zip' is a text in A2 and a number in A4"),
        ("", [["when"], [time(5, 15)], [1]], "column 'when' is a duration in A2 and a number in A3"),
    ],
)
def test_what_is_wrong_is_said_with_its_cell(tmp_path: Path, merged: str, rows: Rows, said: str) -> None:
    path = book(tmp_path, merged, S=rows)
    with pytest.raises(Invalid) as caught:
        read(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_header_may_stand_in_another_row_and_a_type_be_declared(tmp_path: Path) -> None:
    path = book(tmp_path, "A1:B1", S=[["Sales", None], ["zip", "n"], ["01234", 1], [98765, 2]])
    assert read(path, "header=2&types=zip:text").rows() == [("01234", 1), ("98765", 2)]
    with pytest.raises(Invalid, match=r"book\.xlsx, row 1, column 'n'.*is no date"):
        read(path, "header=2&types=zip:text,n:date")
    with pytest.raises(Invalid, match="has 4 rows, and row 9 should name its columns"):
        read(path, "header=9")
    with pytest.raises(Invalid, match="header"):
        read(path, "header=0")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04 and nothing more"])
def test_what_is_no_workbook_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=r"book\.xlsx is no Excel workbook") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_a_workbook_cut_short_or_of_something_else_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path, S=[["a"], [1]])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Invalid, match="is no Excel workbook"):
        read(path)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("hello.txt", "x")
    with pytest.raises(Invalid, match="is no Excel workbook"):
        read(path)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(2001):
            part.write(bytes(1_000_000))
    with pytest.raises(Invalid, match="2,001,000,000 bytes unpacked"):
        read(path)


def test_options_of_another_format_are_refused(tmp_path: Path) -> None:
    path = book(tmp_path, S=[["a"], [1]])
    with pytest.raises(Invalid, match="no separator or encoding"):
        open_source(path, text=TextFormat(";"))
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(Invalid, match="is no Excel workbook"):
        open_source("a.csv#sheet=S", base=tmp_path)


def test_workbooks_of_a_pattern_are_one_dataset(wb: Workbench, tmp_path: Path) -> None:
    book(tmp_path, S=[["a", "b"], [1, "x"]]).rename(tmp_path / "1.xlsx")
    book(tmp_path, S=[["b", "a"], ["y", 2.5]]).rename(tmp_path / "2.xlsx")
    made = wb.datasets.load(f"{tmp_path}/*.xlsx#sheet=S&file=book", "books")
    assert made.to_polars().rows() == [(1.0, "x", "1.xlsx"), (2.5, "y", "2.xlsx")]
