"""What a large file takes of memory while it is looked at and loaded, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench import Workbench

LOADING = """
import resource, sys
from workbench import Workbench

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000

wb = Workbench.open(sys.argv[1])
for name in sys.argv[2:]:
    with open(name, "rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        upload = wb.uploads.start(name, size).id
        with wb.uploads.receive(upload) as part:
            while piece := file.read(1 << 20):
                part.write(piece)
    wb.uploads.preview(upload)
    wb.uploads.load(upload, name.rpartition("/")[2].partition(".")[0])
    print(peak())
"""
ROW = '{"id": %d, "zip": %d, "amount": %d.5, "when": "2024-01-01", "text": "a line of words that repeats in every row"}'


def written(path: Path, size: int) -> int:
    """Writes about so many bytes of JSON, as the ending says; returns how many rows."""
    lines, listed = path.suffix == ".ndjson", path.suffix == ".json"
    rows = size // len(ROW % (10_000, 1000, 1000))
    with path.open("w") as file:
        file.write("[" if listed else "")
        for row in range(rows):
            file.write(("," if listed and row else "") + ROW % (row, row % 9000, row % 700))
            file.write("\n" if lines else "")
        file.write("]" if listed else "")
    return rows


@pytest.mark.parametrize(
    ("ending", "megabytes"),
    [
        ("ndjson", 60),
        pytest.param("ndjson", 300, marks=pytest.mark.long),
        pytest.param("json", 300, marks=pytest.mark.long),
    ],
)
def test_a_large_file_takes_bounded_memory(wb: Workbench, tmp_path: Path, ending: str, megabytes: int) -> None:
    """Beyond what one of 20 MB takes: 150 MB at most, whatever there is of it."""
    warm, large = tmp_path / f"warm.{ending}", tmp_path / f"large.{ending}"
    written(warm, 20_000_000)
    rows = written(large, megabytes * 1_000_000)
    asked = [sys.executable, "-c", LOADING, str(wb.settings.home), str(warm), str(large)]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    before, after = map(int, ended.stdout.split())
    assert wb.datasets["large"].info.rows == rows
    assert after - before < 150, f"{megabytes} MB took {after - before} MB more than 20 MB did ({before} MB)"
