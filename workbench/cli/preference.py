from __future__ import annotations

from typing import Annotated, Any

import typer

from workbench.cli.groups import group
from workbench.cli.output import JsonOption, print_records, say
from workbench.cli.state import open_workbench

__all__ = ["add_to"]

commands = group("What you prefer: time zone, first day of a week and the like.")

Key = Annotated[str, typer.Argument(help="The preference's name.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="preference")


@commands.command("list")
def list_preferences(as_json: JsonOption = False) -> None:
    """List your preferences."""
    from workbench.governance.preferences import PreferenceSet

    with open_workbench() as wb:
        now = wb.preferences.all()
    records = [
        {"name": key, "value": now[key], "default": field.default, "description": field.description}
        for key, field in PreferenceSet.model_fields.items()
    ]
    print_records(records, as_json=as_json, raw=True)


@commands.command("set")
def set_preference(key: Key, value: Annotated[str, typer.Argument(help="What you prefer from now on.")]) -> None:
    """Set a preference."""
    given: Any = int(value) if value.isascii() and value.isdigit() else value
    with open_workbench() as wb:
        say(f"{key} is {wb.preferences.set(key, given)}")


@commands.command()
def reset(
    key: Annotated[str | None, typer.Argument(help="The preference's name; default: all of them.")] = None,
) -> None:
    """Forget what you set."""
    with open_workbench() as wb:
        wb.preferences.reset(key)
        if key is not None:
            say(f"{key} is {wb.preferences.get(key)}")
