from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import polars as pl
import pytest

from workbench.data.connectors import Source, TextFormat, open_source, read_frame
from workbench.foundation.errors import Invalid, NotFound


def read(path: Path, text: TextFormat | None = None) -> pl.DataFrame:
    return read_frame(open_source(path, text=text))


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


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["9999-12-31T23:59:59.999999Z", "2013-01-01T00:00:00Z", ""], pl.Datetime("us", "UTC")),
        (["1500-01-01 00:00:00.5", "2013-01-01 00:00:00"], pl.Datetime("us")),
        (["1500-01-01 00:00:00.5+02:00"], pl.Datetime("us", "UTC")),
        (["9999-12-31T23:59:59.999999Z", "2013-01-01T00:00:00"], pl.String),
        (["9999-12-31T23:59:59.999999Z", "never"], pl.String),
        (["9999-13-31T23:59:59.999999Z"], pl.String),
    ],
)
def test_times_with_a_fraction_are_times_in_any_year(tmp_path: Path, values: list[str], dtype: pl.DataType) -> None:
    path = tmp_path / "times.csv"
    path.write_text("t,n\n" + "".join(f"{value},1\n" for value in values))
    found = read(path)["t"]
    assert found.dtype == dtype
    if dtype == pl.Datetime("us", "UTC") and len(values) == 3:
        assert found[0] == dt.datetime(9999, 12, 31, 23, 59, 59, 999999, dt.UTC)
        assert found.null_count() == 1


def test_times_of_day_and_columns_without_values_are_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("clock,nothing\n05:15,\n17:40,NA\n")
    assert read(path).to_dicts() == [{"clock": "05:15", "nothing": None}, {"clock": "17:40", "nothing": None}]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (["01234", "98765"], pl.String),
        (["98765", "NA", "-007"], pl.String),
        (['"01"', "2"], pl.String),
        ([" 01", "2"], pl.String),
        (["0x1F", "0x2A"], pl.String),
        (["00.5", "1.5"], pl.String),
        (["18446744073709551615", "1"], pl.String),
        (["12345678901234567890123", ""], pl.String),
        (["-9223372036854775809", "1"], pl.String),
        (["9223372036854775807", "-9223372036854775808"], pl.Int64),
        (["0", "-1", "10"], pl.Int64),
        (["0.5", "-0.25", "1e20"], pl.Float64),
        (["0", "0.0"], pl.Float64),
    ],
    ids=str,
)
def test_numbers_that_would_lose_digits_stay_text(tmp_path: Path, values: list[str], kept: type[pl.DataType]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n,beside,v\n" + "".join(f"{number},01:30,{value}\n" for number, value in enumerate(values)))
    frame = read(path)
    assert frame.schema == {"n": pl.Int64, "beside": pl.String, "v": kept}
    if kept is pl.String:
        given = [None if value in ("", "NA") else value.strip('"') for value in values]
        assert frame["v"].to_list() == given


@pytest.mark.parametrize(("other", "said"), [(";", ";"), ("\t", "tab"), ("|", "|")])
def test_a_file_separated_by_something_else_names_it_and_is_read_with_it(tmp_path: Path, other: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"a{other}b\n1{other}2,5\n3{other}4,5\n")
    with pytest.raises(Invalid, match="are separated by") as caught:
        read(path)
    assert f"separator='{said}'" in str(caught.value.hint)
    assert f"--separator '{said}'" in str(caught.value.hint)
    assert read(path, TextFormat(said)).to_dicts() == [{"a": 1, "b": "2,5"}, {"a": 3, "b": "4,5"}]
    path.rename(tmp_path / "a.txt")
    assert read(tmp_path / "a.txt", TextFormat(said)).columns == ["a", "b"]


def test_a_file_of_one_column_is_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("tags\nx;y\nz;w\n")
    assert read(path).to_dicts() == [{"tags": "x;y"}, {"tags": "z;w"}]
    path.write_text("a;b\n1;2\n")
    assert read(path, TextFormat(",")).to_dicts() == [{"a;b": "1;2"}]


def test_a_file_is_read_in_the_encoding_it_is_said_to_have(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for encoding in ("cp1252", "latin-1", "utf-16", "utf-8", "utf-8-sig"):
        path.write_text("Stra\u00dfe,n\n\u00e4,01\n", encoding=encoding)
        assert read(path, TextFormat(encoding=encoding)).to_dicts() == [{"Stra\u00dfe": "\u00e4", "n": "01"}], encoding
    assert read(path).columns == ["Stra\u00dfe", "n"], "a mark at the beginning is no part of a name"


@pytest.mark.parametrize(
    ("content", "text", "says"),
    [
        ("Stra\u00dfe,n\nx,1\n".encode("latin-1"), None, "encoding='cp1252' in Python, --encoding cp1252"),
        ("a,n\n\u00e4,1\n".encode("latin-1"), None, "encoding='cp1252'"),
        ("a,n\nx,1\n".encode("utf-16"), None, "encoding='utf-16'"),
        ("\u00e4,n\nx,1\n".encode(), TextFormat(encoding="ascii"), "encoding='utf-8'"),
    ],
)
def test_text_of_another_encoding_says_which_it_may_be(
    tmp_path: Path, content: bytes, text: TextFormat | None, says: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=r"a\.csv, line \d: not .* text") as caught:
        read(path, text)
    assert says in str(caught.value.hint)


def test_a_separator_or_encoding_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    for wrong in ("", ";;", '"', "\n", "\u00a7"):
        with pytest.raises(Invalid, match="cannot separate fields"):
            TextFormat(wrong)
    for wrong in ("utf-9", "hex", "a\0"):
        with pytest.raises(Invalid, match="there is no encoding"):
            TextFormat(encoding=wrong)
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    for source in (tmp_path / "a.parquet", f"sqlite:///{tmp_path}/a.db", tmp_path / "a.db"):
        with pytest.raises(Invalid, match="no separator or encoding"):
            open_source(source, text=TextFormat(";"))
    (tmp_path / "a.csv").write_text("a;b\n1;2\n")
    assert read_frame(open_source((tmp_path / "a.csv").as_uri(), text=TextFormat(";"))).columns == ["a", "b"]


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
