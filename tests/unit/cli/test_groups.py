"""A command that is not there, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer

from workbench.cli import groups
from workbench.cli.main import app

Command = Callable[..., Any]


@pytest.mark.parametrize(
    ("called", "meant"),
    [
        ("dataset verions", "workbench dataset versions"),
        ("datset list", "workbench dataset"),
        ("dataset history sales", "workbench dataset versions"),
        ("dataset rm sales", "workbench dataset delete"),
        ("source rm shop", "workbench source remove"),
        ("view delete totals", "workbench view remove"),
        ("quarantine rm b1", "workbench quarantine discard"),
        ("quarantine retry b1", "workbench quarantine redrive"),
        ("preference delete theme", "workbench preference reset"),
        ("transform run clean", "workbench transform apply"),
        ("ls", "workbench dataset list"),
        ("load sales.csv", "workbench dataset load"),
        ("dataset upload sales.csv", "workbench upload"),
        ("pipeline run sales", "workbench run"),
        ("schedule sales", "workbench scheduler"),
    ],
)
def test_the_command_that_was_meant_is_named(command: Command, called: str, meant: str) -> None:
    ended = command(*called.split())
    assert ended.code == 2
    assert f"did you mean '{meant}'" in ended.err
    assert command(*meant.split()[1:], "--help").code == 0


def test_what_is_like_nothing_is_told_what_there_is(command: Command) -> None:
    ended = command("token", "zzz")
    assert (ended.code, ended.err.splitlines()[0]) == (
        2, "error: workbench token has no command 'zzz'; there is create, list, revoke",
    )  # fmt: skip


def every(here: groups.Group) -> Iterator[groups.Group]:
    yield here
    for one in here.commands.values():
        if hasattr(one, "commands"):
            assert isinstance(one, groups.Group), f"{one.name} tells nothing of a command that it does not have"
            yield from every(one)


def test_every_group_guesses_and_every_word_of_the_table_is_a_command_somewhere() -> None:
    root = typer.main.get_command(app)
    assert isinstance(root, groups.Group)
    there = {name for one in every(root) for name in one.commands}
    assert {name for names in groups._SYNONYMS.values() for name in names} <= there
