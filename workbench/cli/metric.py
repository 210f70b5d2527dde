from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from workbench.cli.groups import group
from workbench.cli.output import (
    ExplainOption,
    JsonOption,
    NoCacheOption,
    print_explanation,
    print_problems,
    print_records,
    print_table,
    say,
)
from workbench.cli.state import open_workbench
from workbench.foundation.errors import Invalid

__all__ = ["add_to"]

commands = group("Metrics: one definition for every place a number is shown.")


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
                "type": metric.type,
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
        where = wb.metrics.definitions.where(name)
    definition = {**metric.model_dump(mode="json", exclude_none=True), "version": metric.version, "defined in": where}
    if as_json:
        print_records([definition], as_json=True)
        return
    for field, value in definition.items():
        if value in ("", []):
            continue
        say(f"{field:<20}{', '.join(map(_worded, value)) if isinstance(value, list) else value}")


@commands.command()
def query(
    names: Annotated[list[str], typer.Argument(help="One or more metrics.")],
    by: Annotated[list[str] | None, typer.Option(help="A dimension; repeat it, or write a,b for several.")] = None,
    grain: Annotated[
        str | None, typer.Option(help="minute, hour, day, week, month, quarter or year; 'default': the metric's.")
    ] = None,
    where: Annotated[str | None, typer.Option(help="A SQL condition on the dataset's columns.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First day, YYYY-MM-DD, in the metric's time zone.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="The day after the last.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Whose midnight starts a day; default: the metric's.")] = None,
    week_start: Annotated[
        int | None, typer.Option(min=1, max=7, help="1 (Monday) to 7 (Sunday); default: the metric's.")
    ] = None,
    having: Annotated[str | None, typer.Option(help="A SQL condition on the result's columns.")] = None,
    compare: Annotated[
        str | None, typer.Option(help="'previous period' or 'previous year': what it was, and the change.")
    ] = None,
    order: Annotated[str | None, typer.Option(help="A column to sort by; '-column' for descending.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many rows.")] = None,
    no_cache: NoCacheOption = False,
    as_json: JsonOption = False,
    explain: ExplainOption = 0,
    rollups: Annotated[
        str | None, typer.Option(help="use, off or only: whether rollups may answer, may not, or have to.")
    ] = None,
) -> None:
    """Compute metrics."""
    between = None
    if start is not None or end is not None:
        between = (_day(start, "--from") or date.min, _day(end, "--to") or date.max)
    with open_workbench() as wb:
        result = wb.metrics.query(
            _split(names),
            by=_split(by or []),
            grain=grain,
            where=where,
            between=between,
            time_zone=time_zone,
            week_start=week_start,
            having=having,
            order=order,
            limit=limit,
            compare=compare,
            cache="off" if no_cache else "use",
            rollups=_mode(rollups),
        )
        told = result.explain() if explain else ""
    if as_json:
        print_records(result.frame.to_dicts(), as_json=True)
    else:
        columns = result.table().columns
        frame = result.frame
        rows = [[columns[name].read(value) for name, value in row.items()] for row in frame.iter_rows(named=True)]
        right = [column.kind == "number" for column in columns.values()]
        print_table([column.heading for column in columns.values()], rows, right, empty="no rows")
        if result.approximation:
            say(result.approximation)
    if explain:
        print_explanation(told, explain, as_json=as_json)


@commands.command()
def define(
    file: Annotated[Path, typer.Argument(help="A YAML file: the keys of a metric, or a list of metrics.")],
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why, for whoever reads the history.")] = "",
) -> None:
    """Keep definitions in the catalog: everybody has them at once, and what they said before is remembered."""
    from workbench.foundation import definitions

    content: Any = definitions.read(file, kind="file of metrics", shown=str(file)).content
    found = content if isinstance(content, list) else [content]
    if not found or not all(isinstance(one, dict) for one in found):
        raise Invalid(f"{file} has no metric", hint="write its keys, such as name, dataset and aggregation")
    with open_workbench() as wb:
        for one in found:
            metric = wb.metrics.define(one, comment=comment)
            say(f"defined {metric.name}, version {metric.version}")


@commands.command()
def history(name: Annotated[str, typer.Argument(help="The metric's name.")], as_json: JsonOption = False) -> None:
    """Show what a metric of the catalog ever said, newest first."""
    with open_workbench() as wb:
        found = wb.metrics.history(name)
        records = [
            {
                "number": one.number,
                "time": one.time,
                "by": one.principal,
                "comment": one.comment,
                "definition": dict(one.definition) if one.definition is not None else None,
            }
            for one in found
        ]
    print_records(records, as_json=as_json, columns=("number", "time", "by", "comment", "definition"))


@commands.command()
def remove(
    name: Annotated[str, typer.Argument(help="The metric's name.")],
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why, for whoever reads the history.")] = "",
) -> None:
    """Take a definition out of the catalog; its history stays."""
    with open_workbench() as wb:
        wb.metrics.remove(name, comment=comment)
    say(f"removed {name}")


def _worded(part: Any) -> str:
    """One of several parts of a definition: its name, or what it says where it has none."""
    if not isinstance(part, dict):
        return str(part)
    said = {key: value for key, value in part.items() if value not in ("", [], {})}
    name = said.pop("name", said.pop("alias", None))
    rest = ", ".join(f"{key}: {value}" for key, value in said.items() if key not in ("label", "order"))
    return " ".join(filter(None, (name, f"({rest})" if rest and name else rest)))


def _split(names: list[str]) -> list[str]:
    """No metric and no dimension has a comma in its name."""
    return [part.strip() for name in names for part in name.split(",") if part.strip()]


def _mode(text: str | None) -> Literal["use", "off", "only"] | None:
    if text in (None, "use", "off", "only"):
        return text  # type: ignore[return-value]
    raise typer.BadParameter(f"'{text}' is none of use, off and only", param_hint="--rollups")


def _day(text: str | None, option: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no date; write it as 2013-01-31", param_hint=option) from None
