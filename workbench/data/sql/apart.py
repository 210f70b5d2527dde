"""A session in a process of its own, which can be ended whatever it is in the middle of, and takes nobody with it.

A server answers statements of people who may not end it for each other. Within one step of DuckDB nothing can be
interrupted and what functions make is not counted, so that one statement could take all memory of whoever runs it. The
process has a limit by the system on what it may hold (on Linux), and whoever asks watches it and kills it otherwise.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import IO, Any

import psutil
import pyarrow as pa

from workbench.data.sql.limits import Limits, too_large
from workbench.data.sql.session import Bound, Columns
from workbench.data.sql.statement import Statement
from workbench.foundation.errors import Invalid, Unavailable

__all__ = ["Apart"]

_START_SECONDS = 60
_START_HINT = "the server's log says why"
_MOST_IDLE = 2
_IDLE_BYTES = 400_000_000
"""A process that holds more when its statement is answered is not kept for the next one."""
_FOR_MEMORY = (-signal.SIGABRT, -signal.SIGKILL)  # what ends a process that gets no memory

_idle: list[tuple[int, subprocess.Popen[bytes]]] = []  # with the process that started them: a fork has the list, too
_lock = threading.Lock()


class Apart:
    """A session elsewhere. Errors of DuckDB and Arrow come out of it as they came out of the session there.

    Args:
        limits: Of its one statement.

    Raises:
        Unavailable: No process can be started.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process = _taken()
        self._midway = False  # what comes out of the process is no answer yet, but rows, which may be anybody's bytes
        try:
            self._asked("open", limits)
        except BaseException:
            self._process.kill()
            raise

    def parsed(self, text: str) -> Statement:
        found: Statement = self._asked("parsed", text)
        return found

    def register(self, label: str, rows: Any) -> pa.Schema:
        return self._asked("register", label, rows)

    def plan(self, text: str, bound: Bound) -> str:
        return str(self._asked("plan", text, bound))

    def columns_read(self, text: str, schemas: Mapping[str, pa.Schema], bound: Bound) -> Columns:
        found: Columns = self._asked("columns_read", text, dict(schemas), bound)
        return found

    def fetched(self, text: str, bound: Bound, check: Callable[[], None]) -> tuple[pa.Table, bool]:
        self._asked("fetched", text, bound)
        self._midway = True
        try:
            with pa.ipc.open_stream(self._answers) as stream:
                table = stream.read_all()
        except (pa.ArrowException, OSError) as error:
            check()
            raise self._ended() from error
        self._midway = False
        return table, bool(self._answer())

    def interrupt(self) -> None:
        self._process.kill()

    def memory(self) -> int:
        """Bytes that the other process holds."""
        with suppress(psutil.Error):
            return int(psutil.Process(self._process.pid).memory_info().rss)
        return 0

    def __enter__(self) -> Apart:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._midway:
            with suppress(Exception):
                self._asked("close")
                if self.memory() < _IDLE_BYTES:
                    _given_back(self._process)
                    return
        _end(self._process)

    @property
    def _answers(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def _asked(self, what: str, *given: Any) -> Any:
        _say(self._process, (what, given), self._ended)
        return self._answer()

    def _answer(self) -> Any:
        try:
            fine, said = pickle.load(self._answers)  # from a process of ours, which runs our code
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise self._ended() from error
        if not fine:
            raise said
        return said

    def _ended(self) -> Invalid:
        """Why the process is not there any more, where nobody here ended it."""
        self._process.kill()
        if self._process.wait() in _FOR_MEMORY:
            return too_large("the statement", self._limits.megabytes)
        return Invalid("the statement cannot be answered: DuckDB failed while it worked on it")


def _taken() -> subprocess.Popen[bytes]:
    """A process that is ready."""
    while True:
        with _lock:
            found = _idle.pop() if _idle else None
        if found is None:
            return _started()
        pid, process = found
        if pid != os.getpid():
            continue
        if process.poll() is None:
            return process
        _end(process)


def _given_back(process: subprocess.Popen[bytes]) -> None:
    with _lock:
        if len(_idle) < _MOST_IDLE:
            _idle.append((os.getpid(), process))
            return
    _end(process)


def _started() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench.data.sql.apart_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Arrow's own allocator takes address space ahead, which would count.
        env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"},
        start_new_session=True,  # Ctrl-C is for whoever asks
    )
    late = threading.Timer(_START_SECONDS, process.kill)
    late.start()
    try:
        assert process.stdout is not None
        pickle.load(process.stdout)
    except (EOFError, OSError, pickle.UnpicklingError) as error:
        _end(process)
        raise Unavailable("the process that answers SQL could not be started", hint=_START_HINT) from error
    finally:
        late.cancel()
    return process


def _say(process: subprocess.Popen[bytes], said: object, ended: Callable[[], Exception]) -> None:
    assert process.stdin is not None
    try:
        pickle.dump(said, process.stdin)
        process.stdin.flush()
    except OSError as error:
        raise ended() from error


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()
    process.wait()


@atexit.register
def _end_idle() -> None:
    for pid, process in _idle:
        if pid == os.getpid():
            _end(process)
    _idle.clear()
