"""A real process is started, watched, restarted and ended."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from watching import ended, eventually

from workbench.foundation.errors import Conflict
from workbench.orchestration.processes import Records, State, supervisor

Start = Callable[..., Any]


def test_a_process_is_started_recorded_and_ended_with_those_it_started(supervised: Start, tmp_path: Path) -> None:
    served = supervised()
    eventually(lambda: State.RUNNING in served.states())
    record = Records(tmp_path / ".workbench" / "processes").get("answering")
    assert record is not None
    assert (record.pid, record.url) == (served.pid(), served.url)
    child = int((tmp_path / "child").read_text())
    assert not ended(child)
    served.until.set()
    served.thread.join(30)
    assert ended(record.pid)
    assert ended(child)
    assert served.states() == [State.STARTING, State.RUNNING, State.STOPPED]
    assert Records(tmp_path / ".workbench" / "processes").running() == []


def test_a_killed_process_is_started_again_after_a_pause(supervised: Start) -> None:
    served = supervised()
    eventually(lambda: State.RUNNING in served.states())
    first = served.pid()
    os.kill(first, signal.SIGKILL)
    eventually(lambda: served.states().count(State.RUNNING) == 2)
    assert served.pid() != first
    assert served.states()[2:4] == [State.WAITING, State.STARTING]
    assert "ended with code -9" in served.events[2].why
    assert "answering.log" in served.events[2].why


def test_a_process_that_answers_no_more_is_started_again(
    supervised: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "HEALTH_SECONDS", 0.1)
    served = supervised()
    eventually(lambda: State.RUNNING in served.states())
    first = served.pid()
    (tmp_path / "ill").touch()
    eventually(lambda: State.WAITING in served.states())
    (tmp_path / "ill").unlink()
    eventually(lambda: served.states().count(State.RUNNING) == 2)
    assert ended(first)
    assert "did not answer" in next(event.why for event in served.events if event.why)


def test_one_that_does_not_listen_to_sigterm_is_killed(supervised: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE", 0.5)
    served = supervised("--stubborn")
    eventually(lambda: State.RUNNING in served.states())
    pid = served.pid()
    served.until.set()
    served.thread.join(30)
    assert ended(pid)


def test_pauses_grow_where_a_process_cannot_start(supervised: Start, tmp_path: Path) -> None:
    served = supervised(module="no_such_module")
    eventually(lambda: served.states().count(State.WAITING) == 3)
    assert "No module named" in (tmp_path / ".workbench" / "logs" / "answering.log").read_text()
    assert State.RUNNING not in served.states()


def test_a_taken_port_is_refused_before_anything_starts(supervised: Start, free_port: int, tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", free_port))
        holder.listen()
        served = supervised()
        served.thread.join(10)
    [problem] = served.problems
    assert isinstance(problem, Conflict)
    assert f"port {free_port} of 127.0.0.1, which 'answering' would listen on" in str(problem)
    assert served.events == []
