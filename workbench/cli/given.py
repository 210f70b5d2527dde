"""What several commands take as NAME=VALUE."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

__all__ = ["LimitOption", "MemoryOption", "ParamOption", "TimeOption", "VersionOption", "named_values", "numbers"]

ParamOption = Annotated[
    list[str] | None, typer.Option("--param", help="NAME=VALUE for a $NAME of the statement; repeat it for several.")
]
VersionOption = Annotated[
    list[str] | None, typer.Option("--version", help="DATASET=NUMBER: a past version to read; repeat it for several.")
]
LimitOption = Annotated[int | None, typer.Option(min=1, help="At most this many rows.")]
TimeOption = Annotated[float | None, typer.Option(help="Seconds it may take; at most the setting sql_time_limit.")]
MemoryOption = Annotated[int | None, typer.Option(help="Megabytes it may take; at most the setting sql_memory_limit.")]


def named_values(given: Iterable[str] | None, option: str) -> dict[str, str]:
    """
    Raises:
        BadParameter: One is not NAME=VALUE, or a name is given twice.
    """
    found: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"'{text}' is not NAME=VALUE", param_hint=option)
        if name in found:
            raise typer.BadParameter(f"'{name}' is given twice", param_hint=option)
        found[name] = value
    return found


def numbers(given: Iterable[str] | None, option: str) -> dict[str, int]:
    """
    Raises:
        BadParameter: One is not NAME=NUMBER, or a name is given twice.
    """
    texts = named_values(given, option)
    for name, text in texts.items():
        if not text.isdecimal():
            raise typer.BadParameter(f"'{text}' is no number of a version of '{name}'", param_hint=option)
    return {name: int(text) for name, text in texts.items()}
