from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.output import JsonOption, print_records, say
from workbench.cli.state import open_workbench

__all__ = ["add_to"]

commands = typer.Typer(
    help="Transforms that are written down in transforms/: list, check, apply.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The file's name, without its ending.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="transform")


@commands.command("list")
def list_transforms(as_json: JsonOption = False) -> None:
    """List the files: what each reads, and into what."""
    with open_workbench() as wb:
        found = {name: wb.transforms.get(name) for name in wb.transforms.names()}
    records = [
        {
            "name": name,
            "reads": recipe.reads,
            "into": recipe.into,
            "transforms": len(recipe.steps),
            "description": recipe.description,
        }
        for name, recipe in found.items()
    ]
    print_records(records, as_json=as_json, empty="no transforms yet: they are files transforms/NAME.yaml")


@commands.command()
def check(name: Name) -> None:
    """Say all that is wrong with a file, each with its line; reads no rows."""
    with open_workbench() as wb:
        recipe = wb.transforms.get(name)
    say(f"transforms/{name}.yaml is right: {len(recipe.steps)} transforms")


@commands.command()
def apply(name: Name) -> None:
    """Transform the dataset that a file reads, and load the result into the one it names."""
    with open_workbench() as wb:
        say(repr(wb.transforms.apply(name)))
