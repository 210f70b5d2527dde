"""Files that several parts have rows in, read once for all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from every_analysis import SAMPLES

from workbench.compute import SUBJECT_HASH, LocalEngine, Part, Parts, sharing
from workbench.compute.model import partial_plan
from workbench.compute.projection import columns_taken

LOWEST, HIGHEST = -(2**63), 2**63 - 1


class Total:
    """What each subject spent, one kind of row apart."""

    name = "total"
    by_subject = True
    ordered = False

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.filter(pl.col("kind") != "gift").group_by(SUBJECT_HASH).agg(pl.col("x").sum())

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        return partials.sort(SUBJECT_HASH)


ROWS = pl.DataFrame(
    {
        SUBJECT_HASH: [None, LOWEST, -5, -5, -1, 0, 3, 3, 9, HIGHEST],
        "kind": ["buy", "buy", "gift", "buy", "buy", "buy", "gift", "buy", "buy", "buy"],
        "x": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
        "note": ["long"] * 10,
    }
)
EXPECTED = [(LOWEST, 2), (-5, 8), (-1, 16), (0, 32), (3, 128), (9, 256), (HIGHEST, 512)]


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    """Two runs across both parts, and between them one that is the second part's alone."""
    runs = {"first": ROWS[::2], "own": ROWS.filter(pl.col(SUBJECT_HASH) == 3), "last": ROWS[1::2]}
    runs |= {name: rows.filter(pl.col(SUBJECT_HASH).ne_missing(3)) for name, rows in runs.items() if name != "own"}
    for name, rows in runs.items():
        rows.write_parquet(tmp_path / f"{name}.parquet", row_group_size=2)
    first, own, last = (str(tmp_path / f"{name}.parquet") for name in ("first", "own", "last"))
    part = Part(schema=dict(ROWS.schema), sorted=True, rows=5)
    lower = replace(part, files=(first, last), hashes=(LOWEST, -1))
    return Parts((lower, replace(part, files=(first, own, last), hashes=(0, HIGHEST))), by_subject=True)


def test_the_result_is_that_of_the_files(parts: Parts) -> None:
    assert LocalEngine().run(Total(), parts).frame.rows() == EXPECTED


def test_each_part_has_its_rows_in_memory_and_the_order_of_its_files(parts: Parts) -> None:
    read = sharing.read_once(Total(), parts)
    for before, after in zip(parts.parts, read.parts, strict=True):
        assert after.files == before.files
        taken = [SUBJECT_HASH, "kind", "x"]
        assert after.lazy().select(taken).collect().rows() == before.lazy().select(taken).collect().rows()
    assert [sorted(map(len, part.read.values())) for part in read.parts] == [[2, 2], [1, 2]]


def test_only_the_columns_that_the_analysis_takes_are_read(parts: Parts) -> None:
    part = sharing.read_once(Total(), parts).parts[0]
    assert [frame.columns for frame in part.read.values()] == [[SUBJECT_HASH, "kind", "x"]] * 2
    assert part.lazy().collect_schema() == ROWS.schema


def test_a_column_that_was_not_read_is_not_taken_for_missing_values(parts: Parts) -> None:
    part = sharing.read_once(Total(), parts).parts[0]
    with pytest.raises(AssertionError, match="was not read"):
        part.lazy().select("note").collect()


def test_a_plan_that_looks_at_the_rows_twice_has_the_columns_of_both() -> None:
    (sample,) = (one for one in SAMPLES if one.name == "subjects of retention: recurring, on")
    part = Part(schema={**sample.rows.schema, SUBJECT_HASH: pl.Int64()}, sorted=True)
    taken = columns_taken(part, lambda bare: partial_plan(sample.analysis, bare, compiled=True))
    assert taken == {SUBJECT_HASH, "user", "event", "time"}


def test_a_column_that_a_file_lacks_is_null_there(parts: Parts, tmp_path: Path) -> None:
    path = tmp_path / "first.parquet"
    pl.read_parquet(path).drop("x").write_parquet(path)
    older = replace(parts, parts=tuple(replace(part, uniform=False) for part in parts.parts))
    of_last = {row[0] for row in pl.read_parquet(tmp_path / "last.parquet").rows()} | {3}
    expected = [(who, spent if who in of_last else 0) for who, spent in EXPECTED]
    assert LocalEngine().run(Total(), older).frame.rows() == expected


@pytest.mark.parametrize("change", [{"sorted": False}, {"plan": ROWS.lazy(), "files": ()}, {"hashes": None}])
def test_parts_of_other_rows_are_left_as_they_are(parts: Parts, change: dict[str, object]) -> None:
    other = replace(parts, parts=(replace(parts.parts[0], **change), *parts.parts[1:]))  # type: ignore[arg-type]
    assert sharing.read_once(Total(), other) is other


def test_files_of_more_than_memory_is_spent_on_are_left(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST_BYTES", 100)
    assert sharing.read_once(Total(), parts) is parts
