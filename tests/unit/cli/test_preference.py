"""`workbench preference`: what somebody prefers, from a command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Command = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("workspace")


def preferred(command: Command) -> dict[str, Any]:
    return {row["name"]: row["value"] for row in json.loads(command("preference", "list", "--json").out)}


def test_a_preference_is_set_listed_and_forgotten(command: Command) -> None:
    before = preferred(command)
    assert (before["week_start"], before["time_zone"]) == (1, None)
    assert command("preference", "set", "week_start", "7").out == "week_start is 7\n"
    assert command("preference", "set", "time_zone", "Europe/Berlin").code == 0
    assert preferred(command) == before | {"week_start": 7, "time_zone": "Europe/Berlin"}
    assert command("preference", "reset", "week_start").out == "week_start is 1\n"
    assert command("preference", "reset").code == 0
    assert preferred(command) == before


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("week_strat", "7", "no preference 'week_strat'; did you mean 'week_start'?"),
        ("week_start", "8", "cannot be the preference 'week_start'"),
        ("time_zone", "Europe/Berln", "did you mean 'Europe/Berlin'?"),
    ],
)
def test_what_cannot_be_preferred_is_refused(command: Command, key: str, value: str, said: str) -> None:
    ended = command("preference", "set", key, value)
    assert (ended.code, said in ended.err) == (2, True), ended.err
