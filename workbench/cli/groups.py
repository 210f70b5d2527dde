"""Groups of commands: one that is not there is told with the one that was meant, also where that has another word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from workbench.foundation.errors import NotFound, nearest

__all__ = ["Group", "group"]

# Of commands that may have been meant, so many are told.
MOST = 3

# What other programs call it -> what it is called here, wherever that is among the commands.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "add": ("create", "define", "load"),
    "cat": ("preview", "show"),
    "check": ("quality", "test", "doctor"),
    "checkout": ("restore",),
    "compact": ("optimize",),
    "create": ("add", "define", "save", "load", "new"),
    "cron": ("scheduler",),
    "delete": ("remove", "revoke", "discard", "reset"),
    "describe": ("show", "profile"),
    "download": ("export",),
    "drop": ("delete", "remove", "discard"),
    "edit": ("change", "define"),
    "fetch": ("sync",),
    "get": ("show",),
    "head": ("preview",),
    "history": ("versions", "runs", "list"),
    "import": ("load", "upload", "sync"),
    "info": ("show",),
    "insert": ("load", "upload"),
    "log": ("history", "versions", "runs", "show"),
    "logs": ("history", "versions", "runs", "show"),
    "login": ("link",),
    "ls": ("list",),
    "mv": ("rename",),
    "new": ("add", "create", "define"),
    "pipeline": ("run",),
    "pipelines": ("run",),
    "pull": ("sync",),
    "push": ("send",),
    "refresh": ("sync",),
    "remove": ("delete", "revoke", "discard", "reset"),
    "retry": ("redrive",),
    "revert": ("restore",),
    "rm": ("remove", "delete", "revoke", "discard", "reset"),
    "rollback": ("restore",),
    "run": ("sync", "refresh", "apply", "preview"),
    "schedule": ("scheduler",),
    "schema": ("show",),
    "segment": ("cohort",),
    "select": ("sql",),
    "start": ("serve", "resume"),
    "stats": ("profile",),
    "status": ("show", "doctor"),
    "stop": ("pause", "cancel"),
    "sync": ("refresh", "load"),
    "undo": ("restore",),
    "update": ("change", "refresh", "sync"),
    "vacuum": ("clean",),
    "validate": ("check", "quality", "doctor"),
    "versions": ("history",),
}


class Group(TyperGroup):
    """A group of commands that knows what a command is called elsewhere."""

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        """
        Raises:
            NotFound: No such command; says the nearest one, here or in another group.
        """
        word = args[0]
        if self.get_command(ctx, word) is None and not word.startswith("-") and not ctx.resilient_parsing:
            raise _unknown(self, ctx, word)
        return super().resolve_command(ctx, args)


def group(help: str) -> typer.Typer:
    """A group of commands, which shows them when it is called without one."""
    return typer.Typer(help=help, no_args_is_help=True, cls=Group)


def _unknown(here: Group, ctx: typer.Context, word: str) -> NotFound:
    said = f"{ctx.command_path} has no command '{word}'"
    root = ctx.find_root()
    assert isinstance(root.command, Group)
    synonyms = _SYNONYMS.get(word.casefold(), ())
    if meant := next((name for name in synonyms if name in here.commands), None):
        return _guess(said, [f"{ctx.command_path} {meant}"])
    if elsewhere := [*_called(root.command, word)]:
        return _guess(said, [f"{root.command_path} {one}" for one in elsewhere])
    if meant := nearest(word, here.commands):
        return _guess(said, [f"{ctx.command_path} {meant}"])
    if elsewhere := [one for name in synonyms for one in _called(root.command, name)]:
        return _guess(said, [f"{root.command_path} {one}" for one in elsewhere])
    names = ", ".join(here.commands)
    return NotFound(f"{said}; there is {names}", hint=f"{ctx.command_path} --help says what each does")


def _guess(said: str, meant: Sequence[str]) -> NotFound:
    guesses = " or ".join(f"'{one}'" for one in meant[:MOST])
    return NotFound(f"{said}; did you mean {guesses}?", hint=f"{meant[0]} --help says how it is called")


def _called(root: Group, name: str) -> Iterator[str]:
    """The commands of that very name, as they are called from the top."""
    if name in root.commands:
        yield name
    for group_name, found in root.commands.items():
        if isinstance(found, Group) and name in found.commands:
            yield f"{group_name} {name}"
