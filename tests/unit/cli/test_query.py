"""`workbench query` and the options of `workbench sql`: what they print, and how they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench import Workbench

Command = Callable[..., Any]

LATE = "SELECT id, delay FROM flights WHERE delay >= $least ORDER BY id"


@pytest.fixture
def flights(wb: Workbench, command: Command) -> Command:
    """Two versions of a dataset, and a query over it."""
    wb.datasets.create("flights", pl.DataFrame({"id": [1, 2], "delay": [5, 70]}))
    wb.datasets["flights"].append(pl.DataFrame({"id": [3], "delay": [20]}))
    ended = command("query", "save", "late", LATE, "--param", "least:integer=15", "--description", "Late flights")
    assert (ended.code, ended.err) == (0, "")
    return command


def rows(ended: Any) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_a_query_is_saved_shown_and_listed(flights: Command, workspace: Path) -> None:
    told = rows(flights("query", "show", "late", "--json"))[0]
    assert (told["version"], told["shared"], told["datasets"], told["sql"]) == (1, None, ["flights"], LATE)
    assert told["parameters"] == {"least": {"type": "integer", "default": 15, "description": ""}}
    assert "Late flights\n$least: integer\n" + LATE in flights("query", "show", "late").out
    (workspace / "late.sql").write_text(f"{LATE} DESC\n")
    assert flights("query", "save", "late", "--file", "late.sql").code == 0
    assert [one["version"] for one in rows(flights("query", "history", "late", "--json"))] == [2, 1]
    assert rows(flights("query", "show", "late", "--at", "1", "--json"))[0]["sql"] == LATE
    assert [one["name"] for one in rows(flights("query", "list", "late", "flights", "--json"))] == ["late"]
    assert flights("query", "list", "nothing").out.startswith("no query")
    assert flights("query", "share", "late", "viewer").out == "late is shared with viewers and above\n"
    assert flights("query", "share", "late", "--private").out == "late is private\n"
    assert flights("query", "delete", "late").out == "late is deleted\n"
    assert rows(flights("query", "list", "--json")) == []


def test_a_query_is_run_and_its_runs_listed(flights: Command) -> None:
    assert flights("query", "run", "late").out.splitlines() == ["id  delay", " 2     70", " 3     20"]
    assert rows(flights("query", "run", "late", "--param", "least=60", "--json")) == [{"id": 2, "delay": 70}]
    assert rows(flights("query", "run", "late", "--version", "flights=0", "--json")) == [{"id": 2, "delay": 70}]
    cut = flights("query", "run", "late", "--limit", "1", "--json")
    assert (rows(cut), cut.err) == ([{"id": 2, "delay": 70}], "cut at the limit of 1: there are more rows\n")
    told = rows(flights("query", "runs", "late", "--json"))
    assert [(run["state"], run["rows"], run["parameters"]) for run in told][:3] == [
        ("ok", 1, {"least": 15}), ("ok", 1, {"least": 15}), ("ok", 1, {"least": 60}),
    ]  # fmt: skip
    assert told[1]["versions"] == {"flights": [0]}
    assert flights("query", "runs", "--state", "running").out == "no run of a query\n"
    ended = flights("query", "cancel", told[0]["id"])
    assert (ended.code, "has ended already: ok" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["query", "run", "lat"], 2, "no query 'lat'; did you mean 'late'?"),
        (["query", "run", "late", "--param", "least"], 2, "'least' is not NAME=VALUE"),
        (["query", "run", "late", "--param", "least=1", "--param", "least=2"], 2, "'least' is given twice"),
        (["query", "run", "late", "--param", "least=much"], 2, "'much' cannot be the parameter 'least'"),
        (["query", "run", "late", "--version", "flights=old"], 2, "'old' is no number of a version"),
        (["query", "run", "late", "--version", "flights=7"], 2, "no version 7"),
        (["query", "run", "late", "--time-limit", "0.000001"], 1, "it took longer than 1e-06 s"),
        (["query", "run", "late", "--time-limit", "100"], 2, "at most 60 s"),
        (["query", "save", "late"], 2, "give the statement, or --file with it in"),
        (["query", "save", "other", "SELECT * FROM flihgts"], 2, "did you mean 'flights'"),
        (["query", "save", "other", "DROP TABLE flights"], 1, "DROP is not answered here"),
        (["query", "save", "late", LATE, "--param", "least:whole"], 2, "the parameter 'least' cannot be declared"),
        (["query", "share", "late"], 2, "give a role, or --private"),
        (["query", "share", "late", "everybody"], 2, "no role 'everybody'"),
        (["query", "cancel", "nothing"], 2, "no query run 'nothing'"),
        (["query", "runs", "--state", "okay"], 2, "no state 'okay'"),
        (["sql", "SELECT sum(a.range * b.range) FROM range(9999999) a, range(9999999) b", "--time-limit", "0.3"],
         1, "longer than 0.3 s"),
        (["sql", "SELECT list(range) FROM range(1000000000)", "--memory-limit", "64"], 1, "more than the 64 MB"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_how_it_ends(flights: Command, arguments: list[str], code: int, says: str) -> None:
    ended = flights(*arguments)
    assert ended.code == code
    assert says in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_sql_takes_parameters_versions_and_a_limit(flights: Command) -> None:
    count = "SELECT count(*) AS n FROM flights WHERE id > $least"
    assert rows(flights("sql", count, "--param", "least=1", "--version", "flights=0", "--json")) == [{"n": 1}]
    cut = flights("sql", "SELECT id FROM flights ORDER BY id", "--limit", "2")
    assert (cut.out.split(), cut.err) == (["id", "1", "2"], "cut at the limit of 2: there are more rows\n")
