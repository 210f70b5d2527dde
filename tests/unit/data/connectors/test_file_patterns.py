"""Several files as one source: which they are, and the one schema that their rows get."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripted_api import Reply, serving

from workbench import Workbench
from workbench.data.connectors import TextFormat, open_source, read_frame
from workbench.foundation.errors import Invalid, NotFound, Unavailable, WorkbenchError

NOBODY = 65_534


def write(folder: Path, **files: str) -> None:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)


def read(folder: Path, pattern: str = "*.csv", options: str = "") -> pl.DataFrame:
    return read_frame(open_source(f"{pattern}#{options}" if options else pattern, base=folder))


def test_files_come_in_the_order_of_their_names_and_say_which_they_are(tmp_path: Path) -> None:
    for name, value in (("b/2.csv", 3), ("a.csv", 1), ("b/1.csv", 2)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"n\n{value}\n")
    frame = read(tmp_path, "**/*.csv", "file=origin")
    assert frame.to_dict(as_series=False) == {"n": [1, 2, 3], "origin": ["a.csv", "b/1.csv", "b/2.csv"]}
    source = open_source("b/*.csv", base=tmp_path)
    assert source.tables() == ["b"]
    assert open_source("b/[12].csv", base=tmp_path).tables() == ["b"]
    assert read_frame(source)["n"].to_list() == [2, 3]
    assert read(tmp_path, "a.csv", "file=origin").to_dicts() == [{"n": 1, "origin": "a.csv"}]
    with pytest.raises(Invalid, match="has a column 'n' of its own"):
        read(tmp_path, "a.csv", "file=n")


def test_a_file_that_is_called_like_a_pattern_or_with_a_hash_is_itself(tmp_path: Path) -> None:
    write(tmp_path, **{"a[1]": "n\n1\n", "a1": "n\n2\n", "a#types=n:text": "n\n3\n", "a#b": "n\n4\n"})
    assert read(tmp_path, "a[1].csv")["n"].to_list() == [1]
    assert read(tmp_path, "a#types=n:text.csv")["n"].to_list() == [3]
    assert read(tmp_path, "a#b.csv")["n"].to_list() == [4]
    assert read(tmp_path, "a1.csv", "types=n:text")["n"].to_list() == ["2"]


def test_columns_that_a_file_lacks_are_null_and_empty_ones_are_what_they_are_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, a="id,n,empty\n1,,\n", b="when,id,empty\n2026-01-01,2,\n", c="n,id\n1.5,3\n")
    frame = read(tmp_path)
    assert frame.schema == {"id": pl.Int64, "n": pl.Float64, "empty": pl.String, "when": pl.Date}
    assert frame.rows() == [(1, None, None, None), (2, None, None, date(2026, 1, 1)), (3, 1.5, None, None)]


def test_what_is_text_in_one_file_is_the_very_text_in_all(tmp_path: Path) -> None:
    write(tmp_path, a="at,day\n2026-01-01T06:00:00Z,2026-01-01\n", b="at,day\nnever,2026-01-01T06:00:00Z\n")
    assert read(tmp_path).rows() == [("2026-01-01T06:00:00Z", "2026-01-01"), ("never", "2026-01-01T06:00:00Z")]


def test_what_mixes_kinds_names_both_files_and_is_what_is_declared(tmp_path: Path) -> None:
    write(tmp_path, a="zip\n01234\n", b="zip\n98765\n", c="zip\nNA\n")
    with pytest.raises(Invalid, match=r"column 'zip' is text in a\.csv and whole numbers in b\.csv") as caught:
        read(tmp_path)
    assert "types=zip:text" in str(caught.value.hint)
    assert read(tmp_path, options="types=zip:text")["zip"].to_list() == ["01234", "98765", None]
    with pytest.raises(Invalid, match="no column 'zap'; did you mean 'zip'"):
        read(tmp_path, options="types=zip:text,zap:text")
    write(tmp_path, b="zip\n98765\n12x\n")
    with pytest.raises(Invalid, match=r"b\.csv, row 2, column 'zip': \"12x\" is no integer"):
        read(tmp_path, options="types=zip:integer")


def test_a_long_whole_number_among_fractions_is_refused_with_its_row(tmp_path: Path) -> None:
    write(tmp_path, a="n\n0.5\n", b="n\n1\n9007199254740993\n")
    with pytest.raises(Invalid, match=r"b\.csv, row 2, column 'n': a very long whole number, where a\.csv has frac"):
        read(tmp_path)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    write(tmp_path, a="id,n\n1,2\n", b="name\nx\n")
    with pytest.raises(Invalid, match=r"b\.csv has none of the columns of a\.csv"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        (1, 2.5, False),
        (1, 2, False),
        (None, 1, False),
        ("x", None, False),
        (1, "x", True),
        (True, 1, True),
        (True, "x", True),
        (2.5, True, True),
        (0.5, (1 << 53) + 1, True),
    ],
)
def test_files_and_pages_are_put_together_by_one_rule(tmp_path: Path, one: Any, other: Any, refused: bool) -> None:
    """As lines of JSON, which has the values that an API has."""

    def outcome(url: str) -> Any:
        try:
            return read_frame(open_source(url, base=tmp_path)).to_dict(as_series=False)
        except WorkbenchError as error:
            return type(error)

    for name, value in (("1", one), ("2", other)):
        (tmp_path / f"{name}.ndjson").write_text(json.dumps({"v": value}) + "\n")
    pages = {"1": [{"v": one}], "2": [{"v": other}], "3": []}
    with serving(lambda asked: Reply(pages[asked.query["page"]])) as site:
        by_pages = outcome(f"{site.address}/rows#pages=page&private=yes")
    by_files = outcome("*.ndjson")
    assert by_files == by_pages
    assert (by_files is Invalid) == refused


def test_parquet_files_of_other_widths_and_orders_are_one_table(tmp_path: Path) -> None:
    pl.DataFrame({"n": [1], "s": ["x"]}, schema={"n": pl.Int16, "s": pl.Categorical}).write_parquet(
        tmp_path / "1.parquet"
    )
    pl.DataFrame({"s": ["y"], "n": [1 << 40]}).write_parquet(tmp_path / "2.parquet")
    source = open_source("*.parquet", base=tmp_path)
    assert read_frame(source).rows() == [(1, "x"), (1 << 40, "y")]
    assert len({batch.schema for batch in source.batches(batch_rows=1)}) == 1
    pl.DataFrame({"s": [date(2026, 1, 1)]}).write_parquet(tmp_path / "3.parquet")
    with pytest.raises(Invalid, match=r"column 's' is text in 1\.parquet and dates in 3\.parquet"):
        read_frame(source)


def test_a_pattern_without_files_says_what_there_is(tmp_path: Path) -> None:
    write(tmp_path, sales="n\n1\n")
    with pytest.raises(NotFound, match="no file matches") as caught:
        open_source("sale_*.csv", base=tmp_path)
    assert "there is sales.csv" in str(caught.value.hint)
    with pytest.raises(NotFound, match="no file matches") as caught:
        open_source("nowhere/*.csv", base=tmp_path)
    assert "no folder" in str(caught.value.hint)
    (tmp_path / "notes.docx").write_text("x")
    with pytest.raises(Invalid, match=r"notes\.docx is of no format"):
        open_source("*", base=tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("seperator=;", "unknown option 'seperator'; did you mean 'separator'"),
        ("separator=;;", "cannot separate fields"),
        ("types=n:intger", "did you mean 'integer'"),
        ("file=a&file=b", "has the option 'file' twice"),
    ],
)
def test_options_that_are_wrong_say_so(tmp_path: Path, options: str, said: str) -> None:
    write(tmp_path, a="n;m\n1;2\n")
    with pytest.raises(Invalid, match=said):
        read(tmp_path, options=options)
    assert read(tmp_path, options="separator=;").columns == ["n", "m"]
    assert read_frame(open_source("*.csv#file=f", base=tmp_path, text=TextFormat(";"))).columns == ["n", "m", "f"]


def test_the_fingerprint_is_that_of_all_files(tmp_path: Path) -> None:
    write(tmp_path, a="n\n1\n", b="n\n2\n")
    source = open_source("*.csv", base=tmp_path)
    before = source.fingerprint()
    assert open_source(source.url).fingerprint() == before
    write(tmp_path, c="n\n3\n")
    assert source.fingerprint() != before
    (tmp_path / "c.csv").unlink()
    assert source.fingerprint() == before


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root, who may read every file, is somebody else in the block."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


def test_a_file_that_may_not_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as temporary:  # not pytest's, which only its owner may enter
        folder = Path(temporary)
        folder.chmod(0o755)
        write(folder, a="n\n1\n", b="n\n1\n")
        read(folder)  # imports all that it takes, while it may
        (folder / "b.csv").chmod(0)
        with as_nobody(), pytest.raises(Unavailable, match=r"b\.csv may not be read"):
            read(folder)


def test_a_damaged_file_leaves_no_dataset(wb: Workbench, tmp_path: Path) -> None:
    write(tmp_path, a="n\n1\n", b="n\n1\n2,3\n")
    with pytest.raises(Invalid, match=r"b\.csv, line 3: 2 fields"):
        wb.datasets.load(f"{tmp_path}/*.csv", "numbers")
    assert wb.datasets.list() == []
    write(tmp_path, b="n\n2\n")
    assert wb.datasets.load(f"{tmp_path}/*.csv#file=f", "numbers").to_polars().rows() == [(1, "a.csv"), (2, "b.csv")]
