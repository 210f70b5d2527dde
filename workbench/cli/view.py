from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.groups import group
from workbench.cli.output import JsonOption, print_fields, print_problems, print_records, say
from workbench.cli.state import open_workbench
from workbench.foundation.errors import Invalid

if TYPE_CHECKING:
    from workbench.data.views import RefreshRecord, View

__all__ = ["add_to"]

commands = group("Materialized views: SELECTs whose rows are datasets.")

Name = Annotated[str, typer.Argument(help="The view's name.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="view")


@commands.command("list")
def list_views(as_json: JsonOption = False) -> None:
    """List the views, and how each was last refreshed."""
    with open_workbench() as wb:
        found = wb.views.list()
        records = [_record(view) for view in found]
    shown = ("name", "description", "owner", "refreshed", "outcome", "way", "why")
    print_records(records, as_json=as_json, columns=shown, empty="no view: workbench view define NAME --sql SELECT")
    print_problems(found.problems)


@commands.command()
def show(name: Name, as_json: JsonOption = False) -> None:
    """Show what a view says, and how it was last refreshed."""
    with open_workbench() as wb:
        record = _record(wb.views.get(name))
    if as_json:
        print_records([record], as_json=True)
        return
    print_fields(record)


@commands.command()
def define(
    name: Name,
    sql: Annotated[str | None, typer.Option(help="One SELECT over datasets.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file with the SELECT.")] = None,
    description: Annotated[str, typer.Option(help="What it is, for people.")] = "",
) -> None:
    """Define a view, or change what it says. Nothing is computed yet: `refresh` does that."""
    if (sql is None) == (file is None):
        raise Invalid("a view needs its SELECT, once", hint="--sql 'SELECT ...' or --file view.sql")
    if file is not None:
        try:
            sql = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"{file} cannot be read: {error}") from error
    with open_workbench() as wb:
        found = wb.views.define(name, sql or "", description=description)
    say(f"{found.name} is at version {found.version}; workbench view refresh {found.name} computes it")


@commands.command()
def refresh(
    names: Annotated[list[str], typer.Argument(help="The views' names.")],
    anew: Annotated[bool, typer.Option("--anew", help="Compute it whole, whatever changed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring views up to date: by what their datasets got where that is enough, and else whole, saying why."""
    records = []
    with open_workbench() as wb:
        for name in names:
            done = wb.views.refresh(name, anew=anew)
            records.append({"view": name, **_refresh(done)})
            if not as_json:
                say(f"{name}: {done!r}")
    if as_json:
        print_records(records, as_json=True)


@commands.command()
def explain(name: Name, as_json: JsonOption = False) -> None:
    """Say whether a view can be carried on by what its datasets get, and what a refresh would do now."""
    with open_workbench() as wb:
        found = wb.views.explain(name)
    if as_json:
        print_records([{field: getattr(found, field) for field in found.__dataclass_fields__}], as_json=True)
    else:
        say(repr(found))


@commands.command()
def remove(name: Name) -> None:
    """Forget a view; its dataset stays."""
    with open_workbench() as wb:
        wb.views.remove(name)
    say(f"{name} is removed")


@commands.command()
def history(
    name: Name,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the refreshes of a view, newest first."""
    with open_workbench() as wb:
        records = [_refresh(one) for one in wb.views.history(name, limit=limit)]
    shown = ("started", "outcome", "way", "rows", "version", "run", "by", "why", "error")
    print_records(records, as_json=as_json, columns=shown, empty="no refresh yet")


def _record(view: View) -> dict[str, Any]:
    last = view.last
    return {
        **view.definition.model_dump(mode="json"),
        "version": view.version,
        "owner": view.owner,
        "created": view.created,
        "updated": view.updated,
        "refreshed": last and last.started,
        "outcome": last and last.outcome,
        "way": last and last.way,
        "why": last and last.why,
        "rows": last and last.rows,
        "run": last and last.run,
        "error": last and last.error,
    }


def _refresh(refresh: RefreshRecord) -> dict[str, Any]:
    return {name: getattr(refresh, name) for name in refresh.__dataclass_fields__}
