from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workbench.orchestration.processes import Event, ProcessKind, State
from workbench.orchestration.processes.supervisor import Supervisor

HERE = Path(__file__).parent


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A supervisor at work in a thread, with all it told."""

    url: str
    events: list[Event]
    until: threading.Event
    thread: threading.Thread
    problems: list[Exception] = field(default_factory=list)

    def pid(self) -> int:
        with urllib.request.urlopen(f"{self.url}/pid", timeout=5) as answer:
            return int(answer.read())

    def states(self) -> list[State]:
        return [event.state for event in self.events]


@pytest.fixture
def supervised(tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Served]]:
    """Starts a supervisor over one answering process, on a free port."""
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=":")
    running: list[Served] = []

    def start(*arguments: str, module: str = "answering") -> Served:
        kind = ProcessKind("answering", module, "answers", port=0, health="/health", arguments=arguments)
        events: list[Event] = []
        supervisor = Supervisor(
            tmp_path,
            tmp_path / ".workbench",
            [kind],
            host="127.0.0.1",
            ports={"answering": free_port},
            on_event=events.append,
        )
        until = threading.Event()
        served = Served(f"http://127.0.0.1:{free_port}", events, until, threading.Thread())

        def work() -> None:
            try:
                supervisor.run(until)
            except Exception as error:  # noqa: BLE001 - looked at by the test
                served.problems.append(error)

        served.thread = threading.Thread(target=work)
        served.thread.start()
        running.append(served)
        return served

    yield start
    for served in running:
        served.until.set()
        served.thread.join(30)
