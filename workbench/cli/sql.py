from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
from workbench.cli.output import ExplainOption, JsonOption, print_explanation, print_records
from workbench.cli.state import open_workbench

if TYPE_CHECKING:
    from workbench.data.sql import SqlResult

__all__ = ["add_to", "print_result"]


def add_to(app: typer.Typer) -> None:
    app.command()(sql)


def sql(
    statement: Annotated[str, typer.Argument(help="One SELECT; datasets are its tables.")],
    param: ParamOption = None,
    version: VersionOption = None,
    limit: LimitOption = None,
    time_limit: TimeOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
    explain: ExplainOption = 0,
) -> None:
    """Answer one SELECT over datasets, under your policies."""
    texts, versions = named_values(param, "--param"), numbers(version, "--version")
    with open_workbench() as wb:
        from workbench.data.sql import typed

        found = wb.sql(
            statement,
            {name: typed(text) for name, text in texts.items()},
            versions=versions,
            limit=limit,
            time_limit=time_limit,
            memory_limit=memory_limit,
        )
        told = found.explain() if explain else ""
    print_result(found, as_json=as_json)
    if explain:
        print_explanation(told, explain, as_json=as_json)


def print_result(found: SqlResult, *, as_json: bool) -> None:
    """Prints rows, and on stderr whether there are more."""
    print_records(found.to_dicts(), as_json=as_json, columns=found.columns, empty="no rows", raw=True)
    if found.cut:
        typer.secho(f"cut at the limit of {len(found):,}: there are more rows", fg="yellow", err=True)
