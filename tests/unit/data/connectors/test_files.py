from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import polars as pl
import pytest

from workbench.data.connectors import Source, open_source, read_frame
from workbench.foundation.errors import Invalid, NotFound


def read(path: Path) -> pl.DataFrame:
    return read_frame(open_source(path))


def test_a_csv_gets_its_types_from_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "flights.csv"
    path.write_text(
        "n,x,day,time,text,late\n" + "1,1,2013-01-01,2013-01-01T06:00:00Z,a,true\n" * 5000 + "NA,1.5,,,NA,\n"
    )
    frame = read(path)
    assert frame.schema == {
        "n": pl.Int64,
        "x": pl.Float64,
        "day": pl.Date,
        "time": pl.Datetime("us", "UTC"),
        "text": pl.String,
        "late": pl.Boolean,
    }
    assert frame.row(-1) == (None, 1.5, None, None, None, None)
    assert frame["time"][0] == dt.datetime(2013, 1, 1, 6, tzinfo=dt.UTC)


def test_a_number_that_turns_into_text_late_makes_the_column_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n\n" + "1\n" * 100_000 + "x\n")
    assert read(path).schema == {"n": pl.String}


def test_times_of_day_and_columns_without_values_are_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("clock,nothing\n05:15,\n17:40,NA\n")
    assert read(path).to_dicts() == [{"clock": "05:15", "nothing": None}, {"clock": "17:40", "nothing": None}]


def test_a_file_is_read_packed_and_tab_separated(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress(b"a\tb\n1\tx y\n"))
    assert read(path).to_dicts() == [{"a": 1, "b": "x y"}]


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n")
    frame = read(path)
    assert frame.columns == ["a", "b"]
    assert frame.height == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n3\n", "line 3: 1 fields where the header has 2"),
        (b"a,b\n1,2\n3,4,5\n", "line 3: 3 fields where the header has 2"),
        (b'a,b\n1,"x\ny"\n3,4,5\n', "record 3 (the header is 1)"),
        (b'a,b\n1,"x\n', "a quote that is opened and never closed"),
        (b"a,b\n1,x\n2,\xff\xfe\n", "line 3: not UTF-8"),
        (b"a,a\n1,2\n", "more than one column named 'a'"),
    ],
)
def test_a_broken_csv_says_where(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid) as caught:
        read(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "flights.csv").write_text("a\n1\n")
    with pytest.raises(NotFound, match=r"did you mean 'flights\.csv'") as caught:
        open_source("flihgts.csv", base=tmp_path)
    assert caught.value.hint


def test_a_folder_and_an_unknown_ending_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is a folder"):
        open_source(tmp_path)
    (tmp_path / "a.docx").write_text("x")
    with pytest.raises(Invalid, match="no format") as caught:
        open_source(tmp_path / "a.docx")
    assert ".parquet" in (caught.value.hint or "")


def test_parquet_json_and_ndjson_give_the_same_rows(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, None, 3], "b": ["x", None, "z"]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_json(tmp_path / "a.json")
    frame.write_ndjson(tmp_path / "a.ndjson")
    for name in ("a.parquet", "a.json", "a.ndjson"):
        assert read(tmp_path / name).equals(frame), name


def test_an_empty_parquet_file_keeps_its_columns(tmp_path: Path) -> None:
    pl.DataFrame(schema={"a": pl.Int32}).write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").schema == {"a": pl.Int32}


@pytest.mark.parametrize("name", ["a.parquet", "a.json", "a.ndjson"])
def test_a_file_cut_short_is_one_sentence(tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame({"a": list(range(1000))})
    path = tmp_path / name
    {"a.parquet": frame.write_parquet, "a.json": frame.write_json, "a.ndjson": frame.write_ndjson}[name](path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 - 2])
    with pytest.raises(Invalid) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_takes_no_query(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    source = open_source("a.csv", base=tmp_path)
    assert isinstance(source, Source)
    assert source.tables() == ["a"]
    with pytest.raises(Invalid, match="takes no query"):
        list(source.batches(query="SELECT 1"))
    with pytest.raises(NotFound, match="no table 'b'"):
        list(source.batches(table="b"))


def test_the_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    source = open_source(path.as_uri())
    before = source.fingerprint()
    assert before == source.fingerprint() != ""
    path.write_text("a\n12\n")
    assert source.fingerprint() != before
