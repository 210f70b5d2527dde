"""`workbench quarantine`: what is held back, why, and what becomes of it; and promises of freshness."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from workbench import Workbench

Command = Callable[..., Any]


def test_rows_are_listed_shown_loaded_and_given_up(command: Command, workspace: Path) -> None:
    (workspace / "expectations").mkdir()
    suite = workspace / "expectations" / "flights.yaml"
    suite.write_text("dataset: flights\nexpectations: [{expect: between, column: n, max: 10}]\n")
    with Workbench.open(workspace) as wb:
        wb.datasets.create("flights", pl.DataFrame({"n": [1]}))
        wb.quality.screen(pl.DataFrame({"n": [2, 30, 500]}), into="flights")
    (told,) = json.loads(command("quarantine", "list", "--json").out)
    assert (told["rows"], told["state"], told["reasons"]) == (2, "held", {"n is at most 10": 2})
    assert "n is at most 10 (n=500)" in command("quarantine", "show", told["id"]).out
    assert command("quarantine", "redrive", told["id"]).code == 1
    suite.write_text("dataset: flights\nexpectations: [{expect: between, column: n, max: 100}]\n")
    ended = command("quarantine", "redrive", told["id"])
    assert (ended.code, "1 row loaded, version 1" in ended.out) == (1, True)
    (left,) = json.loads(command("quarantine", "list", "flights", "--json").out)
    both = command("quarantine", "redrive", left["id"], told["id"])
    assert (both.code, "still held" in both.out, f"'{told['id']}' is parted already" in both.err) == (1, True, True)
    assert command("quarantine", "discard", left["id"], "--yes").code == 0
    assert "no rows are held back" in command("quarantine", "list").out
    assert len(json.loads(command("quarantine", "list", "--all", "--json").out)) == 3
    assert json.loads(command("dataset", "preview", "flights", "--json").out) == [{"n": 1}, {"n": 30}]


def test_a_promise_is_made_looked_at_and_taken_back(command: Command, workspace: Path) -> None:
    with Workbench.open(workspace) as wb:
        wb.datasets.create("sales", pl.DataFrame({"day": [date(2013, 1, 1)]}))
    assert "--column" in command("dataset", "promise", "sales").err
    assert "BROKEN" in command("dataset", "promise", "sales", "--column", "day", "--by", "08:00").out
    ended = command("dataset", "freshness", "--json")
    assert (ended.code, [one["kept"] for one in json.loads(ended.out)]) == (1, [False])
    assert "the newest day up to then is 2013-01-01" in command("dataset", "freshness", "sales").out
    assert command("dataset", "promise", "sales", "--remove").code == 0
    ended = command("dataset", "freshness")
    assert (ended.code, "no freshness is promised" in ended.out) == (0, True)
