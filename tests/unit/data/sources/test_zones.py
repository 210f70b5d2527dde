"""Times of a source whose clocks are set forward and back, and do not say so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench import Workbench
from workbench.foundation.errors import Invalid

BERLIN = {"into": "log", "cursor": "at", "time_zone": "Europe/Berlin"}


def write(workspace: Path, *times: str) -> None:
    rows = [f"{number},{time}\n" for number, time in enumerate(times)]
    (workspace / "log.csv").write_text("id,at\n" + "".join(rows))


def ids(wb: Workbench) -> list[int]:
    return wb.datasets["log"].to_polars()["id"].sort().to_list()


@pytest.mark.parametrize("bounds", ["closed", "open"])
@pytest.mark.parametrize("settings", [{"mode": "append"}, {"mode": "append", "lag": "20min"}])
def test_no_row_is_lost_or_doubled_in_the_hour_that_a_clock_shows_twice(
    wb: Workbench, workspace: Path, settings: dict[str, str], bounds: str
) -> None:
    """Rows are written at 02:50 before the clock is set back, then at 02:05, at 02:55 and at 03:10 after it was."""
    times = ["2025-10-26 01:30:00", "2025-10-26 02:00:00", "2025-10-26 02:50:00"]
    write(workspace, *times)
    wb.sources.add("log", "log.csv", bounds=bounds, **settings, **BERLIN)
    wb.sources.sync("log")
    for written in range(1, 4):
        times.append(("2025-10-26 02:05:00", "2025-10-26 02:55:00", "2025-10-26 03:10:00")[written - 1])
        write(workspace, *times)
        wb.sources.sync("log")
        assert ids(wb) == list(range(3 + written))
    wb.sources.sync("log")
    assert ids(wb) == list(range(6))
    first = wb.datasets["log"].to_polars().filter(id=1)["at"].item()
    assert first == datetime(2025, 10, 26, tzinfo=UTC)  # as the clock showed it the first time


def test_a_time_that_no_clock_showed_is_named(wb: Workbench, workspace: Path) -> None:
    write(workspace, "2025-03-30 01:59:00", "2025-03-30 02:05:00", "2025-03-30 02:35:00")
    wb.sources.add("log", "log.csv", mode="append", **BERLIN)
    with pytest.raises(Invalid, match="column 'at' has the time 2025-03-30 02:05:00, and 1 more") as refused:
        wb.sources.sync("log")
    assert "UTC" in str(refused.value.hint)
    assert "log" not in wb.datasets
    wb.sources.change("log", time_zone="UTC")
    assert wb.sources.sync("log").rows == 3


def test_times_without_a_zone_are_told_of_before_anything_is_loaded(wb: Workbench, workspace: Path) -> None:
    write(workspace, "2025-03-30 01:59:00")
    wb.sources.add("log", "log.csv", into="log")
    for attempt in (wb.sources.test, wb.sources.sync):
        with pytest.raises(Invalid, match="source 'log': column 'at' has times without a time zone") as refused:
            attempt("log")
        assert "workbench source change log --time-zone" in str(refused.value.hint)


def test_a_loaded_file_says_the_doubled_hour_too(wb: Workbench, workspace: Path) -> None:
    write(workspace, "2025-10-26 02:30:00")
    wb.datasets.load("log.csv", "log", time_zone="Europe/Berlin")
    assert wb.datasets["log"].to_polars()["at"].item() == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    write(workspace, "2025-03-30 02:30:00")
    with pytest.raises(Invalid, match="column 'at' has the time 2025-03-30 02:30:00"):
        wb.datasets.load("log.csv", "other", time_zone="Europe/Berlin")
