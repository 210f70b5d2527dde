"""Killed at any moment and run again, the pipeline leaves what an undisturbed run leaves.

`make test` kills it at three of these points, each with one of the catalogs; `make test-long` at all of them with both.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from flights import ON_FLIGHTS, TWO_WEEKS, Ran, command, contents, finish

pytestmark = ON_FLIGHTS

MOMENTS = 20
# What `make test` does: early in the extract, inside a commit of it, and in the report.
FEW = {("sqlite", 3), ("sqlite", "lake.commit.after_delta@9"), ("postgresql", 17)}
FAILPOINTS = (
    "lake.commit.before_delta",
    "lake.commit.after_delta",
    "lake.commit.after_fsync",
    "lake.commit.after_delta@9",
    "lake.commit.after_fsync@12",
    "lake.commit.before_delta@14",
)


@pytest.fixture
def catalog_url(request: pytest.FixtureRequest, catalog: str) -> str:
    return "" if catalog == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def undisturbed(ran_flights: Ran) -> tuple[dict[str, str], float]:
    """What an undisturbed run leaves, and how many seconds it takes."""
    return contents(ran_flights.home), ran_flights.seconds


def _on_catalogs(points: Iterable[int | str]) -> list[object]:
    return [
        pytest.param(
            catalog,
            point,
            id=f"{catalog}-{point if isinstance(point, str) else f'moment{point}'}",
            marks=[
                *([] if (catalog, point) in FEW else [pytest.mark.long]),
                *([pytest.mark.postgres] if catalog == "postgresql" else []),
            ],
        )
        for catalog in ("sqlite", "postgresql")
        for point in points
    ]


@pytest.mark.parametrize(("catalog", "moment"), _on_catalogs(range(1, MOMENTS + 1)))
def test_killed_at_a_moment_and_run_again(
    flights_home: Path, catalog_url: str, undisturbed: tuple[dict[str, str], float], moment: int
) -> None:
    expected, seconds = undisturbed
    _use_catalog(flights_home, catalog_url)
    process = command(flights_home, "run", "flights", *TWO_WEEKS)
    time.sleep(seconds * moment / (MOMENTS + 1))
    process.send_signal(signal.SIGKILL)  # the command alone: its kernels have to notice by themselves
    process.wait()
    process.stdout.close()  # type: ignore[union-attr]
    finish(command(flights_home, "run", "flights", *TWO_WEEKS))
    assert contents(flights_home) == expected
    _audit_is_whole(flights_home)


@pytest.mark.parametrize(("catalog", "failpoint"), _on_catalogs(FAILPOINTS))
def test_killed_inside_a_commit_and_run_again(
    flights_home: Path, catalog_url: str, undisturbed: tuple[dict[str, str], float], failpoint: str
) -> None:
    expected, _ = undisturbed
    _use_catalog(flights_home, catalog_url)
    process = command(flights_home, "run", "flights", *TWO_WEEKS, WORKBENCH_FAILPOINT=failpoint)
    said, _ = process.communicate(timeout=240)
    # The stage is tried once more. Its new kernel dies as well where it gets as far; else the run succeeds by itself.
    assert "extract   tried again: " in said
    assert "Traceback" not in said
    finish(command(flights_home, "run", "flights", *TWO_WEEKS))
    assert contents(flights_home) == expected
    _audit_is_whole(flights_home)


def _use_catalog(home: Path, url: str) -> None:
    if url:
        (home / "workbench.toml").write_text(f'catalog_url = "{url}"\n')


def _audit_is_whole(home: Path) -> None:
    """Every version of every dataset has its audit entry, once."""
    from workbench import Workbench

    with Workbench.open(home) as wb:
        for info in wb.datasets.infos():
            versions = [version.number for version in wb.datasets.get(info.name).versions()]
            entries = wb.security.audit(thing=f"dataset {info.name}", limit=10_000)
            written = [entry.detail["version"] for entry in entries if "version" in entry.detail]
            assert sorted(written) == sorted(versions), info.name
        assert [run.id for run in wb.runs.list(limit=1000) if run.status == "running"] == []
