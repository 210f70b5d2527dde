from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import state
from workbench.cli.output import say

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    app.command()(new)


def new(
    kind: Annotated[str, typer.Argument(help="notebook, pipeline, report or metric.")],
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits, '-' and '_'.")],
    dataset: Annotated[str, typer.Option(help="The dataset a metric is computed on.")] = "my_dataset",
) -> None:
    """Write a notebook, pipeline, report or metric to begin from: it passes the lint and runs."""
    from workbench.foundation.settings import find_home
    from workbench.starters import scaffold

    folder = Path(state.home).resolve() if state.home else find_home()
    for path in scaffold(folder, kind, name, dataset=dataset):
        say(f"wrote {path.relative_to(folder)}")
