"""Printing: a table for people, a list of objects for programs."""

from __future__ import annotations

import base64
import json
import math
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer

from workbench.cli.layout import lay_out
from workbench.cli.plans import in_short

__all__ = [
    "ExplainOption",
    "JsonOption",
    "NoCacheOption",
    "ago",
    "heading",
    "print_explanation",
    "print_problems",
    "print_records",
    "print_table",
    "say",
    "size",
]

# So wide a table in words may be where no terminal says its width, if folding its headings suffices for that.
FOLDED = 100

ExplainOption = Annotated[
    int,
    typer.Option(
        "--explain",
        count=True,
        show_default=False,
        help="Say how it was computed, too; twice: with the whole plan. With --json on stderr.",
    ),
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Compute it now, whatever is kept.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print a list of JSON objects.")]


def print_records(
    records: Sequence[Mapping[str, Any]],
    *,
    as_json: bool,
    columns: Iterable[str] | None = None,
    empty: str = "nothing",
    raw: bool = False,
) -> None:
    """Prints records as a table, or as JSON with full precision; `columns` narrows the table, never the JSON.

    In JSON, NaN and infinity are null, bytes are base64, and times are ISO text.

    Args:
        raw: The values are somebody's data, where 2013 may be a year and 10247 a name: they get no separators.
    """
    if as_json:
        typer.echo(json.dumps(_json_value(list(records)), allow_nan=False, ensure_ascii=False, indent=2))
        return
    shown = list(columns or (records[0] if records else ()))
    right = [all(_is_number(record[name]) or record[name] is None for record in records) for name in shown]
    print_table(shown, [[_cell(record[name], raw=raw) for name in shown] for record in records], right, empty=empty)


def print_fields(record: Mapping[str, Any]) -> None:
    """Prints one record, a field to a line; without those that say nothing."""
    for field, value in record.items():
        if value is not None and value not in ("", (), [], {}):
            several = isinstance(value, list | tuple)
            say(f"{field:<14}{', '.join(map(str, value)) if several else _cell(value, raw=True)}")


def print_explanation(told: str, times: int, *, as_json: bool) -> None:
    """Prints how something was computed below it; beside JSON, which it would break, on stderr.

    On a terminal a line is cut where that ends: the expressions of a plan would take many lines each.

    Args:
        times: How often it was asked for: once for a long plan in short, twice for the whole of it.
    """
    if times == 1:
        told = in_short(told)
    if not as_json and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        told = "\n".join(line if len(line) <= width else f"{line[: width - 1]}…" for line in told.splitlines())
    typer.echo(told if as_json else f"\n{told}", err=as_json)


def print_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    *,
    empty: str = "nothing",
    fold: bool = False,
) -> None:
    """Prints texts in columns; says which columns a terminal had no room for. A pipe or a file gets all of them.

    Args:
        right: Which columns are flush right.
        empty: What is said where there is no row.
        fold: The headings are words and no names of columns: they may take several lines in a pipe or a file, too.
    """
    if not rows:
        typer.echo(empty)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines, left_out = lay_out(headings, rows, right, width, fold=FOLDED if fold else None)
    heads = len(lines) - len(rows)
    for line in lines[:heads]:
        typer.secho(line, bold=True)
    for line in lines[heads:]:
        typer.echo(line)
    if left_out:
        count = f"{len(left_out)} more {'column does' if len(left_out) == 1 else 'columns do'} not fit"
        named = ", ".join(left_out[:6]) + (" ..." if len(left_out) > 6 else "")
        typer.secho(f"{count}: {named}. Name fewer columns, use --json, or pipe it: | less -S", dim=True)


def print_problems(problems: Iterable[str]) -> None:
    """Says what a list had to leave out, beside it: on stderr."""
    for problem in problems:
        typer.secho("left out: ", fg="yellow", err=True, nl=False)
        typer.echo(problem, err=True)


def print_hint(problem: str, hint: str | None) -> None:
    """Tells of what stands in the way later, and what to do about it."""
    typer.secho(problem, fg="yellow", err=True)
    if hint:
        typer.secho("hint:  ", fg="cyan", err=True, nl=False)
        typer.echo(hint, err=True)


def heading(text: str) -> None:
    typer.secho(text, bold=True)


def say(text: str = "") -> None:
    typer.echo(text)


def size(count: int | None) -> str:
    """Bytes as people say them."""
    if count is None:
        return ""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def ago(moment: datetime | None) -> str:
    """How long ago an UTC time was: "3 min ago"."""
    if moment is None:
        return ""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit} ago"
    return "just now"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _cell(value: Any, *, raw: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if raw:
        return _plain_float(value) if isinstance(value, float) else str(value)
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if _is_number(value) else str(value)


def _plain_float(value: float) -> str:
    """In full where that is short, else to ten digits: more are what arithmetic left over."""
    full = repr(value)
    return full if len(full) <= 12 or abs(value) >= 1e6 else f"{value:.10g}"


def _json_value(value: Any) -> Any:
    """What JSON has for a value: null for NaN and infinity, base64 for bytes, text for what it has nothing for."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case date() | datetime():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case Mapping():
            return {str(name): _json_value(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_json_value(inner) for inner in value]
        case _:
            return str(value)
