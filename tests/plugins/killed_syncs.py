"""Syncs in processes of their own that are killed with SIGKILL, at a failpoint or from outside.

They are forked from a process that has imported the workbench and done nothing yet, as importing it takes longer than a
small sync.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

from workbench import Workbench

__all__ = ["killed_after", "killed_at"]

PRELOADED = ["killed_syncs", "workbench.app", "psycopg", "adbc_driver_postgresql.dbapi", "pymysql", "redis", "httpx"]
LONGEST = 120


def killed_at(home: Path, moments: Mapping[str, str]) -> None:
    """Syncs sources, all at once, each of which kills its process when it gets to its failpoint; all of them must."""
    started = {name: _started(home, name, moment) for name, moment in moments.items()}
    for name, (process, _) in started.items():
        process.join(LONGEST)
        assert process.exitcode == -signal.SIGKILL, f"{name} ended with {process.exitcode}, not at {moments[name]}"


def killed_after(home: Path, name: str, seconds: float) -> bool:
    """Syncs a source and kills its process so long after it began; says whether it was still at work."""
    process, begun = _started(home, name, "")
    assert begun.wait(LONGEST)
    time.sleep(seconds)
    process.kill()
    process.join(LONGEST)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == -signal.SIGKILL


def _started(home: Path, name: str, moment: str) -> tuple[BaseProcess, Event]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    begun = context.Event()
    process = context.Process(target=_sync, args=(home, name, moment, begun))
    process.start()
    return process, begun


def _sync(home: Path, name: str, moment: str, begun: Event) -> None:
    os.environ["WORKBENCH_FAILPOINT"] = moment
    os.chdir(home)
    with Workbench.open(home) as wb:
        begun.set()
        wb.sources.sync(name)
