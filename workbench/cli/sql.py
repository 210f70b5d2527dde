from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.output import JsonOption, print_records
from workbench.cli.state import open_workbench

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    app.command()(sql)


def sql(
    statement: Annotated[str, typer.Argument(help="One SELECT; datasets are its tables.")], as_json: JsonOption = False
) -> None:
    """Answer one SELECT over datasets, under your policies."""
    with open_workbench() as wb:
        found = wb.sql(statement)
    print_records(found.to_dicts(), as_json=as_json, columns=found.columns, empty="no rows", raw=True)
