from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.output import say
from workbench.cli.state import open_workbench

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    app.command()(new)


def new(
    kind: Annotated[str, typer.Argument(help="notebook, pipeline, report, dashboard, metric or expectations.")],
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits, '-' and '_'.")],
    dataset: Annotated[
        str | None, typer.Option(help="What it is about, for those that are about one; by default the only one.")
    ] = None,
) -> None:
    """Write a notebook, report, dashboard, metric or the like to begin from: it passes the lint and runs."""
    from workbench.data.quality import in_already
    from workbench.starters import scaffold

    with open_workbench() as wb:
        for path in scaffold(wb, kind, name, dataset=dataset):
            say(f"wrote {path.relative_to(wb.settings.home)}")
        if kind == "expectations":
            say(in_already(wb.quality.suite(name).dataset, name))
