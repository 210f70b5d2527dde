"""`workbench dataset`: what people load, look at and export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from lineage_runs import lead_to_a_report

from workbench import Workbench

Command = Callable[..., Any]


def test_an_export_replaces_a_file_only_when_told_to(command: Command, workspace: Path) -> None:
    (workspace / "shop.csv").write_text("id\n1\n")
    (workspace / "out.csv").write_text("mine")
    assert command("dataset", "load", "shop.csv", "--name", "shop").code == 0
    ended = command("dataset", "export", "shop", "out.csv")
    assert (ended.code, "--overwrite" in ended.err) == (1, True)
    assert (workspace / "out.csv").read_text() == "mine"
    assert command("dataset", "export", "shop", "out.csv", "--overwrite").code == 0
    assert (workspace / "out.csv").read_text() == "id\n1\n"


def test_a_dataset_is_sent_to_a_database_by_key_and_to_a_file(command: Command, workspace: Path) -> None:
    (workspace / "shop.csv").write_text("id,title\n1,one\n2,two\n")
    assert command("dataset", "load", "shop.csv", "--name", "shop").code == 0
    send = ("dataset", "send", "shop", "out.db", "--table", "items", "--key", "id")
    assert "2 rows, 2 of them new, are in sqlite:" in command(*send).out
    assert "2 rows, 0 of them new, are in sqlite:" in command(*send).out
    ended = command("dataset", "send", "shop", "out.db", "--table", "items")
    assert (ended.code, "--overwrite" in ended.err) == (1, True)
    assert command("dataset", "send", "shop", "out.xlsx").code == 0
    assert command("dataset", "load", "out.db", "--table", "items", "--name", "back").code == 0
    assert command("dataset", "preview", "back", "--json").out == command("dataset", "preview", "shop", "--json").out
    assert "did you mean 'postgresql'" in command("dataset", "send", "shop", "postgresq://h/d").err


def test_a_text_file_is_loaded_as_it_is_said_to_be_written(command: Command, workspace: Path) -> None:
    (workspace / "orte.csv").write_bytes("plz\tort\n01067\tD\u00f6beln\n".encode("cp1252"))
    ended = command("dataset", "load", "orte.csv", "--name", "orte")
    assert (ended.code, "--separator 'tab'" in ended.err) == (2, True)
    load = ("dataset", "load", "orte.csv", "--name", "orte", "--separator", "\\t")
    ended = command(*load)
    assert (ended.code, "--encoding cp1252" in ended.err) == (2, True)
    assert command(*load, "--encoding", "cp1252").code == 0
    assert json.loads(command("dataset", "preview", "orte", "--json").out) == [{"plz": "01067", "ort": "D\u00f6beln"}]


def test_json_holds_what_json_has_no_number_for(command: Command, workspace: Path) -> None:
    frame = pl.DataFrame(
        {
            "x": [float("nan"), float("inf"), 0.1],
            "raw": [b"\x00\xff", None, b""],
            "many": [[1.5, float("-inf")], [], None],
            "inner": [{"a": float("nan"), "b": b"\x01"}, None, {"a": 1.0, "b": None}],
            "exact": pl.Series(["1.25", None, "2"]).cast(pl.Decimal(10, 2)),
        }
    )
    frame.write_parquet(workspace / "odd.parquet")
    assert command("dataset", "load", "odd.parquet", "--name", "odd").code == 0

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    for line in (("dataset", "preview", "odd"), ("sql", "SELECT * FROM odd")):
        found = json.loads(command(*line, "--json").out, parse_constant=refuse)
        assert [row["x"] for row in found] == [None, None, 0.1], line
        assert [row["raw"] for row in found] == ["AP8=", None, ""], line
        assert [row["many"] for row in found] == [[1.5, None], [], None], line
        assert found[0]["inner"] == {"a": None, "b": "AQ=="}, line
        assert [row["exact"] for row in found] == ["1.25", None, "2.00"], line


def test_a_profile_says_what_a_dataset_looks_like(command: Command, workspace: Path) -> None:
    frame = pl.DataFrame({"origin": ["JFK", "JFK", None, "EWR"], "delay": [1.5, -2.0, 40.0, 41.0], "id": [1, 2, 3, 4]})
    frame.write_parquet(workspace / "flights.parquet")
    assert command("dataset", "load", "flights.parquet", "--name", "flights").code == 0
    said = command("dataset", "profile", "flights").out
    assert "'flights' version 0: 4 rows, 3 columns" in said
    assert "JFK (2)" in said
    assert "strongest correlations" in said
    one = command("dataset", "profile", "flights", "--column", "delay").out
    assert "quantile 0.5" in one
    ended = command("dataset", "profile", "flights", "--column", "delai")
    assert (ended.code, "did you mean 'delay'" in ended.err) == (2, True)
    (told,) = json.loads(command("dataset", "profile", "flights", "--json").out)
    assert [column["missing"] for column in told["columns"]] == [1, 0, 0]
    assert told["columns"][0]["frequent"][0] == {"value": "JFK", "count": 2}


def test_what_checks_found_is_listed(command: Command, workspace: Path) -> None:
    pl.DataFrame({"origin": ["JFK", None]}).write_parquet(workspace / "flights.parquet")
    assert command("dataset", "load", "flights.parquet", "--name", "flights").code == 0
    (workspace / "expectations").mkdir()
    assert "no check yet" in command("dataset", "quality", "flights").out
    proposed = command("dataset", "propose", "flights").out
    (workspace / "expectations" / "flights.yaml").write_text(proposed + "  - {expect: not_null, column: origin}\n")
    ended = command("dataset", "quality", "flights", "--check")
    assert (ended.code, "FAILED origin is never null: 1 of 2 rows does not fit" in ended.out) == (1, True)
    (told,) = json.loads(command("dataset", "quality", "flights", "--json").out)
    assert (told["result"], told["errors"], told["outcomes"][-1]["failed"]) == ("FAILED", 1, 1)


def test_versions_are_compared_and_an_old_one_restored(command: Command, workspace: Path) -> None:
    (workspace / "one.csv").write_text("id,name\n1,a\n2,b\n")
    assert command("dataset", "load", "one.csv", "--name", "shop", "--key", "id").code == 0
    with Workbench.open(workspace) as wb:
        wb.datasets["shop"].upsert(pl.DataFrame({"id": [2, 3], "name": ["B", "c"]}))
    told = command("dataset", "diff", "shop", "0").out
    assert told.startswith("version 0 to 1: 1 row added, 0 removed, 1 changed, by id")
    (found,) = json.loads(command("dataset", "diff", "shop", "0", "--json").out)
    assert found["rows_changed"] == [{"id": 2, "before name": "b", "after name": "B"}]
    assert "version 2" in command("dataset", "restore", "shop", "0").out
    again = command("dataset", "restore", "shop", "2")
    assert (again.code, again.out) == (0, "shop is at version 2 already: nothing was written\n")
    assert [one["version"] for one in json.loads(command("dataset", "versions", "shop", "--json").out)] == [2, 1, 0]
    assert len(json.loads(command("dataset", "preview", "shop", "--json").out)) == 2


def test_a_lineage_is_a_tree_and_a_list(command: Command, workspace: Path) -> None:
    with Workbench.open(workspace) as wb:
        lead_to_a_report(wb)
    lines = command("dataset", "lineage", "departures").out.splitlines()
    assert lines[:3] == ["dataset departures", "", "made of"]
    assert lines[3].startswith("\u2514\u2500 notebook flights/load")
    found = json.loads(command("dataset", "lineage", "delays", "--kind", "metric", "--up", "1", "--json").out)
    assert [one["id"] for one in found][:2] == ["metric:delays", "dataset:enriched"]
    assert found[0]["made_of"] == [{"id": "dataset:enriched", "run": None}]
    assert command("dataset", "lineage", "depratures").code == 2
