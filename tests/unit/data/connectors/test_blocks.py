"""A delimited file that is read block by block is what it is when it is read at once."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench import Workbench
from workbench.data.connectors.files.blocks import BLOCK
from workbench.data.connectors.files.delimited import TextFormat, read_delimited
from workbench.data.connectors.files.stores import File
from workbench.foundation.errors import Invalid

WHOLE = 1 << 30
VALUES = {
    "numbers": ["1", "-20", "0", "", "NA", "1.5", "1e3", "nan", "123456789012345678901", "1234567890123456789"],
    "names": ["7", "007", "-01", "+1", "0x1f", " 08", "0.5", "00:10"],
    "words": ["true", "false", "1", "0", "True", "yes", '"a, b"', '"a\nb"', '"say ""no"""', '""', "café"],
    "days": ["2026-01-02", "1500-01-02", "", "2026-13-02", "12:30", "12:30:15"],
    "times": [
        "2026-01-02T03:04:05",
        "2026-01-02 03:04:05.25",
        "9999-12-31 23:59:59.5",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.125+02:00",
        "1500-01-01T00:00:00.5Z",
        "2026-01-02",
        "",
    ],
}
# Most columns are of one or two values, so that blocks agree, or disagree in one place only.
COLUMN = st.sampled_from(list(VALUES)).flatmap(
    lambda kind: st.lists(st.sampled_from(VALUES[kind]), min_size=1, max_size=3).flatmap(
        lambda few: st.lists(st.sampled_from(few), min_size=12, max_size=12)
    )
)


def table(path: Path, block: int, text: TextFormat | None = None, as_text: tuple[str, ...] = ()) -> pa.Table:
    batches = read_delimited(File(path, path.name), ",", text or TextFormat(), as_text, block=block, batch_rows=5)
    return pa.Table.from_batches(list(batches))


def outcome(path: Path, block: int, text: TextFormat | None = None) -> object:
    try:
        found = table(path, block, text)
    except Invalid as error:
        return str(error)
    return found.schema, [[repr(value) for value in column.to_pylist()] for column in found.columns]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=st.lists(COLUMN, min_size=1, max_size=4), block=st.integers(3, 120), end=st.sampled_from(["\n", "\r\n"]))
def test_types_and_values_do_not_depend_on_the_blocks(
    tmp_path: Path, columns: list[list[str]], block: int, end: str
) -> None:
    path = tmp_path / "some.csv"
    rows = [",".join(row) for row in zip(*columns, strict=True)]
    names = [f"c{number}" for number in range(len(columns))]
    path.write_text(end.join([",".join(names), *rows]) + end, newline="")
    assert outcome(path, block) == outcome(path, WHOLE)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\n" + b"1,2\n" * 50 + b"3\n" + b"1,2\n" * 50, "line 52: 1 fields where the header has 2"),
        (b'a,b\n"x\ny",2\n' + b"1,2\n" * 50 + b"3\n", "record 53 (the header is 1)"),
        (b"a,b\n\n" + b"1,2\n" * 50 + b"3\n", "record 52 (the header is 1)"),
        (b"a,b\n" + b"1,2\n" * 50 + b"3,\xff\n" + b"1,2\n" * 50, "line 52: not UTF-8"),
        (b"a,b\n" + b"1,2\n" * 50 + b'3,"4\n' + b"1,2\n" * 50, "a quote that is opened and never closed"),
        (b"a,b\n" + b"1,2\n" * 50 + b"3,x\0y\n" + b"1,2\n" * 50, "line 52: a NUL character"),
    ],
)
def test_what_is_wrong_far_down_is_named_with_its_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    assert says in str(outcome(path, 40))
    assert outcome(path, 40) == outcome(path, WHOLE)


def test_quotes_inside_of_fields_leave_every_value_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "inches.csv"
    path.write_text("size,note\n" + '5" pipe,"two\nlines"\n6" pipe,x\n' * 20)
    found = table(path, 30)
    assert found == table(path, WHOLE)
    assert found.slice(0, 2).to_pylist() == [
        {"size": '5" pipe', "note": "two\nlines"},
        {"size": '6" pipe', "note": "x"},
    ]


def test_packed_files_and_other_encodings_come_in_blocks_too(tmp_path: Path) -> None:
    text = "städte,zahl\n" + "Århus,1\nGdańsk,2\n" * 30
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_bytes(text.encode("utf-16"))
    packed.write_bytes(gzip.compress(text.encode()))
    wanted = pl.DataFrame({"städte": ["Århus", "Gdańsk"] * 30, "zahl": [1, 2] * 30})
    for found in (table(plain, 50, TextFormat(encoding="utf-16")), table(packed, 50)):
        assert wanted.equals(pl.DataFrame(found))
    plain.write_bytes(b"a\n" + b"x\n" * 60 + b"\x81\n")
    assert "line 62: not CP1252" in str(outcome(plain, 50, TextFormat(encoding="cp1252")))
    whole = packed.read_bytes()
    packed.write_bytes(whole[: len(whole) // 2])
    assert "cannot be unpacked" in str(outcome(packed, 50))


def test_columns_that_stay_as_they_are_written_do_in_every_block(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n,t\n" + "1,2026-01-01\n" * 30)
    found = table(path, 40, as_text=("n", "t"))
    assert found.schema.types == [pa.string(), pa.string()]
    assert found.num_rows == 30


def test_numbers_that_are_names_stay_text_beside_a_line_that_no_thread_parses_alone(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"zip,said\n007," + b"x" * 5_000_000 + b"\n1,y\n")
    assert table(path, WHOLE).column("zip").to_pylist() == ["007", "1"]


@pytest.mark.parametrize("content", [b"a,b", b"\xef\xbb\xbfa,b", b"a,b\n"])
def test_a_header_alone_has_columns_and_no_rows(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "header.csv"
    path.write_bytes(content)
    for block in (3, WHOLE):
        found = table(path, block)
        assert (found.column_names, found.num_rows) == (["a", "b"], 0)


@pytest.mark.parametrize(
    ("before", "late", "kind"),
    [
        ("1", "1.5", pa.float64()),
        ("1", "007", pa.string()),
        ("1", "-007", pa.string()),
        ("1", "12345678901234567890", pa.string()),
        ("1.5", "12345678901234567890", pa.string()),
        ("1", "word", pa.string()),
        ("1", "true", pa.bool_()),
        ("7", "true", pa.string()),
        ("", "1", pa.int64()),
        ("NA", "2026-01-02", pa.date32()),
        ("2026-01-02", "word", pa.string()),
        ("2026-01-02", "2026-01-02T03:04:05", pa.timestamp("s")),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05.25", pa.timestamp("ns")),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05", pa.string()),
        ("2026-01-02T03:04:05Z", "9999-01-02T03:04:05.5+01:00", pa.timestamp("us", "UTC")),
    ],
)
def test_what_one_late_value_says_is_said_of_all_values(
    tmp_path: Path, before: str, late: str, kind: pa.DataType
) -> None:
    path = tmp_path / "late.csv"
    path.write_text("n,c\n" + f"1,{before}\n" * 60 + f"2,{late}\n")
    assert table(path, 40).schema.field("c").type == kind
    assert outcome(path, 40) == outcome(path, WHOLE)


def test_lines_are_counted_until_one_holds_no_record_or_a_quote(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    rows = b"1,2\n" * 50
    for between, says in ((b"", "line 102"), (b"\n", "record 102"), (b'"1",2\n', "record 103")):
        path.write_bytes(b"a,b\n" + rows + between + rows + b"3\n" + rows)
        assert says in str(outcome(path, 40))
        assert outcome(path, 40) == outcome(path, WHOLE)


def test_a_late_line_counts_for_a_dataset_and_one_that_is_broken_leaves_nothing(wb: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    line = b"1,2026-01-02T03:04:05Z," + b"x" * 1_000 + b"\n"
    many = BLOCK // len(line) * 2
    before = sorted(wb.settings.home.rglob("*.parquet"))
    path.write_bytes(b"n,at,said\n" + line * many + b"2,3\n")
    with pytest.raises(Invalid, match=f"line {many + 2}: 2 fields where the header has 3"):
        wb.datasets.load(path, "large")
    assert not wb.datasets.list()
    assert sorted(wb.settings.home.rglob("*.parquet")) == before
    path.write_bytes(b"n,at,said\n" + line * many + b"2.5,2026-01-02,y\n")
    found = wb.datasets.load(path, "large").to_polars()
    assert found.schema == {"n": pl.Float64, "at": pl.String, "said": pl.String}
    assert found.height == many + 1
    assert found.row(-1) == (2.5, "2026-01-02", "y")
