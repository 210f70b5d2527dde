"""Printing: a table for people, a list of objects for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer

__all__ = ["JsonOption", "ago", "heading", "print_records", "say", "size"]

JsonOption = Annotated[bool, typer.Option("--json", help="Print a list of JSON objects.")]


def print_records(
    records: Sequence[Mapping[str, Any]], *, as_json: bool, columns: Iterable[str] | None = None, empty: str = "nothing"
) -> None:
    """Prints records as a table, or as JSON with full precision; `columns` narrows the table, never the JSON."""
    if as_json:
        typer.echo(json.dumps([dict(record) for record in records], default=_json_value, ensure_ascii=False, indent=2))
        return
    if not records:
        typer.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table

    shown = list(columns or records[0])
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in shown:
        numeric = all(isinstance(record[name], int | float) or record[name] is None for record in records)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for record in records:
        table.add_row(*(_cell(record[name]) for name in shown))
    # A pipe or a file has no width: it gets every column whole, on one line.
    console = Console() if sys.stdout.isatty() else Console(width=10_000)
    with console.capture() as capture:
        console.print(table, highlight=False, markup=False)
    for line in capture.get().splitlines():
        typer.echo(line.rstrip())


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


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, bool) or not isinstance(value, int):
        return str(value)
    return f"{value:,}"


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
