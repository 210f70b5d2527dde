"""Real servers over a small workspace: who is in it, what they may see, and how a test asks as each of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import report_sample
import yaml

from workbench import Workbench
from workbench.foundation import observability
from workbench.governance.runs import Actor, RunKind, RunStatus
from workbench.governance.security import Policy, Principal, Role, Scope

PEOPLE = {"vera": Role.VIEWER, "ana": Role.ANALYST, "ada": Role.ADMIN}
SECRET = "N14228"
FLIGHTS = pl.DataFrame(
    {"origin": ["JFK", "EWR", "JFK", "LGA"], "tailnum": [SECRET, "N2", "N3", "N4"], "delay": [1, 70, 2, 90]}
)
VALUES = pl.DataFrame(
    {
        "big": [2**53 + 1, -1],
        "ratio": [float("nan"), float("-inf")],
        "price": [Decimal("0.10"), None],
        "day": [date(2013, 1, 31), None],
        "at": [datetime(2013, 1, 31, 5, 15, 0, 1, tzinfo=UTC), None],
        "raw": [b"\x00\xff", None],
        "tags": [["a", "b"], []],
    },
    schema_overrides={"price": pl.Decimal(10, 2)},
)
METRICS = [
    {
        "name": "flights",
        "description": "How many flights.",
        "dataset": "flights",
        "aggregation": "count",
        "dimensions": ["tailnum"],
        "owner": "ops",
    }
]


@dataclass(frozen=True)
class Site:
    """A running server and its workspace, the latter as its owner."""

    url: str
    wb: Workbench

    @property
    def home(self) -> Path:
        return self.wb.settings.home

    def token(self, user: str, *scopes: Scope) -> str:
        scopes = scopes or (tuple(Scope) if PEOPLE[user] is Role.ADMIN else (Scope.READ,))
        return self.wb.identities.create_token(user, by=self.wb.actor.principal, scopes=scopes).secret

    def cookie(self, user: str) -> str:
        return self.wb.identities.cookie(user)

    def get(
        self, path: str, user: str | None = None, *, method: str = "GET", scopes: Sequence[Scope] = (), **options: Any
    ) -> httpx.Response:
        """Asks below the server's address; as somebody with a token."""
        shown = {"Authorization": f"Bearer {self.token(user, *scopes)}"} if user else {}
        headers = options.pop("headers", {}) | shown
        # Else each request would load the machine's certificates, which takes longer than most answers.
        return httpx.request(method, self.url + path, headers=headers, timeout=60, verify=False, **options)

    def ask(self, path: str, user: str | None = "vera", **options: Any) -> Any:
        """The API's answer, which has to be one."""
        answer = self.get(f"/workbench/api/v1/{path}", user, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, user: str | None = "vera", **options: Any) -> dict[str, Any]:
        """The API's problem, which has to be one."""
        answer = self.get(f"/workbench/api/v1/{path}", user, **options)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem: dict[str, Any] = answer.json()
        assert problem["status"] == answer.status_code >= 400
        assert "Traceback" not in answer.text
        return problem


def made(home: Path) -> Workbench:
    """A workspace with three people, a policy for viewers, a few datasets, a metric and a report."""
    (home / "metrics").mkdir(parents=True)
    (home / "workbench.toml").write_text('chromium = "/nowhere/chromium"\n')
    (home / "metrics" / "flights.yaml").write_text(yaml.safe_dump(METRICS))
    (home / "reports").mkdir()
    (home / "reports" / "punctuality.yaml").write_text(
        "name: punctuality\ntitle: Flight punctuality\nnotebook: reports/punctuality.ipynb\n"
        "description: How late flights left New York.\n"
    )
    report_sample.notebook(home / "reports" / "punctuality.ipynb")
    wb = Workbench.open(home)
    owner = wb.actor.principal
    for name, role in PEOPLE.items():
        wb.security.add_user(name, role, by=owner)
    flights = wb.datasets.create("flights", FLIGHTS.head(2), description="Every flight")
    flights.append(FLIGHTS.tail(2))
    wb.datasets.create("values", VALUES, description="One of each type")
    for number in range(5):
        wb.datasets.create(f"small_{number}", pl.DataFrame({"n": [number]}))
    wb.security.set_policy(
        Policy(dataset="flights", role=Role.VIEWER, row_filter="origin = 'JFK'", columns={"tailnum": "'***'"}),
        by=owner,
    )
    return wb


def rendered(wb: Workbench, who: Principal, *datasets: str, name: str = "punctuality") -> str:
    """A rendered run of the report, as if its notebook had read these datasets; its id. No kernel is started."""
    # A process has one log, that of the workspace it opened last, which may be gone.
    observability.configure(wb.settings.logs_dir)
    source = wb.settings.home / "reports" / f"{name}.ipynb"
    run = wb.runs.start(RunKind.REPORT, name, actor=Actor(who), parameters={"start": "2013-01-01"}, source=source)
    for dataset in datasets:
        wb.lake.read(dataset, Actor(who, run.id))
    wb.runs.record(run.id, "write", "report", name, "0123456789ab")
    report_sample.notebook(run.directory / "output.ipynb")
    (run.directory / "run.log").write_text("first line\nsecond line\n")
    wb.runs.finish(run.id, RunStatus.SUCCEEDED)
    wb.reports.render(run.id)
    return run.id


@contextmanager
def running(process: str, home: Path, *, ends: int = 0) -> Iterator[str]:
    """A process of the server over a workspace, on a free port; its address. With the code `ends` it has to end."""
    command = [sys.executable, "-m", f"workbench_server.{process}", "--home", str(home), "--port", "0"]
    environment = os.environ | {"SOME_SECRET": "of the server"}
    log = home.parent / f"{process}.log"
    with log.open("w") as errors:
        started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
    assert started.stdout is not None
    try:
        said = started.stdout.readline()
        assert said.startswith("listening on "), log.read_text()
        yield said.removeprefix("listening on ").strip()
    finally:
        started.terminate()
        assert started.wait(30) == ends, log.read_text()
        started.stdout.close()
