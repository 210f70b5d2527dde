"""The demo's workspace cut to two weeks, for the tests that run its pipeline for real.

The sources are made once per test process, and one run of the pipeline serves all who only look at what it left, or
change a copy: they share a worker. A workspace has its own copy of the notebooks and definitions and links to
the sources, so that a test can break what is its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ON_FLIGHTS = pytest.mark.xdist_group("flights")
TWO_WEEKS = ("-p", "start=2013-01-01", "-p", "end=2013-01-15")


@pytest.fixture(scope="session")
def flight_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds `sources/`."""
    from workbench.starters.sources import make_sources

    home = tmp_path_factory.mktemp("flights")
    make_sources(home)
    return home / "sources"


@pytest.fixture
def flights_home(flight_sources: Path, tmp_path: Path) -> Path:
    """A workspace with the demo's files and sources; nothing has run in it."""
    return make_flights_home(tmp_path / "flights", flight_sources)


@dataclass(frozen=True)
class Ran:
    """A workspace in which the pipeline has run once, which nobody changes, and how long that took."""

    home: Path
    seconds: float


@pytest.fixture(scope="session")
def ran_flights(flight_sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    home = make_flights_home(tmp_path_factory.mktemp("ran") / "flights", flight_sources)
    began = time.monotonic()
    finish(command(home, "run", "flights", *TWO_WEEKS))
    return Ran(home, time.monotonic() - began)


def make_flights_home(home: Path, sources: Path) -> Path:
    from workbench.starters import init_workspace
    from workbench.starters.workspace import copy_demo_files

    home.mkdir()
    init_workspace(home)
    copy_demo_files(home)
    (home / "sources").symlink_to(sources)
    return home


def command(home: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Starts `workbench ARGUMENTS` in a workspace, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "from workbench.cli import main; main()", "--home", str(home), *arguments],
        cwd=home,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], seconds: float = 240) -> str:
    """Waits for a command that has to succeed, and returns what it printed."""
    said, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, said
    return said


def contents(home: Path, *, ignore: Callable[[str], bool] = lambda name: False) -> dict[str, str]:
    """Each dataset's rows as a digest that does not depend on their order or on how they are cut into files."""
    from workbench import Workbench

    found: dict[str, str] = {}
    with Workbench.open(home) as wb:
        for info in wb.datasets.infos():
            if ignore(info.name):
                continue
            frame = wb.datasets.get(info.name).to_polars()
            frame = frame.select(sorted(frame.columns))
            text = frame.sort(frame.columns).write_csv()
            found[info.name] = f"{frame.height} rows {hashlib.sha256(text.encode()).hexdigest()}"
    return found


@pytest.fixture
def fresh(flights_home: Path) -> Callable[[], Path]:
    """Makes further workspaces like `flights_home`."""
    made = 0

    def make() -> Path:
        nonlocal made
        made += 1
        return make_flights_home(flights_home.with_name(f"flights-{made}"), (flights_home / "sources").resolve())

    return make


def forget(home: Path) -> None:
    shutil.rmtree(home / ".workbench", ignore_errors=True)
