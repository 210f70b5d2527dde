from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.groups import group
from workbench.cli.output import JsonOption, ago, print_records, say
from workbench.cli.state import open_workbench
from workbench.foundation.wording import counted

if TYPE_CHECKING:
    from workbench.data.quality import Held

__all__ = ["add_to"]

commands = group("Rows that were held back from a dataset, and why.")

Batch = Annotated[str, typer.Argument(help="Which rows: the id that `list` shows.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="quarantine")


@commands.command("list")
def list_held(
    dataset: Annotated[str | None, typer.Argument(help="Only of this dataset.")] = None,
    every: Annotated[bool, typer.Option("--all", help="With those that were loaded or discarded.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what is held back, newest first."""
    with open_workbench() as wb:
        found = wb.quality.held.list(dataset, every=every)
    print_records([_record(one, as_json) for one in found], as_json=as_json, empty="no rows are held back")


@commands.command()
def show(
    id: Batch,
    rows: Annotated[int, typer.Option("--rows", "-n", min=1, max=10_000, help="How many rows.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show rows that are held back, with the expectations that each breaks."""
    with open_workbench() as wb:
        frame = wb.quality.held.rows(id).head(rows)
    records = frame.to_dicts()
    if not as_json:
        for record in records:
            told = record["_reasons"]
            record["_reasons"] = "; ".join(
                f"{one['expectation']} ({one['values']})" if one["values"] else one["expectation"] for one in told
            )
    print_records(records, as_json=as_json, columns=frame.columns, raw=True)


@commands.command()
def redrive(ids: Annotated[list[str], typer.Argument(help="Which rows: ids that `list` shows.")]) -> None:
    """Try to load rows again, after the rule was mended; exit code 1 where some still do not fit."""
    still = False
    with open_workbench() as wb:
        for id in ids:
            done = wb.quality.held.redrive(id)
            say(f"{counted(done.loaded, 'row')} loaded" + ("" if done.version is None else f", version {done.version}"))
            for one in done.held:
                say(f"{counted(one.rows, 'row')} still held, as {one.id}: {'; '.join(one.reasons)}")
            still = still or bool(done.held)
    if still:
        raise typer.Exit(1)


@commands.command()
def discard(id: Batch, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Give rows up that are held back: they are removed."""
    with open_workbench() as wb:
        found = wb.quality.held.get(id)
        if not yes:
            typer.confirm(f"discard {counted(found.rows, 'row')} held back from {found.dataset}?", abort=True)
        wb.quality.held.discard(id)
    say(f"{counted(found.rows, 'row')} held back from {found.dataset}, discarded")


def _record(one: Held, as_json: bool) -> dict[str, Any]:
    return {
        "id": one.id,
        "dataset": one.dataset,
        "rows": one.rows,
        "from": one.origin or one.suite,
        "state": one.state,
        "held": one.held if as_json else ago(one.held),
        "reasons": one.reasons if as_json else "; ".join(one.reasons),
        "run": one.run,
        "by": one.principal,
    }
