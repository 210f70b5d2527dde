"""Looking a workspace over: is what it needs there, and does what it holds make sense."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from workbench.app import Workbench
from workbench.foundation.errors import WorkbenchError
from workbench.foundation.listing import Listing
from workbench.foundation.wording import counted
from workbench.orchestration.notebooks import lint
from workbench.publishing.reports import find_chromium

__all__ = ["Finding", "examine"]

LITTLE_SPACE = 1_000_000_000


@dataclass(frozen=True)
class Finding:
    """What one look found. A "note" is worth knowing and breaks nothing."""

    what: str
    state: Literal["ok", "note", "wrong"]
    said: str
    hint: str | None = None


def examine(home: Path | None = None) -> Iterator[Finding]:
    """Looks at one thing after the other; stops early only where nothing further can be looked at."""
    try:
        wb = Workbench.open(home)
    except WorkbenchError as error:
        yield Finding("workspace", "wrong", str(error), error.hint)
        return
    with wb:
        yield Finding("workspace", "ok", str(wb.settings.home))
        yield Finding("catalog", "ok", repr(wb.catalog))
        yield _disk(wb.settings.state)
        yield from _datasets(wb)
        yield from _metrics(wb)
        yield _look("expectations", lambda: counted(len(wb.quality.suites()), "suite"))
        yield from _each("transforms", wb.transforms.names(), wb.transforms.get, "written down")
        yield from _listed("views", wb.views.list())
        yield from _each("pipelines", wb.pipelines.names(), wb.pipelines.check, "defined")
        yield from _listed("reports", wb.reports.list())
        yield from _notebooks(wb)
        lost = wb.runs.reap()
        if lost:
            yield Finding("runs", "note", f"{len(lost)} had been left by processes that ended; marked as failed now")
        chromium, why = find_chromium(wb.settings.chromium)
        yield Finding("PDF", "ok", f"printed by {chromium}") if chromium else Finding("PDF", "note", why)


def _look(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", look())
    except WorkbenchError as error:
        return Finding(what, "wrong", str(error), error.hint)


def _each(what: str, names: Iterable[str], look: Callable[[str], object], well: str) -> Iterator[Finding]:
    """What is wrong with each of them, then how many are well."""
    good = 0
    for name in names:
        try:
            look(name)
            good += 1
        except WorkbenchError as error:
            yield Finding(what, "wrong", str(error), error.hint)
    yield Finding(what, "ok", f"{good} {well}")


def _datasets(wb: Workbench) -> Iterator[Finding]:
    yield from _each("datasets", wb.lake.names(), wb.lake.check, "readable")
    if unknown := wb.lake.unknown_folders():
        folders = "dataset folder" if len(unknown) == 1 else "dataset folders"
        yield Finding(
            "datasets",
            "note",
            f"{len(unknown)} {folders} that the catalog does not know, such as {unknown[0]}",
            "restore the catalog that knows them from a backup, or move them away; no clean-up removes them",
        )


def _listed(what: str, known: Listing[Any]) -> Iterator[Finding]:
    for said in known.problems:
        yield Finding(what, "wrong", said, f"mend the definition; the other {what} work")
    yield Finding(what, "ok", f"{len(known)} defined")


def _metrics(wb: Workbench) -> Iterator[Finding]:
    problems = list(wb.metrics.problems)
    for said in problems:
        yield Finding("metrics", "wrong", said, "mend the definition; the other metrics work")
    if len(wb.metrics) and not wb.lake.names():
        said = f"{len(wb.metrics)} defined; there is no dataset yet to hold them against"
        yield Finding("metrics", "note", said, "workbench dataset load FILE --name NAME")
        return
    misfits = list(wb.metrics.misfits())
    for said in misfits:
        yield Finding("metrics", "wrong", said, "mend the definition, or load the dataset it is of")
    if not problems and not misfits:
        yield Finding(
            "metrics", "ok", f"{len(wb.metrics)} defined, each fits its dataset" if len(wb.metrics) else "none"
        )


def _disk(state: Path) -> Finding:
    if not os.access(state, os.W_OK):
        return Finding("disk", "wrong", f"{state} cannot be written", "check who owns it")
    free = shutil.disk_usage(state).free
    said = f"{free / 1e9:.1f} GB free"
    return Finding("disk", "ok" if free > LITTLE_SPACE else "note", said, None if free > LITTLE_SPACE else "free some")


def _notebooks(wb: Workbench) -> Iterator[Finding]:
    home, paths = wb.settings.home, wb.notebooks.list()
    problems = 0
    for path in paths:
        try:
            found = [str(problem) for problem in lint(home / path)]
        except WorkbenchError as error:
            found = [str(error)]
        for said in found:
            problems += 1
            yield Finding("notebooks", "note", said.replace(f"{home}{os.sep}", ""), "keep what computes in the library")
    if not problems:
        yield Finding("notebooks", "ok", f"{len(paths)}, all thin")
