from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from workbench.cli.output import JsonOption, print_problems, print_records, print_table, say
from workbench.cli.state import open_workbench

__all__ = ["add_to"]

commands = typer.Typer(help="Metrics: one definition for every place a number is shown.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="metric")


@commands.command("list")
def list_metrics(as_json: JsonOption = False) -> None:
    """List the metrics."""
    with open_workbench() as wb:
        known = wb.metrics.list()
        records = [
            {
                "name": metric.name,
                "label": metric.label,
                "unit": metric.unit,
                "dataset": metric.dataset,
                "version": metric.version,
                "description": metric.description,
            }
            for metric in known
        ]
    print_records(records, as_json=as_json, empty="no metric: workbench new metric NAME")
    print_problems(known.problems)


@commands.command()
def show(name: Annotated[str, typer.Argument(help="The metric's name.")], as_json: JsonOption = False) -> None:
    """Show a metric's definition."""
    with open_workbench() as wb:
        metric = wb.metrics.get(name)
    definition = {**metric.model_dump(mode="json", exclude_none=True), "version": metric.version}
    if as_json:
        print_records([definition], as_json=True)
        return
    for field, value in definition.items():
        say(f"{field:<14}{', '.join(map(str, value)) if isinstance(value, list) else value}")


@commands.command()
def query(
    names: Annotated[list[str], typer.Argument(help="One or more metrics.")],
    by: Annotated[list[str] | None, typer.Option(help="A dimension; repeat it, or write a,b for several.")] = None,
    grain: Annotated[str | None, typer.Option(help="hour, day, week, month, quarter or year.")] = None,
    where: Annotated[str | None, typer.Option(help="A SQL condition on the dataset's columns.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First day, YYYY-MM-DD, in the metric's time zone.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="The day after the last.")] = None,
    order: Annotated[str | None, typer.Option(help="A column to sort by; '-column' for descending.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many rows.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compute metrics."""
    between = None
    if start is not None or end is not None:
        between = (_day(start, "--from") or date.min, _day(end, "--to") or date.max)
    with open_workbench() as wb:
        result = wb.metrics.query(
            _split(names), by=_split(by or []), grain=grain, where=where, between=between, order=order, limit=limit
        )
    if as_json:
        print_records(result.frame.to_dicts(), as_json=True)
        return
    columns = result.table().columns
    rows = [[columns[name].read(value) for name, value in row.items()] for row in result.frame.iter_rows(named=True)]
    right = [column.kind == "number" for column in columns.values()]
    print_table([column.heading for column in columns.values()], rows, right, empty="no rows")


def _split(names: list[str]) -> list[str]:
    """No metric and no dimension has a comma in its name."""
    return [part.strip() for name in names for part in name.split(",") if part.strip()]


def _day(text: str | None, option: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no date; write it as 2013-01-31", param_hint=option) from None
