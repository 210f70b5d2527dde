"""Columns out of the JSON of an API: their types, over all pages, and what they take."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import polars as pl
import pytest
from scripted_api import Asked, Reply, Site, in_turn, paged, serving

from workbench.data.connectors import open_source, read_frame
from workbench.foundation.errors import Invalid


def read(site: Site, options: str) -> pl.DataFrame:
    return read_frame(open_source(f"{site.address}/rows#private=yes&{options}"))


def test_types_are_settled_by_all_pages() -> None:
    pages = [
        {"whole": 1, "mixed": 1, "late": None, "day": "2013-01-01", "at": "2013-01-01T05:00:00Z",
         "words": "2013-01-01", "naive": "2013-01-01 05:00", "nested": {"b": [1, None]}, "flag": True,
         "never": None},
        {"new": "ü", "whole": 2, "mixed": 2.5, "late": 3, "day": None, "at": "2013-01-01T05:00:00.25+02:00",
         "words": "soon", "naive": "2013-01-02T05:00:00", "nested": ["x"], "flag": None, "never": None},
        {},
    ]  # fmt: skip
    with serving(paged(pages, "page", size=1)) as site:
        found = read(site, "rows=data&pages=page")
    assert found.schema == {
        "whole": pl.Int64, "mixed": pl.Float64, "late": pl.Int64, "day": pl.Date, "at": pl.Datetime("us", "UTC"),
        "words": pl.String, "naive": pl.Datetime("us"), "nested": pl.String, "flag": pl.Boolean,
        "never": pl.String, "new": pl.String,
    }  # fmt: skip
    assert found["whole"].to_list() == [1, 2, None], "a row may have nothing to say"
    assert found["mixed"].to_list() == [1.0, 2.5, None]
    assert found["words"].to_list() == ["2013-01-01", "soon", None]
    assert found["nested"].to_list() == ['{"b":[1,null]}', '["x"]', None]
    assert found["at"].dt.to_string("iso").to_list()[1] == "2013-01-01 03:00:00.250000+00:00"


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ([{"a": 1}, {"a": "x"}], "column 'a' is a whole number on page 1, row 1 and a text on page 2, row 1"),
        ([{"a": True}, {"a": 5}], "is true or false on page 1, row 1 and a whole number on page 2"),
        ([{"a": 1}, {"a": 1.5}, {"a": "x"}], "a whole number on page 1, row 1 and a text on page 3, row 1"),
        ([{"a": {}}, {"a": "x"}], "is an object on page 1, row 1 and a text on page 2, row 1"),
        ([{"a": 2**64}], "page 1, row 1, column 'a': 18446744073709551616 has more than 64 bits"),
        (
            [{"a": 2**53 + 1}, {"a": 0.5}],
            r"a fraction \(page 2, row 1\) and a very long whole number \(page 1, row 1",
        ),
        ([{"a": "x"}, {"a": "\ud800"}], "page 2, row 1, column 'a': .* has half of a character"),
        ([{"a": 1}, 5], "page 2, row 1: a row is an object, and this is a whole number"),
        ([{}], "1 rows, and all are empty objects"),
        ([{"\ud800": 1}], "a name in its rows is no text"),
    ],
)
def test_types_that_cannot_be_settled_name_page_and_row(pages: list[Any], said: str) -> None:
    with serving(paged(pages, "page", size=1)) as site, pytest.raises(Invalid, match=said) as caught:
        read(site, "rows=data&pages=page")
    f"{caught.value} {caught.value.hint}".encode()


def test_types_that_are_declared_hold_whatever_comes_and_where_nothing_comes() -> None:
    types = "a:text,b:number,c:time,d:date,e:boolean,f:integer"
    expected = {
        "a": pl.String, "b": pl.Float64, "c": pl.Datetime("us", "UTC"), "d": pl.Date, "e": pl.Boolean,
        "f": pl.Int64,
    }  # fmt: skip
    rows = [
        {"a": 2**70, "b": "12.50", "c": "2013-01-01T05:00Z", "d": "2013-01-01", "e": "true", "f": "7"},
        {"a": "x", "b": 1, "c": None, "e": False, "f": 7.0, "more": 1},
        {"a": [1], "b": None},
    ]
    with serving(in_turn(Reply(rows), Reply([]))) as site:
        found = read(site, f"types={types}")
        assert found.schema == {**expected, "more": pl.Int64}
        assert found["a"].to_list() == ["1180591620717411303424", "x", "[1]"]
        assert found["b"].to_list() == [12.5, 1.0, None]
        assert found["f"].to_list() == [7, 7, None]
        assert read(site, f"types={types}").schema == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(
            ("number", "1e999"),
            ("number", 10**400),
            ("number", "12,5"),
            ("number", "nan"),
            ("number", True),
            ("integer", 1.5),
            ("integer", "1e3"),
        ),
        *(("integer", 2**63), ("time", "2013-01-01T05:00:00"), ("time", 1356998400), ("date", "2013-02-30")),
        *(("date", "\ud800"), ("boolean", 1)),
    ],
)
def test_types_that_are_declared_and_do_not_hold_name_page_row_and_value(kind: str, value: Any) -> None:
    said = f"page 1, row 2, column 'a': .* is no {kind}"
    with serving(in_turn(Reply([{"a": None}, {"a": value}]))) as site, pytest.raises(Invalid, match=said):
        read(site, f"types=a:{kind}")


MEMORY = """
import resource, sys
from workbench.data.connectors import open_source
source = open_source(sys.argv[1])
before, rows = 0, 0
for batch in source.batches():
    rows += batch.num_rows
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_is_a_page_however_many_there_are() -> None:
    """400 pages of half a megabyte are 200 MB as they come, and more as Python's objects."""
    text = "x" * 5_000

    def handle(asked: Asked) -> Reply:
        number = int(asked.query["page"])
        last = int(asked.path.strip("/"))
        return Reply(
            [{"id": number * 100 + n, "text": f"{number}{text}"} for n in range(100)] if number <= last else []
        )

    peaks = []
    with serving(handle) as site:
        for count in (4, 400):
            url = f"{site.address}/{count}#private=yes&pages=page"
            command = [sys.executable, "-c", MEMORY, url]
            rows, peak = map(int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
            assert rows == count * 100
            peaks.append(peak)
    assert peaks[1] - peaks[0] < 60, peaks


def test_a_number_that_is_too_large_to_be_one_names_page_and_row() -> None:
    with serving(in_turn(Reply(b'[{"a": 1.5}, {"a": -1e400}]'))) as site:
        with pytest.raises(Invalid, match="page 1, row 2, column 'a': larger than a number can be"):
            read(site, "")
        site.asked.clear()
        with pytest.raises(Invalid, match=r"row 2, column 'a': .* is no number"):
            read(site, "types=a:number")
