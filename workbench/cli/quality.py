from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.output import JsonOption, ago, print_records, say
from workbench.cli.state import open_workbench
from workbench.foundation.errors import Invalid

if TYPE_CHECKING:
    from workbench.data.quality import ColumnProfile

__all__ = ["add_to"]

Name = Annotated[str, typer.Argument(help="The dataset's name.")]


def add_to(commands: typer.Typer) -> None:
    """Adds what `workbench dataset` says of quality."""
    commands.command()(profile)
    commands.command()(quality)
    commands.command()(propose)
    commands.command()(promise)
    commands.command()(freshness)


def profile(
    name: Name,
    column: Annotated[str | None, typer.Option(help="All that is told of this column.")] = None,
    version: Annotated[int | None, typer.Option("--version", "-v", help="A version; default: the newest.")] = None,
    most: Annotated[int | None, typer.Option("--rows", min=1, help="Hold so many rows at a time.")] = None,
    seed: Annotated[int, typer.Option(help="What a sample is drawn with.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Show what a dataset looks like: missing, distinct and most frequent values, ranges, lengths, gaps."""
    with open_workbench() as wb:
        found = wb.quality.profile(name, version=version, most=most, seed=seed)
    if as_json:
        shown = found if column is None else found.of(column)
        print_records([shown.as_dict()], as_json=True)
        return
    say(found.sentence)
    say()
    if column is not None:
        print_records(_facts(found.of(column)), as_json=False, raw=True)
        return
    print_records(found.table().frame.to_dicts(), as_json=False, empty="no columns")
    if strongest := found.correlations.strongest(5):
        say()
        say("strongest correlations")
        records: list[dict[str, Any]] = [
            {"column": one.left, "and": one.right, "pearson": round(one.pearson, 3), "rows": one.rows}
            for one in strongest
        ]
        print_records(records, as_json=False)


def quality(
    name: Name,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many checks.")] = 10,
    check: Annotated[bool, typer.Option("--check", help="Check it now, against the suite of its name.")] = False,
    suite: Annotated[
        str | None, typer.Option("--suite", help="With --check: the suite, if not that of its name.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what checks of a dataset found: the newest, and how it went before. Exit code 1 where it now fails."""
    with open_workbench() as wb:
        if suite is not None and not check:
            raise Invalid("a suite is named for a check to be made", hint="--check")
        if check:
            wb.quality.check(name, suite)
        found = wb.quality.history(name, limit=limit)
        held = wb.quality.held.waiting(name)
    if found and not as_json:
        say(repr(found[0]))
        say()
    if held is not None and held.rows and not as_json:
        say(f"{held.sentence}; workbench quarantine list {name} shows them")
        say()
    records: list[dict[str, Any]] = [
        {
            "checked": one.checked if as_json else ago(one.checked),
            "version": one.version,
            "suite": one.suite,
            "result": "passed" if one.passed else "FAILED",
            "errors": len(one.failures),
            "warnings": len(one.warnings),
            "rows": one.rows,
            "run": one.run,
        }
        for one in found
    ]
    if as_json:
        for record, one in zip(records, found, strict=True):
            record["outcomes"] = [asdict(outcome) for outcome in one.outcomes]
    none = f"no check yet of what you see of it: workbench dataset quality {name} --check"
    print_records(records, as_json=as_json, empty=none)
    if check and not found[0].passed:
        raise typer.Exit(1)


def propose(name: Name) -> None:
    """Print expectations that a dataset meets as it is, each with the why: a suite to edit and save."""
    with open_workbench() as wb:
        say(wb.quality.propose(name).rstrip())


def promise(
    name: Name,
    column: Annotated[str | None, typer.Option(help="The column of days or times.")] = None,
    by: Annotated[str | None, typer.Option(help="Each day's rows are there by this time of day: 08:00.")] = None,
    time_zone: Annotated[str, typer.Option(help="Whose day and time of day.")] = "UTC",
    behind: Annotated[int, typer.Option(min=0, help="The rows of so many days before: 1 for yesterday's.")] = 0,
    rows: Annotated[int, typer.Option(min=1, help="How many rows a day has at least.")] = 1,
    within: Annotated[str | None, typer.Option(help="Or: the newest time is no longer ago, '2 hours'.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the promise back.")] = False,
) -> None:
    """Promise how fresh a dataset is: a day's rows by a time of day, or its newest time within a length of time."""
    with open_workbench() as wb:
        if remove:
            wb.quality.promises.remove(name)
            say(f"nothing is promised of {name} any more")
            return
        if column is None:
            raise Invalid("a promise is about a column of days or times", hint="--column DAY")
        told = wb.quality.promises.make(
            name, column=column, by=by, time_zone=time_zone, behind=behind, rows=rows, within=within
        )
    say(repr(told))


def freshness(
    name: Annotated[str | None, typer.Argument(help="A dataset; else all that promise something.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show whether promises of freshness are kept, day by day. Exit code 1 where one is broken."""
    with open_workbench() as wb:
        found = wb.quality.promises.list() if name is None else [wb.quality.promises.look(name)]
    if name is not None and not as_json:
        say(repr(found[0]))
    else:
        keys = ("dataset", "version", "kept", "promise", "sentence", "checked")
        records = [{key: getattr(one, key) for key in keys} for one in found]
        if as_json:
            records = [asdict(one) for one in found]
        none = "no freshness is promised: workbench dataset promise NAME --column DAY --by 08:00"
        print_records(records, as_json=as_json, columns=("dataset", "kept", "sentence") if records else (), empty=none)
    if not all(one.kept for one in found):
        raise typer.Exit(1)


def _facts(one: ColumnProfile) -> list[dict[str, str]]:
    """What is told of a column, a line each."""
    told: dict[str, Any] = {
        "type": one.type,
        "missing": f"{one.missing:,}",
        "distinct": one.counted or "not told",
    }
    if one.numbers is not None:
        numbers = one.numbers
        named = ("min", "max", "mean", "std", "zeros", "negative", "infinite")
        told |= {name: getattr(numbers, name) for name in named}
        told |= {f"quantile {point.share:g}": point.value for point in numbers.quantiles}
    if one.texts is not None:
        texts = one.texts
        told |= {name.replace("_", " "): getattr(texts, name) for name in ("shortest", "longest", "mean_length")}
        told |= {"empty": texts.empty, "padded": texts.padded}
        told |= {"looks like": ", ".join(f"{hint.what} ({hint.count:,})" for hint in (*texts.hints, *texts.shapes))}
    if one.times is not None:
        times = one.times
        told |= {"min": times.min, "max": times.max}
        told[f"{times.grain}s without rows"] = f"{times.without:,} of {times.periods:,}"
        if times.gap is not None:
            told["longest gap"] = f"{times.gap[0]} to {times.gap[1]}"
    told |= {f"value {top.value!r}": f"{top.count:,}" for top in one.frequent}
    if one.histogram is not None:
        edges = one.histogram.edges
        bins = zip(edges, edges[1:], one.histogram.counts, strict=False)
        told |= {f"from {least} to {greatest}": f"{count:,}" for least, greatest, count in bins}
    return [{"what": what, one.name: "" if value is None else str(value)} for what, value in told.items()]
