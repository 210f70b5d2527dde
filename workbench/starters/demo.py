"""The demo: flights out of New York in 2013, from a database and files to a sealed report, and a shop's purchases."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from workbench.app import Workbench
from workbench.data.lake import DatasetInfo
from workbench.foundation.errors import Conflict, Invalid, NotFound
from workbench.foundation.settings import MARKER, find_home, load
from workbench.orchestration.pipelines import StageProgress, StageResult
from workbench.orchestration.processes import Records
from workbench.publishing.reports import ReportRun
from workbench.starters.sources import SOURCES, make_sources
from workbench.starters.workspace import copy_demo_files, init_workspace

__all__ = ["DemoResult", "reset_demo", "run_demo"]

PIPELINES = ("flights", "purchases")
REPORT = "flight-punctuality"
REPORT_STAGE = "report"
LOCK = "demo.lock"


@dataclass(frozen=True)
class DemoResult:
    """What the demo made.

    Attributes:
        seconds: Where the time went: each part by name, in the order they ran.
        next_steps: Commands worth trying now.
    """

    datasets: list[DatasetInfo]
    report: ReportRun
    seconds: Mapping[str, float]
    next_steps: list[str]


def run_demo(
    home: Path | None = None,
    *,
    on_step: Callable[[str], None] = lambda text: None,
    on_stage: Callable[[StageProgress], None] = lambda progress: None,
) -> DemoResult:
    """Makes what is missing, from the sources on: a second run finds everything done and skips it.

    Args:
        home: A workspace, or an empty folder that becomes one; by default where this process is.

    Raises:
        Invalid: The folder holds other things and is no workspace.
        Conflict: A demo is running in this workspace.
        PipelineFailed: A stage failed; the message says where and how to go on.
    """
    began = time.monotonic()
    place = _demo_home(home)
    with _alone(place):
        made = copy_demo_files(place)
        if made:
            on_step(f"workspace {place}: {len(made)} notebooks and definitions")
        sources = make_sources(place)
        if sources:
            on_step(f"sources   {', '.join(path.name for path in sources)}")
        seconds = {"prepare": time.monotonic() - began}
        with Workbench.open(place) as wb:
            done = [wb.pipelines.run(name, {}, on_progress=on_stage) for name in PIPELINES]
            stages = [stage for pipeline in done for stage in pipeline.stages]
            seconds |= {stage.stage: stage.seconds for stage in stages}
            report = _report_of(wb, stages)
            datasets = wb.datasets.infos()
        seconds["all"] = time.monotonic() - began
    return DemoResult(datasets, report, seconds, _next_steps(report))


def _report_of(wb: Workbench, stages: list[StageResult]) -> ReportRun:
    """The pipeline's own, also where somebody has run the report since then with other parameters."""
    for result in stages:
        if result.stage == REPORT_STAGE:
            return wb.reports.of(result.run.id)
    return wb.reports.latest(REPORT) or wb.reports.run(REPORT)  # somebody has changed the pipeline


def reset_demo(home: Path | None = None, *, everything: bool = False) -> None:
    """Forgets everything the workspace made: its sources, and all of its state.

    Args:
        everything: Also where the workspace holds datasets or runs that are not the demo's.

    Raises:
        NotFound: No workspace.
        Conflict: A demo is running in it; or it holds somebody's own work, which the message names.
        Invalid: Its catalog or lake lie outside of the workspace, where others may use them.
    """
    place = home.resolve() if home is not None else find_home()
    settings = load(place)
    if Records(settings.state / "processes").running():
        raise Conflict("this workspace is being served", hint="workbench serve --stop, then again")
    if (
        not settings.catalog_url.startswith(f"sqlite:///{settings.state}")
        or settings.state not in settings.lake_root.parents
    ):
        raise Invalid(
            "this workspace keeps its catalog or its lake elsewhere; a reset would not stop at the workspace",
            hint="empty them with their own tools",
        )
    with _alone(place):
        if not everything and (own := _not_of_the_demo(place)):
            raise Conflict(
                f"{place} also holds what is not the demo's: {own}",
                hint="--yes forgets that too; or run the demo in a folder of its own",
            )
        for path in sorted(settings.state.iterdir()):
            if path.name == LOCK:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        shutil.rmtree(place / SOURCES, ignore_errors=True)


def _not_of_the_demo(home: Path) -> str:
    """The datasets and runs that somebody made for themselves, in words; empty where there are none."""
    with Workbench.open(home) as wb:
        names = wb.pipelines.names()
        stages = [(name, stage) for name in PIPELINES if name in names for stage in wb.pipelines.get(name).stages]
        made = {name for _, stage in stages for name in stage.writes}
        datasets = sorted({info.name for info in wb.datasets.infos()} - made)
        ours = {*PIPELINES, REPORT, *(f"{name}/{stage.name}" for name, stage in stages)}
        runs = sorted({run.name for run in wb.runs.list(limit=10_000)} - ours)
    said = [
        f"{noun} {', '.join(found[:5])}{' and others' if len(found) > 5 else ''}"
        for noun, found in (("dataset", datasets), ("runs of", runs))
        if found
    ]
    return "; ".join(said)


def _demo_home(home: Path | None) -> Path:
    try:
        place = find_home(home)
    except NotFound:
        place = (home or Path.cwd()).resolve()
        if any(not path.name.startswith(".") for path in place.iterdir()):
            raise Invalid(
                f"{place} holds other things and is no workspace", hint="run the demo in an empty folder"
            ) from None
    if not (place / MARKER).exists():
        init_workspace(place)
    return place


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Holds the workspace's demo lock. The system frees it when this process ends, however it ends."""
    state = load(home).state
    state.mkdir(exist_ok=True)
    path = state / LOCK
    try:
        with FileLock(path, timeout=0):
            path.write_text(str(os.getpid()), encoding="utf-8")
            yield
    except Timeout:
        raise Conflict(
            f"a demo is running in {home} already, process {path.read_text(encoding='utf-8') or 'unknown'}",
            hint="wait for it to end, or end that process",
        ) from None


def _next_steps(report: ReportRun) -> list[str]:
    activate = Path(sys.prefix, "bin", "activate")
    unreachable = shutil.which("workbench") is None and activate.is_file()
    return [
        *([f"source {os.path.relpath(activate)}"] if unreachable else []),
        "workbench dataset list",
        "workbench metric query flights cancellation_rate --by carrier_name --order -cancellation_rate",
        'workbench funnel purchases purchase purchase --window "60 days" --by basket',
        'workbench sql "SELECT dest, count(*) AS flights FROM flights GROUP BY dest ORDER BY 2 DESC LIMIT 5"',
        f"workbench replay {report.run.id}",
        "jupyter lab notebooks/flights/derive.ipynb",
    ]
