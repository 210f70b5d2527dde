from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.groups import group
from workbench.cli.output import JsonOption, print_problems, print_records, say
from workbench.cli.state import open_workbench
from workbench.foundation.wording import counted

if TYPE_CHECKING:
    from workbench.data.etl import Recipe

__all__ = ["add_to"]

commands = group("Transforms that are written down in transforms/: list, show, check, preview, apply.")

Name = Annotated[str, typer.Argument(help="The file's name, without its ending.")]
Reads = Annotated[str | None, typer.Option(help="Another dataset than the file says.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="transform")


@commands.command("list")
def list_transforms(as_json: JsonOption = False) -> None:
    """List the files: what each reads, and into what."""
    with open_workbench() as wb:
        found = wb.transforms.list()
    records = [
        {
            "name": recipe.name,
            "reads": recipe.reads,
            "into": recipe.into,
            "transforms": len(recipe.steps),
            "description": recipe.description,
        }
        for recipe in found
    ]
    print_records(records, as_json=as_json, empty="no transforms yet: they are files transforms/NAME.yaml")
    print_problems(found.problems)


@commands.command()
def show(name: Name, as_json: JsonOption = False) -> None:
    """Show what a file says: what it reads, into what and how, and its transforms in order."""
    with open_workbench() as wb:
        recipe = wb.transforms.get(name)
    if as_json:
        print_records([_record(recipe)], as_json=True)
        return
    for field, value in _record(recipe).items():
        if field != "transforms" and value:
            say(f"{field:<14}{', '.join(value) if isinstance(value, list) else value}")
    for number, one in enumerate(recipe.written, start=1):
        ((called, takes),) = one.items()
        said = ", ".join(f"{key}: {value}" for key, value in (takes or {}).items())
        say(f"{number:>3} {called:<14} {said}".rstrip())


@commands.command()
def check(name: Name) -> None:
    """Say all that is wrong with a file, each with its line; reads no rows."""
    with open_workbench() as wb:
        recipe = wb.transforms.get(name)
    say(f"transforms/{name}.yaml is right: {counted(len(recipe.steps), 'transform')}")


@commands.command()
def preview(
    name: Name,
    rows: Annotated[int, typer.Option(min=1, help="How many rows go in, at most.")] = 100,
    reads: Reads = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a file makes of the first rows that it reads; writes nothing."""
    with open_workbench() as wb:
        found = wb.transforms.preview(name, rows=rows, **({} if reads is None else {"reads": reads}))
    print_records(found.frame.to_dicts(), as_json=as_json, columns=found.frame.columns, empty="no row", raw=True)
    told = f"{found.rows:,} of {counted(found.total, 'row')} went in, {found.frame.height:,} came out"
    typer.echo(told, err=as_json)
    for reason, count in found.reasons.items():
        typer.echo(f"{count:,} would be quarantined: {reason}", err=as_json)


@commands.command()
def apply(
    name: Name,
    reads: Reads = None,
    into: Annotated[str | None, typer.Option(help="Another dataset than the file says.")] = None,
    mode: Annotated[str | None, typer.Option(help="replace, upsert, append, delete-insert or snapshot.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="A column that tells rows apart. Repeat it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Transform the dataset that a file reads, and load the result into the one it names."""
    given: dict[str, Any] = {"reads": reads, "into": into, "mode": mode, "key": key}
    with open_workbench() as wb:
        done = wb.transforms.apply(name, **{setting: value for setting, value in given.items() if value is not None})
    if not as_json:
        say(repr(done))
        return
    loaded = {field: getattr(done.loaded, field) for field in done.loaded.__dataclass_fields__}
    told = {**loaded, "quarantined": done.quarantined, "held": [one.id for one in done.held], "run": done.run}
    print_records([told], as_json=True)


def _record(recipe: Recipe) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "description": recipe.description,
        "reads": recipe.reads,
        "into": recipe.into,
        "key": list(recipe.key),
        "mode": recipe.mode.value,
        "transforms": list(recipe.written),
    }
