from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.output import JsonOption, ago, print_records, say, size
from workbench.cli.state import open_workbench

if TYPE_CHECKING:
    from workbench import Workbench
    from workbench.orchestration.processes import Event

__all__ = ["add_to", "print_links", "run_servers"]


def add_to(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(link)
    app.command()(scheduler)


def serve(
    names: Annotated[list[str] | None, typer.Argument(help="Which processes; default: all.")] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on; default: the settings'.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_000, help="The first of the ports.")] = None,
    no_lab: Annotated[bool, typer.Option("--no-lab", help="Without JupyterLab.")] = False,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Go on in the background.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End what serves this workspace.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say what runs.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Serve the workspace: start its servers, look after them, and end them with Ctrl-C."""
    if sum((detach, stop, status)) > 1:
        raise typer.BadParameter("one at a time", param_hint="--detach, --stop, --status")
    but = ["lab"] if no_lab else []
    with open_workbench() as wb:
        if status:
            _print_status(wb, as_json=as_json)
        elif stop:
            say("stopped" if wb.processes.stop() else "nothing was served")
        elif detach:
            wb.processes.detach(names or [], but=but, host=host, port=port)
            print_links(wb)
            say("It goes on in the background: workbench serve --status, workbench serve --stop")
        else:
            run_servers(wb, names or [], but, host, port)


def link(
    user: Annotated[str | None, typer.Argument(help="Who signs in with it; default: you.")] = None,
    to: Annotated[str | None, typer.Option(help="One page alone: lab, dashboards, reports, ...")] = None,
) -> None:
    """Print a fresh sign-in link for each page that somebody may open. Each is good once, for a quarter of an hour."""
    from workbench.foundation.errors import Unavailable

    with open_workbench() as wb:
        me = wb.actor.principal
        if to is not None:
            [found] = wb.processes.links(user or me.name, by=me, to=to)
            say(found.url)
        elif not print_links(wb, user):
            running = any(each.url and each.state != "stopped" for each in wb.processes.status())
            raise Unavailable(
                f"nothing that {user or me.name} may open is served"
                if running
                else "nothing of this workspace is served",
                hint="workbench serve",
            )


def scheduler() -> None:
    """Do the work that comes round, until ended. `workbench serve` starts it.

    It refreshes rollups that are due, looks whether promises of freshness are kept, folds the files of events and
    forgets what has expired.

    It runs no pipeline: cron, systemd, Airflow or Kubernetes does, with a line such as
    "0 6 * * * workbench --home FOLDER run PIPELINE"; see docs/guide.md, "On a schedule".
    """
    until = _Ended()
    with open_workbench() as wb:
        wb.scheduler.run(until)


def run_servers(
    wb: Workbench,
    names: Sequence[str] = (),
    but: Sequence[str] = (),
    host: str | None = None,
    port: int | None = None,
) -> None:
    """Serves until Ctrl-C or SIGTERM, and prints what happens."""
    from workbench.orchestration.processes import State

    until = _Ended()
    waiting = {name for name in names or wb.processes.names() if name not in but}

    def tell(event: Event) -> None:
        said = f"{event.name:<10} {event.state}"
        say(said + (f" at {event.url}" if event.url and event.state is State.RUNNING else ""))
        if event.why:
            typer.secho(f"{'':<10} {event.why}", fg="yellow", err=True)
        if event.state is State.RUNNING and event.name in waiting:
            waiting.discard(event.name)
            if not waiting:
                print_links(wb)
                say("Ctrl-C ends it.")
        sys.stdout.flush()

    wb.processes.serve(names, but=but, host=host, port=port, until=until, on_event=tell)


def print_links(wb: Workbench, user: str | None = None) -> bool:
    """Prints a fresh sign-in link for each page that a user may open, by default who asks; False: there is none."""
    me = wb.actor.principal
    who = user or me.name
    links = wb.processes.links(who, by=me)
    if not links:
        return False
    say()
    for found in links:
        say(f"  {found.summary:<28} {found.url}")
    say(f"Each opens once, for {who}; fresh ones: workbench link{'' if who == me.name else ' ' + who}")
    if who == me.name:
        say(f"From another machine: {wb.processes.ssh_line()}")
    return True


def _print_status(wb: Workbench, *, as_json: bool) -> None:
    records = [
        {
            "process": found.name,
            "state": found.state,
            "pid": str(found.pid or "") if not as_json else found.pid,
            "url": found.url,
            "since": found.since if as_json else ago(found.since),
            "memory": found.bytes if as_json else size(found.bytes),
        }
        for found in wb.processes.status()
    ]
    print_records(records, as_json=as_json)


class _Ended(threading.Event):
    """Set by Ctrl-C and by SIGTERM, however many of them.

    A usual event's lock may be held by the very thread that a second signal interrupts, which then waits for itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.set())

    def set(self) -> None:
        with suppress(BlockingIOError):  # so full of signals that one more says nothing new
            os.write(self._write, b".")

    def wait(self, timeout: float | None = None) -> bool:
        return bool(select.select([self._read], [], [], timeout)[0])

    def is_set(self) -> bool:
        return self.wait(0)
