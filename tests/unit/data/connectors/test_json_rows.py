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
from workbench.data.connectors.files import json_rows
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
        patched.setattr(json_rows, "BLOCK", block)
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


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.ndjson", '{"n": 1}\n' * 50 + '{"n": \n' + '{"n": 1}\n' * 50, "a.ndjson, line 51 cannot be read"),
        ("a.ndjson", '{"n": 1}\n' * 50 + "\n\n7\n", "a.ndjson, line 53 cannot be read"),
        (
            "a.json",
            "[" + '{"n": 1},' * 50 + '{"n": },{"n": 1}]',
            "a.json, row 51 cannot be read as JSON: Expecting value",
        ),
        ("a.json", "[" + '{"n": 1},' * 50 + "7]", "row 51 cannot be read as JSON: '7' where an object should begin"),
        ("a.json", "[" + '{"n": 1},' * 50, "row 51 cannot be read as JSON: it ends early"),
        ("a.json", "[" + '{"n": 1},' * 50 + '{"n": "cut', "row 51 cannot be read as JSON: Unterminated string"),
        ("a.json", "[" + '{"n": 1},' * 50 + '{"n": 1}] more', "something behind the list's end"),
        ("a.json", "[" + '{"n": 1},' * 50 + '{"n": NaN}]', "NaN is no JSON"),
        ("a.json", "[" + '{"n": 1},' * 50 + '{"n": ' + "[" * 100_000, "row 51 cannot be read as JSON: "),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, name: str, content: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    frame, error = read(path, 64)
    assert frame is None
    assert said in error


def test_a_row_without_an_end_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "LONGEST", 1_000)
    lines, listed = tmp_path / "a.ndjson", tmp_path / "a.json"
    lines.write_text('{"n": 1}\n{"n": "' + "x" * 10_000)
    listed.write_text('[{"n": 1}, {"n": "' + "x" * 10_000)
    assert "line 2: it is longer than 1,000 bytes" in read(lines, 64)[1]
    assert "row 2: it is longer than 1,000 bytes" in read(listed, 64)[1]
