from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.groups import group
from workbench.cli.output import JsonOption, print_fields, print_problems, print_records, say
from workbench.cli.state import open_workbench
from workbench.foundation.wording import counted

if TYPE_CHECKING:
    from workbench.analytics.metrics import RollupSummary

__all__ = ["add_to"]

commands = group("Rollups: metrics computed ahead, by time and dimensions.")


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="rollup")


@commands.command("list")
def list_rollups(as_json: JsonOption = False) -> None:
    """List the rollups, and how far each is."""
    with open_workbench() as wb:
        known = wb.metrics.rollups.list()
        records = [_record(one) for one in known]
    print_records(records, as_json=as_json, empty="no rollup: write `- rollup: NAME` into a file of metrics")
    print_problems(known.problems)


@commands.command()
def show(name: Annotated[str, typer.Argument(help="The rollup's name.")], as_json: JsonOption = False) -> None:
    """Show what a rollup keeps, and how far it is."""
    with open_workbench() as wb:
        found = wb.metrics.rollups.summary(name)
    record = {**found.rollup.model_dump(mode="json", exclude_defaults=True), **_record(found)}
    if as_json:
        print_records([record], as_json=True)
        return
    print_fields(record)


@commands.command()
def refresh(
    names: Annotated[list[str] | None, typer.Argument(help="Rollups; without any, all of them.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Make all of it, whatever changed.")] = False,
) -> None:
    """Make rollups stand for the newest version of their dataset: of months whose files changed."""
    with open_workbench() as wb:
        for name in names or [one.rollup.name for one in wb.metrics.rollups]:
            state = wb.metrics.rollups.refresh(name, anew=anew)
            say(f"{name}: {counted(state.rows, 'row')}, version {state.version}")


def _record(one: RollupSummary) -> dict[str, Any]:
    return {
        "name": one.rollup.name,
        "dataset": one.dataset,
        "keeps": one.rollup.summary,
        "status": one.status,
        "version": one.version,
        "newest": one.newest,
        "rows": one.rows,
        "bytes": one.bytes,
        "made": one.made,
        "refresh": one.rollup.refresh,
    }
