from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.given import (
    LimitOption,
    MemoryOption,
    ParamOption,
    TimeOption,
    VersionOption,
    named_values,
    numbers,
)
from workbench.cli.groups import group
from workbench.cli.output import ExplainOption, JsonOption, print_explanation, print_records, say
from workbench.cli.sql import print_result
from workbench.cli.state import open_workbench

if TYPE_CHECKING:
    from workbench.analytics.queries import QueryRun, SavedQuery

__all__ = ["add_to"]

commands = group("Saved SQL: named, with parameters and versions, shared.")

Name = Annotated[str, typer.Argument(help="The query's name.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="query")


@commands.command("list")
def list_queries(
    search: Annotated[list[str] | None, typer.Argument(help="Words that it has.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only what this user owns.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the queries that you may run."""
    with open_workbench() as wb:
        records = [_query(query) for query in wb.queries.list(" ".join(search or ()), owner=owner)]
    shown = ("name", "owner", "shared", "version", "updated", "description")
    print_records(records, as_json=as_json, columns=shown, empty="no query: workbench query save NAME SQL")


@commands.command()
def show(
    name: Name,
    at: Annotated[int | None, typer.Option("--at", min=1, help="Which version; the newest by default.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a query says."""
    with open_workbench() as wb:
        query = wb.queries.get(name, version=at)
    _show(query, as_json=as_json)


@commands.command()
def save(
    name: Name,
    statement: Annotated[str | None, typer.Argument(help="One SELECT; $NAME is a parameter.")] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The file that the statement is in.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            help="NAME:TYPE, or NAME:TYPE=DEFAULT; text, integer, number, boolean, date or time. Repeat it.",
        ),
    ] = None,
    share: Annotated[str | None, typer.Option(help="The least role that may run it; a new one is private.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Save a query, or a new version of one. It has to be one that can be answered."""
    if (statement is None) == (file is None):
        raise typer.BadParameter("give the statement, or --file with it in", param_hint="STATEMENT")
    sql = statement if file is None else file.read_text(encoding="utf-8")
    with open_workbench() as wb:
        query = wb.queries.save(name, sql or "", description=description, parameters=_declared(param), shared=share)
    _show(query, as_json=as_json)


@commands.command()
def run(
    name: Name,
    param: ParamOption = None,
    version: VersionOption = None,
    at: Annotated[int | None, typer.Option("--at", min=1, help="Which version of the query.")] = None,
    limit: LimitOption = None,
    time_limit: TimeOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
    explain: ExplainOption = 0,
) -> None:
    """Run a query, under your policies."""
    parameters, versions = named_values(param, "--param"), numbers(version, "--version")
    with open_workbench() as wb:
        found = wb.queries.run(
            name,
            parameters,
            version=at,
            versions=versions,
            limit=limit,
            time_limit=time_limit,
            memory_limit=memory_limit,
        )
        told = found.explain() if explain else ""
    print_result(found, as_json=as_json)
    if explain:
        print_explanation(told, explain, as_json=as_json)


@commands.command()
def history(name: Name, as_json: JsonOption = False) -> None:
    """List a query's versions, newest first."""
    with open_workbench() as wb:
        records = [_query(query) for query in wb.queries.history(name)]
    print_records(records, as_json=as_json, columns=("version", "updated", "saved_by", "description", "sql"))


@commands.command()
def share(
    name: Name,
    role: Annotated[str | None, typer.Argument(help="viewer, analyst, engineer or admin, and those above.")] = None,
    private: Annotated[bool, typer.Option("--private", help="Yours alone again.")] = False,
) -> None:
    """Say who may run a query."""
    if (role is None) != private:
        raise typer.BadParameter("give a role, or --private", param_hint="ROLE")
    with open_workbench() as wb:
        query = wb.queries.share(name, role)
    say(f"{query.name} is {query.audience}")


@commands.command()
def delete(name: Name) -> None:
    """Delete a query with its versions; who ran it stays known."""
    with open_workbench() as wb:
        wb.queries.delete(name)
    say(f"{name} is deleted")


@commands.command()
def runs(
    name: Annotated[str | None, typer.Argument(help="Only of this query.")] = None,
    state: Annotated[str | None, typer.Option(help="running, ok, failed, cancelled or 'timed out'.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List who ran what, newest first: your runs; an admin sees everybody's."""
    with open_workbench() as wb:
        records = [_run(one) for one in wb.queries.runs(name, state=state, limit=limit)]
    shown = ("id", "query", "by", "started", "state", "seconds", "rows", "error")
    print_records(records, as_json=as_json, columns=shown, empty="no run of a query")


@commands.command()
def cancel(run: Annotated[str, typer.Argument(help="The run's id, from `workbench query runs`.")]) -> None:
    """End a running query, in whichever process it runs."""
    with open_workbench() as wb:
        found = wb.queries.cancel(run)
    say(f"the run {found.id} of {found.query} is asked to end")


def _declared(given: list[str] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in given or ():
        about, equals, default = text.partition("=")
        name, _, kind = about.partition(":")
        if not name or name in found:
            raise typer.BadParameter(f"'{text}' is not NAME:TYPE, or its name is given twice", param_hint="--param")
        found[name] = {"type": kind or "text"} | ({"default": default} if equals else {})
    return found


def _show(query: SavedQuery, *, as_json: bool) -> None:
    if as_json:
        print_records([_query(query)], as_json=True)
    else:
        say(repr(query))


def _query(query: SavedQuery) -> dict[str, Any]:
    told = {name: getattr(query, name) for name in query.__dataclass_fields__ if name not in ("id", "parameters")}
    parameters = {name: about.model_dump() for name, about in query.parameters.items()}
    return told | {"datasets": list(query.datasets), "parameters": parameters}


def _run(run: QueryRun) -> dict[str, Any]:
    return asdict(run) | {"role": run.role.value, "state": run.state.value}
