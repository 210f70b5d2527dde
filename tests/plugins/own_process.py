"""Work on a workspace in processes of its own, which kill themselves with SIGKILL at a failpoint, are held up there, or
are killed from outside.

They are forked from a process that has imported the workbench and done nothing yet, as importing it takes longer than
most of what they do.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import psutil
from waiting import wait_until

from workbench import Workbench
from workbench.foundation import failpoints
from workbench.foundation.errors import WorkbenchError

__all__ = ["OwnProcess", "killed"]

PRELOADED = ["own_process", "workbench.app", "psycopg", "adbc_driver_postgresql.dbapi", "pymysql", "redis", "httpx"]
LONGEST = 120


class OwnProcess:
    """A process that works, from now on; where it is the context of a block, at the longest to the block's end.

    Args:
        work: Python, in which `wb` is the workspace as its owner has it, and the current folder is its folder.
        moment: The failpoint that the process kills itself at: `lake.commit.after_delta@2`.
        held: It stops there instead, as a process of a machine that sleeps, until it is told to go on.
    """

    def __init__(self, home: Path, work: str, moment: str = "", *, held: bool = False) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self._begun = context.Event()
        self._heard, told = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(home, work, moment, held, self._begun, told))
        self._process.start()
        told.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()
        self.ended()

    def begun(self) -> None:
        """Waits until the workspace is open and the work begins."""
        assert self._begun.wait(LONGEST)

    def held(self) -> None:
        """Waits until it is held up."""
        process = psutil.Process(self._process.pid)
        wait_until(lambda: process.status() == psutil.STATUS_STOPPED, what="the moment at which it is held up")

    def go_on(self) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()

    def ended(self) -> int:
        """Waits for its end; the exit code, negative for a signal."""
        self._process.join(LONGEST)
        assert self._process.exitcode is not None, f"it did not end within {LONGEST} seconds"
        return self._process.exitcode

    def refusal(self) -> str:
        """Waits for its end; the error of the workbench that it ended with, its kind first, or an empty text."""
        said = self._heard.recv() if self._heard.poll(LONGEST) else ""
        self.ended()
        return str(said)


def killed(home: Path, work: str, moment: str) -> None:
    """Does work in a process that gets to a failpoint and kills itself there."""
    code = OwnProcess(home, work, moment).ended()
    assert code == -signal.SIGKILL, f"it ended with {code}, not at {moment}"


def _work(home: Path, work: str, moment: str, held: bool, begun: object, told: Connection) -> None:
    os.environ["WORKBENCH_FAILPOINT"] = moment
    if held:
        failpoints.signal = SimpleNamespace(SIGKILL=signal.SIGSTOP)
    os.chdir(home)
    with Workbench.open(home) as wb:
        begun.set()
        try:
            exec(work, {"wb": wb})
        except WorkbenchError as error:
            told.send(f"{type(error).__name__}: {error}")
            raise
        told.send("")
