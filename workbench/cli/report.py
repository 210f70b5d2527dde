from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.groups import group
from workbench.cli.output import JsonOption, print_problems, print_records, say
from workbench.cli.progress import Lines
from workbench.cli.run import ParameterOption, given
from workbench.cli.state import open_workbench

if TYPE_CHECKING:
    from workbench.publishing.reports import ReportRun

__all__ = ["add_to"]

commands = group("Reports: run a notebook and render it to HTML and PDF.")


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="report")


@commands.command("list")
def list_reports(as_json: JsonOption = False) -> None:
    """List the reports."""
    with open_workbench() as wb:
        known = wb.reports.list()
        records = [
            {"name": found.name, "title": found.title, "notebook": found.notebook, "description": found.description}
            for found in known
        ]
    print_records(records, as_json=as_json, empty="no report yet: workbench new report NAME")
    print_problems(known.problems)


@commands.command()
def run(name: Annotated[str, typer.Argument(help="The report's name.")], parameter: ParameterOption = None) -> None:
    """Run a report with parameters and render it."""
    lines = Lines()
    with open_workbench() as wb:
        done = wb.reports.run(name, given(parameter), text=True, on_progress=lines.cell)
    _print_files(done)


@commands.command()
def render(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A report run's id, or a beginning of it.")],
) -> None:
    """Render a report's run again, without running it."""
    with open_workbench() as wb:
        done = wb.reports.render(run_id)
    _print_files(done)


def _print_files(done: ReportRun) -> None:
    say(f"run {done.run.id} {done.run.status}")
    say(str(done.html))
    say(str(done.pdf or done.note))
