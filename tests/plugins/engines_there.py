"""Engines for tests: a local Dask cluster of two workers, and schedulers that a test may kill.

A cluster lives as long as the tests of a file, and goes on where the next file's first test is on Dask as well, as in
the worker that runs all of these. An idle one takes a sixth of a core, which all later tests would miss.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from waiting import wait_until

if TYPE_CHECKING:
    from workbench.compute import DaskEngine, Engine

# One of pytest's workers runs all that needs the cluster, so that it is started once.
ON_DASK = pytest.mark.xdist_group("dask")
ENGINES = (
    "local",
    "auto",
    pytest.param("dask", marks=ON_DASK),
    pytest.param("gpu", marks=pytest.mark.gpu),
    pytest.param("dask-cuda", marks=pytest.mark.gpu),
)


@pytest.fixture(scope="session")
def dask_engine() -> DaskEngine:
    """Its cluster is started when it is first asked."""
    from workbench.compute import DaskEngine

    return DaskEngine(workers=2)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    if "workbench.compute.clusters" not in sys.modules:
        return
    if nextitem is None or (item.path != nextitem.path and not _on_dask(nextitem)):
        from workbench.compute.clusters import close_clusters

        close_clusters()


def _on_dask(item: pytest.Item) -> bool:
    return any(mark == ON_DASK.mark for mark in item.iter_markers("xdist_group"))


@pytest.fixture(scope="module")
def engine_named(request: pytest.FixtureRequest) -> Callable[[str], Engine]:
    """The engine of a name; skips the test where a GPU or a package is missing, which the reason names."""
    from workbench.compute import engines, gpu

    def named(name: str) -> Engine:
        if name == "dask":
            found: Engine = request.getfixturevalue("dask_engine")
            return found
        needs = {"gpu": (), "dask-cuda": ("distributed", "dask_cuda")}
        if name in needs and (lacks := gpu.missing(*needs[name])):
            pytest.skip(f"the engine '{name}' cannot run on this machine: {lacks}")
        return engines.get(name)

    return named


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Callable[..., tuple[str, list[subprocess.Popen[bytes]]]]]:
    """Starts a real scheduler with so many workers: its address, and the processes, the scheduler's first."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*, workers: int) -> tuple[str, list[subprocess.Popen[bytes]]]:
        said = tmp_path / "scheduler.json"
        common = ["--scheduler-file", str(said), "--no-dashboard"]
        program = [sys.executable, "-m", "distributed.cli.dask_scheduler", *common, "--port", "0"]
        started.append(subprocess.Popen([*program, "--host", "127.0.0.1"], stderr=subprocess.DEVNULL))
        wait_until(lambda: said.exists() and said.read_text().endswith("}"), what="the scheduler's start")
        for _ in range(workers):
            program = [sys.executable, "-m", "distributed.cli.dask_worker", *common, "--no-nanny", "--nthreads", "1"]
            started.append(subprocess.Popen(program, stderr=subprocess.DEVNULL, cwd=tmp_path))
        return str(json.loads(said.read_text())["address"]), started

    yield start
    for process in reversed(started):
        process.kill()
        process.wait()
