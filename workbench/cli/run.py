"""Running things, and looking at what ran."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.groups import group
from workbench.cli.output import JsonOption, ago, print_records, say
from workbench.cli.progress import Lines
from workbench.cli.state import open_workbench

if TYPE_CHECKING:
    from workbench.governance.runs import Run

__all__ = ["ParameterOption", "add_to", "given"]

runs_commands = group("What ran: list runs, show one with its receipt.")

ParameterOption = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter; repeat it for several."),
]


def add_to(app: typer.Typer) -> None:
    app.command()(run)
    app.add_typer(runs_commands, name="runs")
    app.command()(replay)


def given(pairs: list[str] | None) -> dict[str, str]:
    """NAME=VALUE options as a dictionary."""
    found: dict[str, str] = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"'{pair}' is not NAME=VALUE", param_hint="-p")
        if name in found:
            raise typer.BadParameter(f"'{name}' is given twice", param_hint="-p")
        found[name] = value
    return found


def run(
    target: Annotated[str, typer.Argument(help="A pipeline's name, or a notebook's or pipeline's path.")],
    parameter: ParameterOption = None,
    from_stage: Annotated[str | None, typer.Option("--from", help="Begin at this stage of the pipeline.")] = None,
    force: Annotated[bool, typer.Option(help="Run stages even where nothing they depend on has changed.")] = False,
) -> None:
    """Run a pipeline or a notebook with parameters.

    It ends with 0, or with 1 where a stage failed: from a crontab, "0 6 * * * workbench --home FOLDER run PIPELINE".
    """
    parameters = given(parameter)
    lines = Lines()
    with open_workbench() as wb:
        if target.endswith(".ipynb"):
            if from_stage is not None or force:
                raise typer.BadParameter("--from and --force are for pipelines", param_hint="TARGET")
            done = wb.notebooks.run(Path(target), parameters, text=True, on_progress=lines.cell)
            say(f"run {done.id} succeeded in {done.seconds:.1f} s: {done.directory / 'output.ipynb'}")
            return
        outcome = wb.pipelines.run(
            target, parameters, text=True, from_stage=from_stage, force=force, on_progress=lines.stage
        )
        say(f"pipeline {outcome.run.name}: run {outcome.run.id} succeeded in {outcome.run.seconds:.1f} s")


@runs_commands.command("list")
def list_runs(
    name: Annotated[str | None, typer.Option(help="Only runs of this notebook, pipeline or report.")] = None,
    status: Annotated[str | None, typer.Option(help="running, succeeded or failed.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most this many.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the newest runs."""
    from workbench.foundation.errors import chosen
    from workbench.governance.runs import RunStatus

    wanted = chosen("run status", status, RunStatus) if status else None
    with open_workbench() as wb:
        found = wb.runs.list(name=name, status=wanted, limit=limit)
        others = [] if found else wb.runs.list(limit=1000)
    print_records(
        [_record(item, as_json=as_json) for item in found],
        as_json=as_json,
        empty=_none_such(name, status, {other.name for other in others}),
    )


@runs_commands.command()
def show(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or a beginning of it.")],
    as_json: JsonOption = False,
) -> None:
    """Show a run: what it read and wrote, what made it, how it ended."""
    with open_workbench() as wb:
        found = wb.runs.get(run_id)
        receipt = wb.runs.receipt(found.id)
        children = wb.runs.list(parent=found.id)
    if as_json:
        print_records([receipt.model_dump(mode="json")], as_json=True)
        return
    took = f" in {found.seconds:.1f} s" if found.seconds is not None else ""
    say(f"{found.kind} {found.name}: {found.status}{took}, {ago(found.started)}, by {found.principal}")
    if found.error:
        say(found.error)
    for title, values in (
        ("parameters", [f"{name}={value}" for name, value in found.parameters.items()]),
        ("read", [f"{edge.kind} {edge.name} at {edge.version}" for edge in receipt.read]),
        ("wrote", [f"{edge.kind} {edge.name} at {edge.version}" for edge in receipt.wrote]),
        ("runs", [f"{child.id} {child.name}: {child.status}" for child in reversed(children)]),
    ):
        for position, value in enumerate(values):
            say(f"{title if position == 0 else '':<12}{value}")
    say(f"{'code':<12}notebook {_short(receipt.notebook_sha256)}, commit {_short(receipt.git_commit)}")
    say(f"{'packages':<12}{_short(receipt.packages_sha256)}, workbench {receipt.workbench_version}")
    say(f"{'files':<12}{found.directory}")


def replay(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or a beginning of it.")],
    against: Annotated[str | None, typer.Option(help="Compare with this other run instead of running again.")] = None,
) -> None:
    """Run a run again on the versions it read, and say whether its tables come out the same."""
    lines = Lines()
    with open_workbench() as wb:
        if against is not None:
            comparison = wb.notebooks.compare(run_id, against)
        else:
            comparison = wb.notebooks.replay(run_id, on_progress=lines.cell)
    say(str(comparison))
    if comparison.verdict == "different":
        raise typer.Exit(1)


def _record(found: Run, *, as_json: bool) -> dict[str, Any]:
    return {
        "run": found.id,
        "kind": found.kind.value,
        "name": found.name,
        "status": found.status.value,
        "started": found.started if as_json else ago(found.started),
        "seconds": None if found.seconds is None else round(found.seconds, 1),
        "by": found.principal,
    }


def _none_such(name: str | None, status: str | None, names: set[str]) -> str:
    from workbench.foundation.errors import nearest

    if not names:
        return "no run yet: workbench run TARGET"
    which = f" of '{name}'" if name else ""
    how = f" that {'is' if status == 'running' else 'has'} {status}" if status else ""
    guess = nearest(name, names - {name}) if name and name not in names else None
    return f"no run{which}{how}" + (f"; did you mean '{guess}'?" if guess else "")


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "unknown"
