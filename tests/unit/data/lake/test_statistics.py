"""What the log says of a file's values is what stands in it, and to find out loads nothing that takes long."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from workbench.data.lake.datafiles import describe

FIRST = dt.datetime(1960, 2, 3, 4, 5, 6, 789_001, dt.UTC)
LAST = dt.datetime(2024, 1, 1, 1, 2, 3, 456_789, dt.UTC)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (pl.Datetime("us", "UTC"), "1960-02-03T04:05:06.789Z", "2024-01-01T01:02:03.457Z"),
        (pl.Datetime("us"), "1960-02-03T04:05:06.789Z", "2024-01-01T01:02:03.457Z"),
        (pl.Datetime("ms", "UTC"), "1960-02-03T04:05:06.789Z", "2024-01-01T01:02:03.456Z"),
        (pl.Datetime("ns", "UTC"), "1960-02-03T04:05:06.789Z", "2024-01-01T01:02:03.457Z"),
        (pl.Date, "1960-02-03", "2024-01-01"),
    ],
    ids=str,
)
def test_times_and_dates_are_within_their_bounds(tmp_path: Path, kind: pl.DataType, low: str, high: str) -> None:
    """Over two groups of rows. The log keeps milliseconds, of which the upper one is rounded up."""
    rows = pl.DataFrame({"at": pl.Series([LAST, None, FIRST, LAST]).cast(kind)})
    rows.write_parquet(tmp_path / "rows.parquet", row_group_size=2)
    said = json.loads(describe(tmp_path / "rows.parquet", {}, data_change=True).stats)
    assert said == {"numRecords": 4, "minValues": {"at": low}, "maxValues": {"at": high}, "nullCount": {"at": 1}}


def test_a_file_with_times_is_described_without_pandas(tmp_path: Path) -> None:
    pl.DataFrame({"at": [FIRST, LAST], "day": [FIRST.date(), LAST.date()]}).write_parquet(tmp_path / "rows.parquet")
    program = (
        "import pathlib, sys\n"
        "from workbench.data.lake.datafiles import describe\n"
        "print(describe(pathlib.Path(sys.argv[1]), {}, data_change=True).stats)\n"
        "print('pandas' in sys.modules)"
    )
    asked = [sys.executable, "-c", program, str(tmp_path / "rows.parquet")]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    assert json.loads(said[0])["minValues"] == {"at": "1960-02-03T04:05:06.789Z", "day": "1960-02-03"}
    assert said[1] == "False"
