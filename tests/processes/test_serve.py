"""`workbench serve` as it is called: one command that starts, shows and ends what serves a workspace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
from waiting import ended, wait_until

from workbench.orchestration.processes import Record, Records

Command = Callable[..., Any]


@pytest.fixture
def records(workspace: Path) -> Records:
    return Records(workspace / ".workbench" / "processes")


@pytest.fixture
def serve(workspace: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "workbench", "--home", str(workspace), "serve", "scheduler"]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def pid_of(records: Records, name: str) -> int:
    wait_until(lambda: records.get(name) is not None, what="its record")
    record = records.get(name)
    assert record is not None
    return record.pid


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_all_it_started_when_it_is_asked_to(
    serve: Callable[[], Any], records: Records, by: signal.Signals
) -> None:
    process = serve()
    scheduler = pid_of(records, "scheduler")
    process.send_signal(by)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0, printed
    assert ended(scheduler)
    assert records.running() == []
    assert printed.splitlines()[-1].split() == ["scheduler", "stopped"]


def test_what_it_started_ends_with_it_when_it_is_killed(serve: Callable[[], Any], records: Records) -> None:
    process = serve()
    scheduler = pid_of(records, "scheduler")
    process.kill()
    wait_until(lambda: ended(scheduler), what="the scheduler's end")


def test_what_a_crash_left_running_is_ended_at_the_next_start(serve: Callable[[], Any], records: Records) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    records.write(Record.of("scheduler", left.pid))
    serve()
    assert left.wait(60) == -signal.SIGTERM
    wait_until(lambda: (found := records.get("scheduler")) is not None and found.pid != left.pid, what="its record")


def test_a_stale_record_whose_pid_is_another_process_now_ends_nobody(records: Records) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        stale = Record("scheduler", other.pid, psutil.Process(other.pid).create_time() - 1000)
        records.write(stale)
        assert not stale.end()
        assert records.running() == []
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_second_one_is_refused_while_the_first_lives(
    serve: Callable[[], Any], records: Records, command: Command
) -> None:
    first = serve()
    pid_of(records, "scheduler")
    refused = command("serve", "scheduler")
    assert refused.code == 1
    assert f"is being worked on already, by process {first.pid}" in refused.err


def test_in_the_background_it_says_what_runs_until_it_is_stopped(command: Command, records: Records) -> None:
    assert command("serve", "scheduler", "--detach").code == 0
    try:
        listed = json.loads(command("serve", "--status", "--json").out)
        [scheduler] = [row for row in listed if row["process"] == "scheduler"]
        assert scheduler["state"] == "running"
        assert scheduler["memory"] > 10_000_000
    finally:
        assert command("serve", "--stop").out.strip() == "stopped"
    assert ended(scheduler["pid"])
    assert records.running() == []
    assert command("serve", "--stop").out.strip() == "nothing was served"


def test_an_unknown_process_is_answered_with_the_nearest(command: Command) -> None:
    refused = command("serve", "schedular")
    assert refused.code == 2
    assert "no process 'schedular'; did you mean 'scheduler'?" in refused.err


def test_others_are_not_let_in_where_nobody_can_sign_in(command: Command) -> None:
    refused = command("serve", "scheduler", "--host", "0.0.0.0")
    assert refused.code == 2
    assert "nobody is registered here who could sign in" in refused.err
    assert "workbench user add" in refused.err


def test_a_link_needs_something_that_it_could_open(command: Command) -> None:
    refused = command("link")
    assert refused.code == 1
    assert "nothing of this workspace is served" in refused.err


def test_the_lab_s_link_opens_the_first_notebook_where_there_is_one(
    command: Command, records: Records, workspace: Path
) -> None:
    records.write(Record.of("lab", os.getpid(), "http://127.0.0.1:8888"))

    def page() -> list[str]:
        return parse_qs(urlsplit(command("link", "--to", "lab").out.strip()).query)["next"]

    assert page() == ["/lab"]
    (workspace / "notebooks").mkdir()
    (workspace / "notebooks" / "start-here.ipynb").write_text("{}")
    assert page() == ["/lab/tree/notebooks/start-here.ipynb"]


def doors(printed: str) -> dict[str, str]:
    """Page -> where its link leads, host and path, in the order they were printed."""
    found = {}
    for line in printed.splitlines():
        if "/workbench/sign-in?" in line:
            summary, _, url = line.strip().rpartition(" ")
            found[summary.strip()] = urlsplit(url).netloc + parse_qs(urlsplit(url).query)["next"][0]
    return found


@pytest.fixture
def served(records: Records) -> None:
    for number, name in enumerate(("lab", "api", "voila")):
        records.write(Record.of(name, os.getpid(), f"http://127.0.0.1:{8600 + number}"))


@pytest.mark.usefixtures("served")
def test_everybody_gets_a_link_of_its_own_for_each_page_that_they_may_open(command: Command) -> None:
    command("user", "add", "vera")
    command("user", "add", "ana", "analyst")
    everything = {
        "JupyterLab": "127.0.0.1:8600/lab",
        "reports and API": "127.0.0.1:8601/workbench",
        "dashboards": "127.0.0.1:8602/",
    }
    assert doors(command("link", "ana").out) == everything
    assert doors(command("link").out) == everything
    for_vera = command("link", "vera").out
    assert list(doors(for_vera).items()) == list(reversed([*everything.items()][1:])), "the dashboards first"
    assert "for vera; fresh ones: workbench link vera" in for_vera
    secrets = [part.split("&")[0] for part in for_vera.split("link=")[1:]]
    assert len(set(secrets)) == 2, "each is good once"


@pytest.mark.usefixtures("served")
def test_nobody_gets_a_link_to_a_page_that_refuses_them(command: Command) -> None:
    command("user", "add", "vera")
    refused = command("link", "vera", "--to", "lab")
    assert refused.code == 1
    assert "vera (viewer) may not use lab: that takes the role analyst" in refused.err


def test_who_may_open_nothing_of_what_runs_is_told_so(command: Command, records: Records) -> None:
    command("user", "add", "vera")
    records.write(Record.of("lab", os.getpid(), "http://127.0.0.1:8600"))
    refused = command("link", "vera")
    assert refused.code == 1
    assert "nothing that vera may open is served" in refused.err


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("to", "port"), [("voila", 8602), ("dashboards", 8602), ("Reports", 8601), ("API", 8601), ("JupyterLab", 8600)]
)
def test_a_page_is_called_as_it_is_printed(command: Command, to: str, port: int) -> None:
    assert command("link", "--to", to).out.startswith(f"http://127.0.0.1:{port}/workbench/sign-in?")


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("dashbords", "no page 'dashbords'; did you mean 'dashboards'?"),
        (
            "scheduler",
            "no page 'scheduler'; there is api, dashboards, jupyterlab, lab, reports, reports and api, voila",
        ),
    ],
)
def test_a_page_that_there_is_not_is_answered_with_those_there_are(command: Command, to: str, said: str) -> None:
    refused = command("link", "--to", to)
    assert refused.code == 2
    assert said in refused.err


def test_the_command_runs_as_a_module(workspace: Path) -> None:
    said = subprocess.run([sys.executable, "-m", "workbench", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("workbench ")
