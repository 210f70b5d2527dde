"""Loads that hold rows back: what fits is in, the rest comes in once it does, and goes with its dataset."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from workbench import Workbench
from workbench.foundation.errors import CheckFailed, Conflict, NotFound

ROWS = pl.DataFrame({"id": [1, 2, 3], "delay": [5.0, 900.0, 7.0]})
SUITE = "dataset: flights\nexpectations:\n  - {{expect: between, column: delay, max: {most}}}\n"


def expect(wb: Workbench, most: int = 100, more: str = "") -> None:
    (wb.settings.home / "expectations").mkdir(exist_ok=True)
    (wb.settings.home / "expectations" / "flights.yaml").write_text(SUITE.format(most=most) + more)


def ids(wb: Workbench) -> list[int]:
    return sorted(wb.datasets["flights"].to_polars()["id"])


def files(wb: Workbench) -> list[Path]:
    return list((wb.settings.state / "held").rglob("*.parquet"))


@pytest.mark.parametrize("mode", ["append", "upsert", "replace"])
def test_rows_that_do_not_fit_are_held_back_and_come_in_once(wb: Workbench, mode: str) -> None:
    expect(wb)
    loaded = wb.etl.load(ROWS, into="flights", key="id", mode=mode, quarantine=True)
    assert (loaded.added, ids(wb)) == (2, [1, 3])
    assert loaded.held is not None
    assert (loaded.held.rows, "1 held back" in repr(loaded)) == (1, True)
    expect(wb, most=1_000)
    assert wb.quality.held.redrive(loaded.held.id).loaded == 1
    assert ids(wb) == [1, 2, 3]
    assert (wb.quality.held.list(), files(wb)) == ([], [])


def test_a_stream_of_batches_is_screened_as_a_whole(wb: Workbench) -> None:
    expect(wb, more="  - {expect: unique, columns: id}\n")
    batches = pl.concat([ROWS, ROWS.head(1)]).to_arrow().to_batches(max_chunksize=2)
    loaded = wb.etl.load(
        pa.RecordBatchReader.from_batches(batches[0].schema, batches), into="flights", mode="append", quarantine=True
    )
    assert loaded.held is not None
    assert (loaded.held.rows, ids(wb)) == (3, [3])


def test_a_history_gets_its_rows_as_of_their_time(wb: Workbench) -> None:
    expect(wb)
    at = datetime(2024, 1, 1, tzinfo=UTC)
    loaded = wb.etl.load(ROWS, into="flights", key="id", mode="snapshot", at=at, quarantine="flights")
    expect(wb, most=1_000)
    assert loaded.held is not None
    assert wb.quality.held.redrive(loaded.held.id).loaded == 1
    rows = wb.datasets["flights"].to_polars().sort("id")
    assert rows["id"].to_list() == [1, 2, 3]
    assert set(rows["valid_from"]) == {at}


def test_what_is_expected_of_all_rows_loads_nothing(wb: Workbench) -> None:
    expect(wb, more="  - {expect: row_count, min: 10}\n")
    with pytest.raises(CheckFailed, match="at least 10 rows"):
        wb.etl.load(ROWS, into="flights", key="id", quarantine=True)
    assert (ids(wb), wb.quality.held.list()) == ([], [])


def test_held_rows_go_with_their_dataset_and_no_others(wb: Workbench) -> None:
    expect(wb)
    held = wb.etl.load(ROWS, into="flights", key="id", quarantine=True).held
    assert held is not None
    other = wb.etl.load(ROWS, into="others", key="id", quarantine="flights").held
    assert other is not None
    wb.datasets["flights"].append(ROWS.with_columns(pl.col("id") + 10))
    wb.datasets.clean("flights", keep_days=0)
    assert wb.quality.held.rows(held.id).height == 1
    wb.datasets.delete("flights")
    assert [path.stem for path in files(wb)] == [other.id]
    with pytest.raises(NotFound):
        wb.quality.held.get(held.id)
    assert [one.id for one in wb.quality.held.list()] == [other.id]


def test_files_that_a_crash_left_behind_go_when_they_are_old(wb: Workbench) -> None:
    expect(wb)
    held = wb.etl.load(ROWS, into="flights", key="id", quarantine=True).held
    assert held is not None
    (kept,) = files(wb)
    young, old = kept.with_name("0000000000aa.parquet"), kept.with_name("0000000000bb.part")
    for path in (young, old):
        path.write_bytes(b"")
    for path in (kept, old):  # however old it is, what is held stays
        os.utime(path, (time.time() - 90_000,) * 2)
    assert wb.quality.held.tidy() == 1
    assert set(kept.parent.iterdir()) == {kept, young}


def test_rows_are_not_replaced_while_somebody_tries_them_again(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.quality.batches.WAIT_SECONDS", 0.001)
    step = {"cast": {"columns": {"n": "integer"}, "on_failure": "quarantine"}}
    said = {"reads": "raw", "into": "flights", "transforms": [step]}
    wb.datasets.create("raw", pl.DataFrame({"n": ["1", "x"]}))
    (first,) = wb.transforms.apply(said).held
    wb.datasets["raw"].overwrite(pl.DataFrame({"n": ["1", "y"]}))
    with (
        wb.lake._jobs.held("redrive", first.id),
        pytest.raises(Conflict, match=f"redrive '{first.id}' is being worked on already"),
    ):
        wb.transforms.apply(said)
    assert [one.id for one in wb.quality.held.list()] == [first.id]
    (second,) = wb.transforms.apply(said).held
    assert wb.quality.held.rows(second.id)["n"].to_list() == ["y"]
    assert [one.state for one in wb.quality.held.list(every=True)] == ["held", "replaced"]
