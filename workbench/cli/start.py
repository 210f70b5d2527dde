from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import state
from workbench.cli.output import JsonOption, heading, print_records, say, size
from workbench.cli.progress import Lines
from workbench.cli.serve import print_links, run_servers
from workbench.cli.state import open_workbench

__all__ = ["add_to"]

COLOURS = {"ok": "green", "note": "yellow", "wrong": "red"}


def add_to(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(demo)
    app.command()(doctor)


def init(folder: Annotated[Path, typer.Argument(help="The folder; default: this one.")] = Path()) -> None:
    """Make a folder a workspace."""
    from workbench import Workbench
    from workbench.starters import init_workspace

    home = folder.resolve()
    for path in init_workspace(home):
        say(f"made {path.relative_to(home)}")
    Workbench.open(home).close()
    say(
        f"{home} is a workspace. Next: workbench dataset load FILE --name NAME, workbench source add NAME URL"
        " --into NAME for a database, or workbench new notebook NAME"
    )


def demo(
    reset: Annotated[bool, typer.Option(help="Forget all that this workspace made, and begin anew.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="With --reset: forget what is not the demo's as well.")
    ] = False,
    serve: Annotated[
        bool | None,
        typer.Option("--serve/--no-serve", help="Serve it at the end, until Ctrl-C; default: on a terminal."),
    ] = None,
) -> None:
    """Run the demo: flights from source to report, a shop's purchases as events; here or in an empty folder."""
    from workbench.starters import reset_demo, run_demo

    home = Path(state.home) if state.home else None
    lines = Lines()
    if reset:
        reset_demo(home, everything=yes)
        lines.done("forgot what was made before")
    result = run_demo(home, on_step=lines.done, on_stage=lines.stage)
    say()
    heading("Datasets")
    print_records(
        [
            {"name": each.name, "rows": each.rows, "version": each.version, "size": size(each.bytes)}
            for each in result.datasets
        ],
        as_json=False,
    )
    say()
    heading("Report")
    say(f"  {result.report.html}")
    say(f"  {result.report.pdf or result.report.note}")
    say()
    heading("Where the time went")
    print_records([{"stage": name, "seconds": seconds} for name, seconds in result.seconds.items()], as_json=False)
    say()
    serves = serve or (serve is None and sys.stdout.isatty())
    heading("Next, in another terminal" if serves else "Next")
    for text in result.next_steps:
        say(f"  {text}")
    if serves:
        say()
        heading("Servers")
        with open_workbench() as wb:
            if any(each.state != "stopped" for each in wb.processes.status()):
                print_links(wb)
            else:
                run_servers(wb)


def doctor(as_json: JsonOption = False) -> None:
    """Look the workspace over and say what is wrong with it."""
    from workbench.starters import examine

    findings = list(examine(Path(state.home) if state.home else None))
    if as_json:
        print_records([vars(found) for found in findings], as_json=True)
    else:
        for found in findings:
            typer.secho(f"{found.state:<6}", fg=COLOURS[found.state], nl=False)
            say(f"{found.what:<13}{found.said}")
            if found.hint and found.state != "ok":
                say(f"{'':<19}{found.hint}")
    if any(found.state == "wrong" for found in findings):
        raise typer.Exit(1)
