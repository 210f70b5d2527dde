"""Who is behind one number of a result, as a command line asks it: `--who step=2`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.given import named_values
from workbench.cli.output import print_records, say

if TYPE_CHECKING:
    import polars as pl

    from workbench.analytics.product import ProductResult

__all__ = ["SaveOption", "WhoOption", "print_who"]

WhoOption = Annotated[
    list[str] | None,
    typer.Option(
        "--who",
        help="NAME=VALUE, such as step=2: list who is behind that number; nothing after '=' is the missing value. "
        "Repeat it: names are those of --json's keys, and for a funnel dropped=true.",
    ),
]
SaveOption = Annotated[str | None, typer.Option("--save", help="Keep those of --who as a cohort of this name.")]


def print_who(result: ProductResult, given: Sequence[str] | None, save: str | None, *, as_json: bool) -> None:
    """Lists the subjects behind the number that is named, or keeps them as a cohort.

    Raises:
        BadParameter: A value is not of its column's type, or there is nobody to keep.
    """
    if not given:
        raise typer.BadParameter("who is to be kept? --who step=2 says it", param_hint="--save")
    cell = {name: _value(text, name, result.frame.schema) for name, text in named_values(given, "--who").items()}
    found = result.subjects(**cell)
    if save is not None:
        say(repr(found.save(save)))
        return
    if not as_json:
        say(repr(found))
    print_records(found.frame.to_dicts(), as_json=as_json, columns=found.frame.columns, empty="nobody", raw=True)


def _value(text: str, name: str, schema: pl.Schema) -> Any:
    """What somebody typed, as the rows of the result have it."""
    import polars as pl

    kind = schema.get(name)
    try:
        if kind is None:
            return {"true": True, "false": False}.get(text, text)
        if not text:
            return None
        if kind.is_integer():
            return int(text)
        if kind.is_float():
            return float(text)
        if kind == pl.Boolean:
            return {"true": True, "false": False}[text]
        if kind == pl.Date:
            return date.fromisoformat(text)
        if kind == pl.Datetime:
            return datetime.fromisoformat(text)
    except (ValueError, KeyError) as error:
        raise typer.BadParameter(
            f"'{text}' cannot be a value of '{name}', which is {kind}", param_hint="--who"
        ) from error
    return text
