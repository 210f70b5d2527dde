from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.event_columns import EventOption, IdOption, SubjectOption, TimeOption, columns_of
from workbench.cli.groups import group
from workbench.cli.output import JsonOption, ago, print_records, say
from workbench.cli.state import open_workbench

__all__ = ["add_to"]

_SHOWN = 10

commands = group("Cohorts: named sets of subjects, found anew or listed.")

Name = Annotated[str, typer.Argument(help="The cohort's name.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="cohort")


@commands.command("list")
def list_cohorts(as_json: JsonOption = False) -> None:
    """List the cohorts."""
    with open_workbench() as wb:
        records = [
            {
                "name": one.name,
                "dataset": one.dataset,
                "subjects": one.size,
                "owner": one.owner,
                "updated": one.updated if as_json else ago(one.updated),
                "description": one.description,
            }
            for one in wb.product.cohorts.list()
        ]
    print_records(records, as_json=as_json, empty="no cohort yet: workbench cohort save NAME DATASET FILE")


@commands.command()
def show(name: Name, as_json: JsonOption = False) -> None:
    """Show what a cohort says."""
    import yaml

    with open_workbench() as wb:
        found = wb.product.cohorts.get(name)
    if as_json:
        record = {
            "name": found.name, "dataset": found.dataset, "owner": found.owner, "updated": found.updated,
            "description": found.description, "definition": dict(found.definition),
        }  # fmt: skip
        print_records([record], as_json=True)
        return
    say(f"{found!r}\nof {found.owner}, saved {ago(found.updated)}\n")
    if found.static and found.size:
        some = ", ".join(str(one) for one in found.definition["subjects"][:_SHOWN])
        left = found.size - _SHOWN
        more = f" and {left:,} more: workbench cohort subjects {name}" if left > 0 else ""
        say(f"subjects: {some}{more}")
        return
    say(yaml.safe_dump(dict(found.definition), sort_keys=False, allow_unicode=True).rstrip())


@commands.command()
def save(
    name: Name,
    dataset: Annotated[str, typer.Argument(help="The dataset's name.")],
    file: Annotated[str, typer.Argument(help="A YAML file with the definition; '-' for standard input.")],
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a cohort of that name.")] = False,
    subject: SubjectOption = None,
    event: EventOption = None,
    time: TimeOption = None,
    id: IdOption = None,
) -> None:
    """Save a cohort: conditions, such as 'did: buy', or 'subjects: [...]' for a list of its own."""
    columns = columns_of(subject, event, time, id)
    text = _text(file)
    with open_workbench() as wb:
        saved = wb.product.cohorts.save(name, dataset, text, description=description, replace=replace, columns=columns)
    say(repr(saved))


@commands.command()
def subjects(
    name: Name,
    subject: SubjectOption = None,
    event: EventOption = None,
    time: TimeOption = None,
    id: IdOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who is in a cohort now."""
    with open_workbench() as wb:
        found = wb.product.cohorts.subjects(name, columns=columns_of(subject, event, time, id))
    print_records(found.to_dicts(), as_json=as_json, columns=found.columns, empty="nobody", raw=True)


@commands.command()
def delete(name: Name) -> None:
    """Delete a cohort."""
    with open_workbench() as wb:
        wb.product.cohorts.delete(name)
    say(f"{name} is gone")


def _text(file: str) -> str:
    from workbench.foundation.errors import Invalid, NotFound

    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFound(f"no file '{file}'", hint="a YAML file, or - for standard input") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"'{file}' is no text") from error
