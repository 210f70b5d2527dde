"""Files that something is wrong with, and what is said of each."""

from __future__ import annotations

import gzip
import io
from typing import Any

import openpyxl
import polars as pl

__all__ = ["BAD_FILES"]


def _parquet(frame: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.write_parquet(content)
    return content.getvalue()


def _workbook(*rows: list[Any], merged: str = "") -> bytes:
    workbook, content = openpyxl.Workbook(), io.BytesIO()
    assert workbook.active is not None
    for row in rows:
        workbook.active.append(row)
    if merged:
        workbook.active.merge_cells(merged)
    workbook.save(content)
    return content.getvalue()


_GOOD = _parquet(pl.DataFrame({"a": range(1_000)}))
_PAGE = b"<!DOCTYPE html>\n<html><body>Sign in, please</body></html>"
# What it is -> the file's ending, its bytes, and words that are said of it.
BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "a line with too many fields": (".csv", b"a,b\n1,2\n3,4,5\n", "line 3: 3 fields where the header has 2"),
    "a line with too few fields": (".csv", b"a,b,c\n1,2,3\n4,5\n", "line 3: 2 fields where the header has 3"),
    "another separator half-way": (".csv", b"a,b\n1,2\n3;4\n", "line 3: 1 fields where the header has 2"),
    "another separator": (".csv", b"a;b\n1;2\n", "are separated by ';', not by ','"),
    "another encoding": (".csv", "a,b\n1,ü\n".encode("latin-1"), "line 2: not UTF-8 text"),
    "UTF-16": (".csv", "a,b\n1,2\n".encode("utf-16"), "line 1: not UTF-8 text"),
    "UTF-16 that does not say so": (".csv", "a,b\n1,2\n".encode("utf-16-le"), "line 1: a NUL character"),
    "a NUL": (".csv", b"a,b\n1,x\n2,y\0z\n", "line 3: a NUL character"),
    "a line of 10 MB with a field too many": (
        ".csv",
        b"a,b\n1," + b"x" * 10_000_000 + b"\n2,y,z\n",
        "line 3: 3 fields where the header has 2",
    ),
    "one name twice": (".csv", b"a,b,a\n1,2,3\n", "has more than one column named 'a'"),
    "an open quote": (".csv", b'a,b\n1,"x\n2,y\n', "has a quote that is opened and never closed"),
    "nothing": (".csv", b"", "is empty"),
    "a web page": (".csv", _PAGE, "is a web page (HTML), and no delimited text"),
    "a ZIP archive": (".csv", b"PK\x03\x04" + b"x" * 99, "is a ZIP archive or a workbook, and no delimited text"),
    "packed and cut short": (".csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 9_999)[:-9], "cannot be unpacked"),
    "a zip bomb": (
        ".csv.gz",
        gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n" * 1_000_000) * 65,
        "unpacks to more than 256,000,000, as a zip bomb does",
    ),
    "Parquet cut short": (".parquet", _GOOD[: len(_GOOD) // 2], "cannot be read as Parquet"),
    "Parquet without a byte": (".parquet", b"", "is empty"),
    "Parquet that is a web page": (".parquet", _PAGE, "is a web page (HTML), and no Parquet"),
    "a date of no calendar": (
        ".parquet",
        _parquet(pl.DataFrame({"a": pl.Series([0, 2**31 - 1], dtype=pl.Int32).cast(pl.Date)})),
        "row 2, column 'a': a date that is in no year from 1 to 9999",
    ),
    "a time of no calendar": (
        ".parquet",
        _parquet(pl.DataFrame({"a": pl.Series([0, 0, 2**62]).cast(pl.Datetime("ms", "UTC"))})),
        "row 3, column 'a': a time that is in no year from 1 to 9999",
    ),
    "JSON that is a web page": (".json", _PAGE, "is a web page (HTML), and no JSON"),
    "JSON cut short": (".json", b'[{"a": 1},\n {"a": ', "line 2, character 8: no JSON: expecting value"),
    "JSON of no objects": (".json", b'[{"a": 1}, 2]', "row 2: a whole number where an object should be"),
    "NaN in JSON": (".json", b'[{"a": 1},\n{"a": NaN}]', "line 2: NaN, which is no number in JSON"),
    "Infinity in JSON": (".json", b'[{"a": -Infinity}]', "line 1: -Infinity, which is no number in JSON"),
    "a number that is too large": (".json", b'[{"a": 1e400}]', "line 1: 1e400 is a larger number than there is one"),
    "half of a character": (".json", b'[{"a": "\\ud800"}]', "row 1, column 'a': half of a character"),
    "a NUL in a name": (".json", b'[{"a\\u0000": 1}]', "the column name 'a\\x00' has a NUL character"),
    "JSON in UTF-16": (".json", '[{"a": 1}]'.encode("utf-16"), "is not UTF-8 text; it may be UTF-16"),
    "JSON in another encoding": (".json", '[{"a":\n"ü"}]'.encode("latin-1"), "line 2: not UTF-8 text"),
    "JSON without end": (".json", b'[{"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}]", "is nested too deeply"),
    "one line that is no JSON": (".ndjson", b'{"a": 1}\n{"a": \n{"a": 3}\n', "line 2, character 7: no JSON"),
    "a line that is a list": (".ndjson", b'{"a": 1}\n[1]\n', "line 2: a list where an object should be"),
    "no line": (".ndjson", b"", "is empty"),
    "merged headers": (".xlsx", _workbook(["Total", None], [1, 2], merged="A1:B1"), "the cells A1:B1 are merged"),
    "cells of several kinds": (".xlsx", _workbook(["a"], [1], ["x"]), "column 'a' is a number in A2 and a text in A3"),
    "an empty workbook": (".xlsx", _workbook(), "is empty"),
    "a workbook that is text": (".xlsx", b"a,b\n1,2\n", "is no Excel workbook"),
}
