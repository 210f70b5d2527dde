"""Delta tables that somebody else keeps, read as they are or as they were."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from workbench import Workbench
from workbench.data.connectors import open_source, read_frame
from workbench.foundation.errors import Invalid, NotFound, Unavailable


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Three versions, with 1, 2 and 1 rows; partitioned."""
    path = tmp_path / "orders"
    for id_, mode in ((1, "error"), (2, "append")):
        frame = pl.DataFrame({"id": [id_], "day": [f"2026-01-0{id_}"]})
        frame.write_delta(path, mode=mode, delta_write_options={"partition_by": ["day"]})  # type: ignore[call-overload]
    DeltaTable(path).delete("id = 1")
    return path


def test_a_table_is_read_at_every_version_and_time(orders: Path) -> None:
    at = {said["version"]: said["timestamp"] / 1000 for said in DeltaTable(orders).history()}
    wanted = {0: [1], 1: [1, 2], 2: [2]}
    for version, ids in wanted.items():
        assert sorted(read_frame(open_source(f"delta://{orders}#version={version}"))["id"]) == ids
        time_ = datetime.fromtimestamp(at[version], UTC).isoformat().replace("+00:00", "Z")
        assert sorted(read_frame(open_source(f"delta://{orders}#at={time_}"))["id"]) == ids
    assert read_frame(open_source("delta://orders", base=orders.parent)).to_dicts() == [{"id": 2, "day": "2026-01-02"}]


def test_a_table_with_deletion_vectors_is_read_without_the_deleted_rows(tmp_path: Path) -> None:
    rows = pl.DataFrame({"id": range(100)})
    rows.write_delta(tmp_path / "rows", delta_write_options={"configuration": {"delta.enableDeletionVectors": "true"}})
    DeltaTable(tmp_path / "rows").delete("id < 40")
    assert sorted(read_frame(open_source(f"delta://{tmp_path / 'rows'}"))["id"]) == list(range(40, 100))


def test_its_fingerprint_changes_with_its_version_only(orders: Path) -> None:
    source, old = open_source(f"delta://{orders}"), open_source(f"delta://{orders}#version=1")
    before, before_old = source.fingerprint(), old.fingerprint()
    assert before != before_old
    pl.DataFrame({"id": [3], "day": ["2026-01-03"]}).write_delta(orders, mode="append")
    assert source.fingerprint() != before
    assert old.fingerprint() == before_old


def test_a_pipeline_may_take_one_over(wb: Workbench, orders: Path) -> None:
    loaded = wb.etl.copy(f"delta://{orders}", into="orders", key="id")
    assert loaded.added == 1
    assert wb.etl.copy(f"delta://{orders}", into="orders", key="id").version == loaded.version
    assert wb.datasets["orders"].info.source == f"delta://{orders}"


@pytest.mark.parametrize(
    ("address", "error", "says"),
    [
        ("delta://ordrs", NotFound, "no Delta table .*ordrs; did you mean 'orders'"),
        ("delta://orders#version=9", NotFound, "has no version 9"),
        ("delta://orders#verson=9", Invalid, "did you mean 'version'"),
        ("delta://orders#version=-1", Invalid, "version"),
        ("delta://orders#at=2013-01-01T00:00:00Z", NotFound, "it began at"),
        ("delta://orders#at=2013-01-01T00:00:00", Invalid, "without a zone"),
        ("delta://orders#at=2013-01-01T00:00:00Z&version=1", Invalid, "a version and a time"),
        ("delta://orders#settings=aws_secret_access_key:hush", Invalid, "in clear"),
        ("delta+s3://", Invalid, "names no table"),
    ],
)
def test_what_is_not_there_or_makes_no_sense_is_said(
    orders: Path, address: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says) as caught:
        open_source(address, base=orders.parent)
    assert "hush" not in str(caught.value)


def test_a_table_whose_file_is_gone_is_said_with_its_place(orders: Path) -> None:
    for path in orders.rglob("*.parquet"):
        path.unlink()
    with pytest.raises((Invalid, Unavailable), match="orders cannot be read"):
        read_frame(open_source(f"delta://{orders}"))


def test_an_empty_table_has_its_columns(tmp_path: Path) -> None:
    pl.DataFrame(schema={"id": pl.Int64, "at": pl.Datetime("us", "UTC")}).write_delta(tmp_path / "rows")
    found = read_frame(open_source(f"delta://{tmp_path / 'rows'}"))
    assert (found.height, found.columns) == (0, ["id", "at"])
    assert found.schema["at"] == pl.Datetime("us", "UTC")
