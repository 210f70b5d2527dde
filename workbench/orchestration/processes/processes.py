"""The façade: serving a workspace, looking at what serves it, stopping that."""

from __future__ import annotations

import getpass
import ipaddress
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil

from workbench.foundation.errors import Forbidden, Invalid, Unavailable, unknown
from workbench.foundation.jobs import Jobs
from workbench.foundation.settings import Settings
from workbench.governance.identity import Credential, Identities, permit
from workbench.governance.security import Principal, Scope, Security
from workbench.orchestration.processes.kinds import ProcessKind, kinds
from workbench.orchestration.processes.records import Record, Records
from workbench.orchestration.processes.supervisor import Event, Supervisor, healthy

__all__ = ["Link", "ProcessStatus", "Processes"]

SUPERVISOR = "serve"
START_SECONDS = 120.0


@dataclass(frozen=True)
class ProcessStatus:
    """One process of a workspace, now.

    Attributes:
        state: "running", "not answering" or "stopped".
        since: When it was started, UTC.
        bytes: Of memory that it and those it started hold.
    """

    name: str
    state: str
    pid: int | None = None
    url: str = ""
    since: datetime | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Link:
    """A page of a running process, with a sign-in that is good once."""

    process: str
    summary: str
    url: str


class Processes:
    """The processes that serve one workspace."""

    def __init__(self, settings: Settings, jobs: Jobs, security: Security, identities: Identities) -> None:
        self._settings = settings
        self._jobs = jobs
        self._security = security
        self._identities = identities
        self._records = Records(settings.state / "processes")

    def names(self) -> list[str]:
        """What can be served: those that are reached by their ports, then the others."""
        return [kind.name for kind in sorted(_all(), key=lambda kind: (kind.port is None, kind.port, kind.name))]

    def serve(
        self,
        names: Sequence[str] = (),
        *,
        but: Sequence[str] = (),
        host: str | None = None,
        port: int | None = None,
        until: threading.Event,
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> None:
        """Starts processes and looks after them until told otherwise; blocks. What a crash left over is ended first.

        Args:
            names: Which; all when empty.
            but: Which of them not.
            host: The address to listen on; that of the settings when None.
            port: The first of their ports; that of the settings when None.

        Raises:
            NotFound: No process of that name.
            Invalid: The address is not this machine's own, and nobody is registered who could sign in.
            Conflict: The workspace is served already, or a port is taken.
        """
        wanted = [kinds.get(name) for name in names or self.names() if name not in but]
        listens = host or self._settings.host
        self._check_host(listens)
        first = self._settings.port if port is None else port
        ports = {kind.name: first + kind.port for kind in wanted if kind.port is not None}
        me = Record.of(f"{SUPERVISOR}-{os.getpid()}", os.getpid())
        with ExitStack() as held:
            for kind in wanted:
                held.enter_context(self._jobs.held("process", f"{kind.name} on {socket.gethostname()}"))
                if (left := self._records.get(kind.name)) is not None:
                    left.end()
            self._records.write(me)
            held.callback(self._records.remove, me.name)
            Supervisor(
                self._settings.home, self._settings.state, wanted, host=listens, ports=ports, on_event=on_event
            ).run(until)

    def detach(
        self,
        names: Sequence[str] = (),
        *,
        but: Sequence[str] = (),
        host: str | None = None,
        port: int | None = None,
    ) -> None:
        """`serve` in the background. Returns when all of it works.

        Raises:
            Unavailable: It ended, or did not come up in time; says what it printed last.
        """
        wanted = {kinds.get(name).name for name in names or self.names() if name not in but}
        log = self._settings.logs_dir / f"{SUPERVISOR}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        options = [*(["--host", host] if host else []), *(["--port", str(port)] if port else [])]
        # What it prints are sign-in links, too.
        log.touch(0o600)
        log.chmod(0o600)
        with log.open("wb") as printed:
            started = subprocess.Popen(
                [sys.executable, "-m", "workbench", "--home", str(self._settings.home), "serve", *wanted, *options],
                cwd=self._settings.home,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if started.poll() is not None:
                raise Unavailable(f"it ended: {_last(log)}", hint=f"see {log}")
            if wanted <= {each.name for each in self.status() if each.state == "running"}:
                started.returncode = 0  # lets go of it: it outlives whoever started it
                return
            time.sleep(0.2)
        Record.of(SUPERVISOR, started.pid).end()
        raise Unavailable(f"it did not come up within {START_SECONDS:.0f} s: {_last(log)}", hint=f"see {log}")

    def links(self, user: str, *, by: Principal, to: str | None = None) -> list[Link]:
        """A fresh sign-in link for each running page that a user may open: each good once, for a quarter of an hour.

        Args:
            to: The one page that is wanted, by the name of its process or by what it is called; all when None.

        Raises:
            NotFound: No such user or page.
            Forbidden: It is for somebody else, and `by` is no admin; or the user may not open the page.
            Unavailable: The page that is wanted does not run.
        """
        self._security.register_owner(by)
        wanted = None if to is None else _page(to)
        who = Credential(self._security.user(user), frozenset(Scope), "cookie")
        reached = self._reached()
        if wanted is not None:
            permit(who, *wanted.needs)
            reached = [(kind, record) for kind, record in reached if kind.name == wanted.name]
            if not reached:
                raise Unavailable(f"'{to}' does not run", hint="workbench serve")
        open_to = [(kind, record) for kind, record in reached if _may(who, kind)]
        if len(open_to) < len(reached):
            # Who may not compute comes for the numbers: the dashboards first.
            open_to.reverse()
        return [Link(kind.name, kind.summary, self._link(record.url, kind, user, by)) for kind, record in open_to]

    def _reached(self) -> list[tuple[ProcessKind, Record]]:
        running = {record.name: record for record in self._records.running()}
        return [(kinds.get(name), running[name]) for name in self.names() if name in running and running[name].url]

    def _link(self, url: str, kind: ProcessKind, user: str, by: Principal) -> str:
        query = urlencode({"link": self._identities.link(user, by=by), "next": kind.opens(self._settings.home)})
        return f"{url}/workbench/sign-in?{query}"

    def ssh_line(self) -> str:
        """What forwards every port that listens to another machine of the user's."""
        ports = [urlsplit(record.url).port for record in self._records.running() if record.url]
        forwards = " ".join(f"-L {port}:127.0.0.1:{port}" for port in ports)
        return f"ssh -N {forwards} {getpass.getuser()}@{socket.gethostname()}"

    def status(self) -> list[ProcessStatus]:
        """What runs and what does not, in the order of `names`."""
        running = {record.name: record for record in self._records.running()}
        return [_status(kinds.get(name), running.get(name)) for name in self.names()]

    def url(self, name: str) -> str | None:
        """Where a running process is reached; None where it does not run."""
        record = self._records.get(name)
        return record.url if record and record.url else None

    def stop(self) -> bool:
        """Ends all that serves this workspace on this machine. False: nothing was served."""
        running = self._records.running()
        # The supervisors first: they would start again what is ended under their eyes.
        running.sort(key=lambda record: not record.name.startswith(f"{SUPERVISOR}-"))
        ended = [record.end(patience=30.0) for record in running]
        return any(ended)

    def _check_host(self, host: str) -> None:
        local = host == "localhost"
        with suppress(ValueError):
            local = local or ipaddress.ip_address(host).is_loopback
        if not local and not self._security.users():
            raise Invalid(
                f"others could reach {host}, and nobody is registered here who could sign in",
                hint="workbench user add NAME ROLE first, or serve on 127.0.0.1 and forward the ports by ssh",
            )


def _last(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return next((line for line in reversed(lines) if line.startswith("error:")), lines[-1] if lines else "no word")


def _all() -> list[ProcessKind]:
    return [kinds.get(name) for name in kinds.names()]


def _page(wanted: str) -> ProcessKind:
    pages = [kind for kind in _all() if kind.port is not None]
    for kind in pages:
        if wanted.lower() in kind.called():
            return kind
    raise unknown("page", wanted, {name for kind in pages for name in kind.called()})


def _may(who: Credential, kind: ProcessKind) -> bool:
    try:
        permit(who, *kind.needs)
    except Forbidden:
        return False
    return True


def _status(kind: ProcessKind, record: Record | None) -> ProcessStatus:
    process = None if record is None else record.process
    if record is None or process is None:
        return ProcessStatus(kind.name, "stopped")
    answers = not kind.health or not record.url or healthy(record.url + kind.health)
    memory = 0
    with suppress(psutil.NoSuchProcess):
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                memory += each.memory_info().rss
    return ProcessStatus(
        kind.name,
        "running" if answers else "not answering",
        record.pid,
        record.url,
        datetime.fromtimestamp(record.started, UTC),
        memory,
    )
