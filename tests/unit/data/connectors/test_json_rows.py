"""JSON that is read block by block: the same rows as read whole, and what is wrong with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data.connectors import open_source, read_frame
from workbench.data.connectors.files import json_blocks
from workbench.foundation.errors import Invalid

SCALARS = st.none() | st.integers(-(2**40), 2**40) | st.floats(-1e6, 1e6) | st.text(max_size=6)
LISTS = st.none() | st.lists(st.integers(0, 9), max_size=3)
OBJECTS = st.none() | st.fixed_dictionaries({}, optional={"x": st.integers(0, 9)})
KEPT = {
    "a": st.none() | st.integers(-9, 9),
    "b": st.none() | st.integers(0, 9) | st.floats(0, 9),
    "c": st.text(max_size=9),
}
# Booleans, lists and objects are mixed with nothing else: what that is depends on which Polars sees first.
ROWS = st.sampled_from([SCALARS, st.none() | st.booleans(), LISTS, OBJECTS]).flatmap(
    lambda kind: st.lists(st.fixed_dictionaries(KEPT, optional={"d": kind}), min_size=1, max_size=20)
)


def read(path: Path, block: int) -> tuple[pl.DataFrame | None, str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_blocks, "BLOCK", block)
        try:
            return read_frame(open_source(path)), ""
        except Invalid as error:
            return None, str(error)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, pretty=st.booleans(), block=st.integers(5, 300))
def test_blocks_are_read_as_the_whole_is(tmp_path: Path, rows: list[dict[str, Any]], pretty: bool, block: int) -> None:
    lines, listed = tmp_path / "rows.ndjson", tmp_path / "rows.json"
    lines.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    listed.write_text(json.dumps(rows, indent=2 if pretty else None, ensure_ascii=False), encoding="utf-8")
    for path in (lines, listed):
        whole, _ = read(path, 1 << 24)
        parts, _ = read(path, block)
        assert whole is not None
        assert parts is not None
        assert set(parts.columns) == set(whole.columns)
        same = parts.select(whole.columns)  # where it first stands, a column is; of a whole file Polars decides
        assert same.schema == whole.schema
        assert same.equals(whole)


N = '{"n": 1}'
"""A row, of which fifty stand before what is wrong."""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"{N}\n" * 50 + '{"n": \n' + f"{N}\n" * 50, "a.ndjson, line 51, character 7: no JSON: expecting value"),
        (f"{N}\n" * 50 + "\n\n7\n", "a.ndjson, line 53: a whole number where an object should be"),
        (f"{N}\n" * 50 + "null\n", "a.ndjson, line 51: null where an object should be"),
        (f"{N}\n" * 50 + '{"n": NaN}\n', "a.ndjson, line 51: NaN, which is no number in JSON"),
        (f"{N}\n" * 50 + '{"n": 1e400}\n', "a.ndjson, line 51: 1e400 is a larger number than there is one"),
        (f"{N}\n" * 50 + '{"n": "\\ud800"}\n', "a.ndjson, line 51, column 'n': half of a character"),
        (f"{N}\n" * 50 + '{"n": ' + "[" * 5_000 + "]" * 5_000 + "}\n", "a.ndjson, line 51 is nested too deeply"),
        (f"{N}\n" * 50 + '{"n": ' + "[ " * 5_000 + "] " * 5_000 + "}\n", "a.ndjson, line 51 is nested too deeply"),
        (f"{N}\n" * 50 + '{"n": "\udcff"}\n', "a.ndjson, line 51: not UTF-8 text"),
        (f"{N}\n" * 50 + '{"n\\u0000": 1}\n', "the column name 'n\\x00' has a NUL character"),
        (f"{N}\n" * 50 + '{"m": [9223372036854775808]}\n', "column 'm': a whole number beyond 64 bits within a list"),
        (f"{N}\n" * 50 + f'{{"n": 1{"0" * 45}}}\n', "a.ndjson, line 51 cannot be read as newline-delimited JSON: "),
        ("[" + f"{N}," * 50 + '{"n": },{"n": 1}]', "a.json, row 51, line 1, character 458: no JSON: expecting"),
        ("[" + f"{N},\n" * 50 + '{"n":\n }]', "a.json, row 51, line 52, character 2: no JSON: expecting value"),
        ("[" + f"{N},\n" * 50 + "7]", "a.json, row 51: a whole number where an object should be"),
        ("[" + f"{N},\n" * 50 + "null]", "a.json, row 51: null where an object should be"),
        ("[" + f"{N}," * 50, "a.json, row 51, line 1, character 452: no JSON: expecting value"),
        ("[" + f"{N}," * 50 + N, "a.json, row 51, line 1, character 460: no JSON: expecting ',' delimiter"),
        ("[" + f"{N}," * 50 + f"{N} {N}]", "a.json, row 51, line 1, character 461: no JSON: expecting ',' delimiter"),
        ("[" + f"{N}," * 50 + '{"n": "cut', "a.json, row 51, line 1, character 458: no JSON: unterminated string"),
        ("[" + f"{N}," * 50 + f"{N}] more", "a.json, row 51, line 1, character 462: no JSON: extra data"),
        ("[" + f"{N},\n" * 50 + '{"n":\n NaN}]', "a.json, row 51, line 52: NaN, which is no number in JSON"),
        ("[" + f"{N},\n" * 50 + '{"n":\r\n\t1e400}]', "a.json, line 52: 1e400 is a larger number than there is one"),
        ("[" + f"{N},\n" * 50 + '{"n": "\\ud800"}]', "a.json, row 51, column 'n': half of a character"),
        ("[" + f"{N}," * 50 + '{"n": ' + "[" * 100_000, "a.json, row 51 is nested too deeply"),
        ("[" + f"{N}," * 50 + '{"n": ' + "[" * 800 + "]" * 800 + "}]", "a.json, row 51 is nested too deeply"),
        ("[" + f"{N},\n" * 50 + '{"n": "\udcff"}]', "a.json, line 51: not UTF-8 text"),
        ("[" + f"{N}," * 50 + '{"n\\u0000": 1}]', "the column name 'n\\x00' has a NUL character"),
        ("[" + f"{N}," * 50 + '{"m": {"x": 9223372036854775808}}]', "column 'm': a whole number beyond 64 bits within"),
        ("<!DOCTYPE html><html>" + "x" * 500, "a.json is a web page (HTML), and no JSON"),
        ("\n" * 500, "a.json, line 501, character 1: no JSON: expecting value"),
    ],
    ids=lambda value: value[-40:],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / ("a.ndjson" if content.startswith("{") else "a.json")
    path.write_bytes(content.encode("utf-8", errors="surrogateescape"))
    frame, error = read(path, 64)
    assert frame is None
    assert said in error


@pytest.mark.parametrize("block", [64, 1 << 24])
def test_lines_without_anything_are_no_rows(tmp_path: Path, block: int) -> None:
    (tmp_path / "a.ndjson").write_text(" \n" * 500)
    assert (
        "a.ndjson cannot be read as newline-delimited JSON: no line has anything in it"
        in read(tmp_path / "a.ndjson", block)[1]
    )


def test_what_is_cut_short_is_said_to_be(tmp_path: Path) -> None:
    for name, content in {"a.json": "[" + f"{N}," * 50 + '{"n": ', "a.ndjson": f"{N}\n" * 50 + '{"n": '}.items():
        (tmp_path / name).write_text(content)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(json_blocks, "BLOCK", 64)
            with pytest.raises(Invalid) as caught:
                read_frame(open_source(tmp_path / name))
        assert caught.value.hint == "it may be cut short; fetch it again"


@pytest.mark.parametrize("block", [64, 1 << 24])
def test_whole_numbers_beyond_64_bits_are_text_wherever_they_stand(tmp_path: Path, block: int) -> None:
    numbers = [1] * 50 + [2**63, -(2**70)] + [2] * 50
    lines, listed = tmp_path / "a.ndjson", tmp_path / "a.json"
    lines.write_text("".join(f'{{"n": {number}}}\n' for number in numbers))
    listed.write_text(json.dumps([{"n": number} for number in numbers]))
    for path in (lines, listed):
        frame, error = read(path, block)
        assert frame is not None, error
        assert frame["n"].to_list() == [str(number) for number in numbers]


@pytest.mark.parametrize("block", [64, 1 << 24])
def test_a_byte_order_mark_is_passed_over(tmp_path: Path, block: int) -> None:
    lines, listed = tmp_path / "a.ndjson", tmp_path / "a.json"
    lines.write_text(f"\ufeff{N}\n" + f"{N}\n" * 50, encoding="utf-8")
    listed.write_text(f"\ufeff[{N}" + f",{N}" * 50 + "]", encoding="utf-8")
    for path in (lines, listed):
        frame, error = read(path, block)
        assert frame is not None, error
        assert frame["n"].to_list() == [1] * 51


def test_a_row_without_an_end_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_blocks, "LONGEST", 1_000)
    lines, listed = tmp_path / "a.ndjson", tmp_path / "a.json"
    lines.write_text('{"n": 1}\n{"n": "' + "x" * 10_000)
    listed.write_text('[{"n": 1}, {"n": "' + "x" * 10_000)
    assert "line 2: it is longer than 1,000 bytes" in read(lines, 64)[1]
    assert "row 2: it is longer than 1,000 bytes" in read(listed, 64)[1]
