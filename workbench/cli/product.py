"""`workbench funnel`, `retention` and the like: what subjects do over time, asked of one dataset of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.behind import SaveOption, WhoOption, print_who
from workbench.cli.event_columns import EventOption, IdOption, SubjectOption, TimeOption, columns_of
from workbench.cli.grids import grid_of, rows_of
from workbench.cli.output import (
    ExplainOption,
    JsonOption,
    NoCacheOption,
    heading,
    print_explanation,
    print_records,
    print_table,
    say,
)
from workbench.cli.state import open_workbench

if TYPE_CHECKING:
    from workbench import Workbench
    from workbench.analytics.product import Product, ProductResult, Step

__all__ = ["add_to"]

_STEP = "An event's name, 'cart where amount > 100' for one with a condition, '*' for any."

Dataset = Annotated[str, typer.Argument(help="The dataset's name.")]
StepArgument = Annotated[str, typer.Argument(help=_STEP)]
From = Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD, or a time with its zone.")]
To = Annotated[str | None, typer.Option("--to", help="The day or time after the last.")]
Within = Annotated[str | None, typer.Option(help="Only the subjects of this cohort.")]
Zone = Annotated[str, typer.Option("--time-zone", help="Whose midnight starts a day.")]
WeekStart = Annotated[int, typer.Option("--week-start", help="1 (Monday) to 7 (Sunday).")]
Version = Annotated[int | None, typer.Option("--version", "-v", help="A version; default: the newest.")]

By = Annotated[str | None, typer.Option(help="A column to break it down by, or a SQL expression.")]
Attribution = Annotated[
    str, typer.Option(help="Whose value is a subject's: that of its first such event, or its last.")
]
Top = Annotated[int, typer.Option(help="So many values are told apart; the rest is '(other)'.")]


def add_to(app: typer.Typer) -> None:
    for command in (funnel, retention, stickiness, lifecycle, paths, sessions, duplicates):
        app.command()(command)


def funnel(
    dataset: Dataset,
    steps: Annotated[list[str], typer.Argument(help=f"Two or more, in order. {_STEP}")],
    window: Annotated[str, typer.Option(help="Within which all steps have to follow the first.")] = "7 days",
    step_window: Annotated[
        list[str] | None,
        typer.Option(help="Within which a step has to follow the one before; one for each step but the first."),
    ] = None,
    order: Annotated[
        str, typer.Option(help="ordered, strict (no other event in between) or any (whichever comes first).")
    ] = "ordered",
    entry: Annotated[
        str, typer.Option(help="any: begin with every first step, and count the furthest; first: with the first one.")
    ] = "any",
    exclude: Annotated[
        list[str] | None, typer.Option(help="A step that ends an attempt when it comes in between; repeat it.")
    ] = None,
    by: By = None,
    attribution: Annotated[
        str, typer.Option(help="Whose value counts: that of the first step, of the last, or of a step by its number.")
    ] = "first",
    top: Top = 10,
    grain: Annotated[str | None, typer.Option(help="Entries by hour, day, week, month, quarter or year.")] = None,
    start: From = None,
    end: To = None,
    within: Within = None,
    subject: SubjectOption = None,
    event: EventOption = None,
    time: TimeOption = None,
    id: IdOption = None,
    time_zone: Zone = "UTC",
    week_start: WeekStart = 1,
    version: Version = None,
    no_cache: NoCacheOption = False,
    as_json: JsonOption = False,
    explain: ExplainOption = 0,
    who: WhoOption = None,
    save: SaveOption = None,
) -> None:
    """Count the subjects that take one step after the other."""
    with open_workbench() as wb:
        result = _asking(wb, no_cache).funnel(
            dataset,
            _steps(steps),
            window=window,
            step_windows=step_window,
            order=order,  # type: ignore[arg-type]  # the library names the nearest one
            entry=entry,  # type: ignore[arg-type]
            exclusions=_steps(exclude or []),
            breakdown=by,
            attribution=int(attribution) if attribution.isdecimal() else attribution,  # type: ignore[arg-type]
            top=top,
            grain=grain,
            week_start=week_start,
            **_common(start, end, within, subject, event, time, id, time_zone, version),
        )
        _show(result, who, save, as_json=as_json, explain=explain)


def retention(
    dataset: Dataset,
    step: StepArgument,
    back: Annotated[str | None, typer.Argument(help="What counts as coming back; default: the same step.")] = None,
    grain: Annotated[str, typer.Option(help="hour, day, week or month.")] = "week",
    periods: Annotated[int, typer.Option(help="How many periods of a cohort are looked at, its own included.")] = 12,
    kind: Annotated[
        str, typer.Option(help="'first time': in the cohort of the very first start; recurring: of every one.")
    ] = "first time",
    counting: Annotated[
        str, typer.Option(help="on: came back in that period; 'on or after': in it or a later one.")
    ] = "on",
    by: By = None,
    attribution: Attribution = "first",
    top: Top = 10,
    start: From = None,
    end: To = None,
    within: Within = None,
    subject: SubjectOption = None,
    event: EventOption = None,
    time: TimeOption = None,
    id: IdOption = None,
    time_zone: Zone = "UTC",
    week_start: WeekStart = 1,
    version: Version = None,
    no_cache: NoCacheOption = False,
    as_json: JsonOption = False,
    explain: ExplainOption = 0,
    who: WhoOption = None,
    save: SaveOption = None,
) -> None:
    """Count, of those who began in a period, who came back in the periods after it."""
    with open_workbench() as wb:
        (began,) = _steps([step])
        result = _asking(wb, no_cache).retention(
            dataset,
            began,
            None if back is None else _steps([back])[0],
            grain=grain,  # type: ignore[arg-type]
            periods=periods,
            kind=kind,  # type: ignore[arg-type]
            counting=counting,  # type: ignore[arg-type]
            breakdown=by,
            attribution=attribution,  # type: ignore[arg-type]
            top=top,
            week_start=week_start,
            **_common(start, end, within, subject, event, time, id, time_zone, version),
        )
        _show(result, who, save, as_json=as_json, explain=explain)


def stickiness(
    dataset: Dataset,
    step: StepArgument,
    grain: Annotated[str, typer.Option(help="hour, day, week or month.")] = "day",
    cumulative: Annotated[bool, typer.Option("--cumulative", help="In so many periods or more.")] = False,
    by: By = None,
    attribution: Attribution = "first",
    top: Top = 10,
    start: From = None,
    end: To = None,
    within: Within = None,
    subject: SubjectOption = None,
    event: EventOption = None,
    time: TimeOption = None,
    id: IdOption = None,
    time_zone: Zone = "UTC",
    week_start: WeekStart = 1,
    version: Version = None,
    no_cache: NoCacheOption = False,
    as_json: JsonOption = False,
    explain: ExplainOption = 0,
    who: WhoOption = None,
    save: SaveOption = None,
) -> None:
    """Count the subjects by in how many periods they did a step."""
    with open_workbench() as wb:
        result = _asking(wb, no_cache).stickiness(
            dataset,
            _steps([step])[0],
            grain=grain,  # type: ignore[arg-type]
            cumulative=cumulative,
            breakdown=by,
            attribution=attribution,  # type: ignore[arg-type]
            top=top,
            week_start=week_start,
            **_common(start, end, within, subject, event, time, id, time_zone, version),
        )
        _show(result, who, save, as_json=as_json, explain=explain)


def lifecycle(
    dataset: Dataset,
    step: StepArgument,
    grain: Annotated[str, typer.Option(help="hour, day, week or month.")] = "week",
    by: By = None,
    attribution: Attribution = "first",
    top: Top = 10,
    start: From = None,
    end: To = None,
    within: Within = None,
    subject: SubjectOption = None,
    event: EventOption = None,
    time: TimeOption = None,
    id: IdOption = None,
    time_zone: Zone = "UTC",
    week_start: WeekStart = 1,
    version: Version = None,
    no_cache: NoCacheOption = False,
    as_json: JsonOption = False,
    explain: ExplainOption = 0,
    who: WhoOption = None,
    save: SaveOption = None,
) -> None:
    """Count who is new, returning, resurrecting and dormant, period by period."""
    with open_workbench() as wb:
        result = _asking(wb, no_cache).lifecycle(
            dataset,
            _steps([step])[0],
            grain=grain,  # type: ignore[arg-type]
            breakdown=by,
            attribution=attribution,  # type: ignore[arg-type]
            top=top,
            week_start=week_start,
            **_common(start, end, within, subject, event, time, id, time_zone, version),
        )
        _show(result, who, save, as_json=as_json, explain=explain)


def paths(
    dataset: Dataset,
    start_at: Annotated[str | None, typer.Option(help="Only what follows this event.")] = None,
    end_at: Annotated[str | None, typer.Option(help="Only what leads to this event.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only these events; repeat it.")] = None,
    where: Annotated[str | None, typer.Option(help="A SQL condition over one row's columns.")] = None,
    gap: Annotated[str, typer.Option(help="A longer pause ends a session.")] = "30 minutes",
    max_steps: Annotated[int, typer.Option(help="How many places of a session are looked at.")] = 5,
    minimum_share: Annotated[float, typer.Option(help="Edges with a smaller share of all paths are left out.")] = 0.0,
    top: Annotated[int, typer.Option(help="So many events are told apart at each place.")] = 20,
    start: From = None,
    end: To = None,
    within: Within = None,
    subject: SubjectOption = None,
    event: EventOption = None,
    time: TimeOption = None,
    id: IdOption = None,
    time_zone: Zone = "UTC",
    version: Version = None,
    no_cache: NoCacheOption = False,
    as_json: JsonOption = False,
    explain: ExplainOption = 0,
    who: WhoOption = None,
    save: SaveOption = None,
) -> None:
    """Count which event follows which within a session, place by place."""
    with open_workbench() as wb:
        result = _asking(wb, no_cache).paths(
            dataset,
            start_at=start_at,
            end_at=end_at,
            events=only or None,
            where=where,
            gap=gap,
            max_steps=max_steps,
            minimum_share=minimum_share,
            top=top,
            **_common(start, end, within, subject, event, time, id, time_zone, version),
        )
        _show(result, who, save, as_json=as_json, explain=explain)


def sessions(
    dataset: Dataset,
    gap: Annotated[str, typer.Option(help="A longer pause ends a session.")] = "30 minutes",
    by: Annotated[
        list[str] | None, typer.Option(help="A column of which a session's first event's value counts; repeat it.")
    ] = None,
    grain: Annotated[str, typer.Option(help="hour, day, week, month, quarter, year, or none.")] = "day",
    start: From = None,
    end: To = None,
    within: Within = None,
    subject: SubjectOption = None,
    event: EventOption = None,
    time: TimeOption = None,
    id: IdOption = None,
    time_zone: Zone = "UTC",
    week_start: WeekStart = 1,
    version: Version = None,
    no_cache: NoCacheOption = False,
    as_json: JsonOption = False,
    explain: ExplainOption = 0,
    who: WhoOption = None,
    save: SaveOption = None,
) -> None:
    """Count sessions and how long they are: a subject's events with no longer pause than a gap."""
    with open_workbench() as wb:
        result = _asking(wb, no_cache).sessions(
            dataset,
            gap=gap,
            by=by or (),
            grain=None if grain == "none" else grain,
            week_start=week_start,
            **_common(start, end, within, subject, event, time, id, time_zone, version),
        )
        _show(result, who, save, as_json=as_json, explain=explain)


def duplicates(
    dataset: Dataset,
    id: Annotated[str | None, typer.Option(help="The column of ids; by default the layout's.")] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="A column of which the value of the row that is kept counts; repeat it.")
    ] = None,
    amount: Annotated[str | None, typer.Option(help="A column of numbers that is added up.")] = None,
    grain: Annotated[str, typer.Option(help="hour, day, week, month, quarter, year, or none.")] = "none",
    start: From = None,
    end: To = None,
    within: Within = None,
    subject: SubjectOption = None,
    event: EventOption = None,
    time: TimeOption = None,
    time_zone: Zone = "UTC",
    week_start: WeekStart = 1,
    version: Version = None,
    no_cache: NoCacheOption = False,
    as_json: JsonOption = False,
    explain: ExplainOption = 0,
    who: WhoOption = None,
    save: SaveOption = None,
) -> None:
    """Count the rows that came again: of a subject's rows with one id the latest counts."""
    with open_workbench() as wb:
        result = _asking(wb, no_cache).duplicates(
            dataset,
            id=id,
            by=by or (),
            amount=amount,
            grain=None if grain == "none" else grain,
            week_start=week_start,
            **_common(start, end, within, subject, event, time, None, time_zone, version),
        )
        _show(result, who, save, as_json=as_json, explain=explain)


def _asking(wb: Workbench, no_cache: bool) -> Product:
    return wb.product.anew() if no_cache else wb.product


def _common(
    start: str | None,
    end: str | None,
    within: str | None,
    subject: str | None,
    event: str | None,
    time: str | None,
    id: str | None,
    time_zone: str,
    version: int | None,
) -> dict[str, Any]:
    """What every question takes, as `wb.product` calls it."""
    return {
        "between": None if start is None and end is None else (start, end),
        "within": within,
        "columns": columns_of(subject, event, time, id),
        "time_zone": time_zone,
        "version": version,
    }


def _steps(texts: list[str]) -> list[Step]:
    from workbench.analytics.product import Step

    return [Step.parse(text) for text in texts]


def _show(result: ProductResult, who: list[str] | None, save: str | None, *, as_json: bool, explain: int) -> None:
    """The rows in their own words, with what one has to know to read them; for programs the rows alone."""
    if who or save is not None:
        print_who(result, who, save, as_json=as_json)
    elif as_json:
        print_records(result.frame.to_dicts(), as_json=True)
    else:
        grid = grid_of(result) or rows_of(result)
        heading(result.title)
        print_table(grid.headings, grid.rows, grid.right, empty="no rows", fold=True)
        say(grid.note)
    if explain:
        print_explanation(result.explain(), explain, as_json=as_json)
