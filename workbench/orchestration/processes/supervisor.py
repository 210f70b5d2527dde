"""Starts processes, looks after them, and ends them all when it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

import psutil

from workbench.foundation.errors import Conflict
from workbench.foundation.observability import logger
from workbench.orchestration.processes.kinds import ProcessKind
from workbench.orchestration.processes.records import Record, Records

__all__ = ["Event", "State", "Supervisor", "healthy"]

TICK_SECONDS = 0.2
HEALTH_SECONDS = 5.0
START_SECONDS = 90.0
UNHEALTHY_LOOKS = 3
LONGEST_PAUSE = 60.0
SETTLED_SECONDS = 60.0
PATIENCE = 10.0  # between asking a process to end and killing it
LOG_BYTES = 20_000_000
# What a server must not take over from whoever happens to start it.
_NOT_PASSED_ON = ("WORKBENCH_RUN_ID", "WORKBENCH_REPLAY_OF", "WORKBENCH_TOKEN", "WORKBENCH_HOME")
# Never through a proxy: what is asked runs on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class State(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"  # before it is started again
    STOPPED = "stopped"


@dataclass(frozen=True)
class Event:
    """Something that happened to a process.

    Attributes:
        url: Where it is reached; empty for a process that nobody reaches.
        why: What made it stop, in a sentence; empty otherwise.
    """

    name: str
    state: State
    url: str = ""
    why: str = ""


@dataclass
class _Watched:
    kind: ProcessKind
    url: str
    command: Sequence[str]
    log: Path
    state: State = State.STOPPED
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0
    looked: float = 0.0
    unhealthy: int = 0
    failures: int = 0
    again: float = 0.0


class Supervisor:
    """Runs one process of each kind, restarts what ends or does not answer, and pauses longer after each failure.

    Args:
        home: The workspace that they serve.
        state: Its state folder: records go to `processes/`, what they print to `logs/`.
        host: The address they listen on.
        ports: The port of each kind that has one, by its name.
        on_event: Called when a process changes its state.
    """

    def __init__(
        self,
        home: Path,
        state: Path,
        wanted: Sequence[ProcessKind],
        *,
        host: str,
        ports: dict[str, int],
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self._home = home
        self._host = host
        self._ports = ports
        self._records = Records(state / "processes")
        self._logs = state / "logs"
        self._on_event = on_event
        shown = f"[{host}]" if ":" in host else host
        self._watched = [
            _Watched(
                kind,
                "" if kind.port is None else f"http://{shown}:{ports[kind.name]}",
                kind.command(home, host, ports.get(kind.name)),
                self._logs / f"{kind.name}.log",
            )
            for kind in wanted
        ]

    def run(self, until: threading.Event) -> None:
        """Keeps them running until told otherwise, then ends them.

        Raises:
            Conflict: A port is taken; nothing was started.
        """
        for each in self._watched:
            if each.kind.port is not None:
                _check_free(self._host, self._ports[each.kind.name], each.kind.name)
        self._logs.mkdir(parents=True, exist_ok=True)
        try:
            while not until.is_set():
                for each in self._watched:
                    self._look_after(each)
                until.wait(TICK_SECONDS)
        finally:
            self._end()

    def _look_after(self, each: _Watched) -> None:
        now = time.monotonic()
        if each.process is None:
            if now >= each.again:
                self._start(each)
            return
        code = each.process.poll()
        if code is not None:
            self._failed(each, f"it ended with code {code}; see {each.log}")
            return
        if each.kind.port is None or not each.kind.health:
            if each.state is State.STARTING:
                self._tell(each, State.RUNNING)
        elif each.state is State.STARTING:
            if healthy(each.url + each.kind.health):
                each.looked, each.unhealthy = now, 0
                self._tell(each, State.RUNNING)
            elif now - each.since > START_SECONDS:
                self._failed(each, f"it did not answer within {START_SECONDS:.0f} s; see {each.log}")
        elif now - each.looked > HEALTH_SECONDS:
            each.looked = now
            each.unhealthy = 0 if healthy(each.url + each.kind.health) else each.unhealthy + 1
            if each.unhealthy >= UNHEALTHY_LOOKS:
                self._failed(each, f"it did not answer {UNHEALTHY_LOOKS} times; see {each.log}")
        if now - each.since > SETTLED_SECONDS:
            each.failures = 0

    def _start(self, each: _Watched) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
        environment["WORKBENCH_HOME"] = str(self._home)
        starter = [sys.executable, "-m", "workbench.orchestration.processes.child", str(os.getpid())]
        with ExitStack() as held:
            log = held.enter_context(_log(each.log))
            each.process = subprocess.Popen(
                [*starter, *each.command[2:]],
                cwd=self._home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C on the terminal is the supervisor's; it ends them in order
            )
        each.since = each.looked = time.monotonic()
        with suppress(psutil.NoSuchProcess):
            self._records.write(Record.of(each.kind.name, each.process.pid, each.url))
        self._tell(each, State.STARTING)

    def _failed(self, each: _Watched, why: str) -> None:
        self._end_one(each)
        each.failures += 1
        each.again = time.monotonic() + min(2.0 ** (each.failures - 1), LONGEST_PAUSE)
        logger("processes").warning(f"{each.kind.name} is started again: {why}")
        self._tell(each, State.WAITING, why)

    def _end(self) -> None:
        for each in self._watched:
            if each.process is not None and each.process.poll() is None:
                each.process.terminate()
        for each in self._watched:
            self._end_one(each)
            self._tell(each, State.STOPPED)

    def _end_one(self, each: _Watched) -> None:
        if each.process is None:
            return
        with suppress(psutil.NoSuchProcess):
            Record.of(each.kind.name, each.process.pid).end(patience=PATIENCE)
        each.process.wait()
        each.process = None
        self._records.remove(each.kind.name)

    def _tell(self, each: _Watched, state: State, why: str = "") -> None:
        if state is not each.state:
            each.state = state
            self._on_event(Event(each.kind.name, state, each.url, why))


def _check_free(host: str, port: int, name: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Conflict(
                f"port {port} of {host}, which '{name}' would listen on, cannot be had: {error.strerror or error}",
                hint="end what listens there, or choose other ports: workbench serve --port 8700",
            ) from error


def healthy(url: str) -> bool:
    """Whether a process of this machine answers there with 200."""
    try:
        with _OPENER.open(url, timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _log(path: Path) -> IO[bytes]:
    """Where a process prints to: what was there stays, up to a size, then one old file is kept."""
    with suppress(FileNotFoundError):
        if path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
    return path.open("ab")
