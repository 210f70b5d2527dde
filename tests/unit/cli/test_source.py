from __future__ import annotations

import json
import re
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from command_line import Ended


def test_a_source_on_the_command_line(command: Callable[..., Ended], workspace: Path) -> None:
    (workspace / "log.csv").write_text("n,what\n1,tea\n2,jam\n")
    assert "no source" in command("source", "list").out
    added = command(
        "source", "add", "log", "log.csv", "--into", "log", "--mode", "append", "--cursor", "n", "--lag", "1"
    )
    assert (added.code, added.err) == (0, "")
    tested = json.loads(command("source", "test", "log", "--json").out)
    assert tested == [{"column": "n", "type": "Int64"}, {"column": "what", "type": "String"}]
    assert "log: append succeeded, 2 rows loaded" in command("source", "sync", "log").out
    (synced,) = json.loads(command("source", "sync", "log", "--json").out)
    assert (synced["source"], synced["outcome"], synced["rows"], synced["version"]) == ("log", "succeeded", 0, 1)
    assert command("source", "pause", "log").code == 0
    paused = command("source", "sync", "log")
    assert (paused.code, "is paused since" in paused.err) == (1, True)
    command("source", "resume", "log")
    assert (
        "the source log is changed: what it says is at version 2"
        in command("source", "change", "log", "--lag", "", "--description", "A log").out
    )
    (shown,) = json.loads(command("source", "show", "log", "--json").out)
    assert (shown["lag"], shown["description"], shown["records"], shown["key"]) == (None, "A log", 2, [])
    assert len(json.loads(command("source", "history", "log", "--json").out)) == 2
    assert [one["version"] for one in json.loads(command("source", "versions", "log", "--json").out)] == [2, 1]
    assert [one["name"] for one in json.loads(command("source", "list", "--json").out)] == ["log"]
    wrong = command("source", "add", "log2", "postgresql://u:hunter2@db/x", "--into", "x")
    assert (wrong.code, "hunter2" in wrong.err, "password in clear" in wrong.err) == (2, False, True)
    assert command("source", "remove", "log").code == 0
    assert json.loads(command("source", "list", "--json").out) == []


def test_what_a_sync_held_back_and_why_one_failed(command: Callable[..., Ended], workspace: Path) -> None:
    (workspace / "expectations").mkdir(exist_ok=True)
    suite = workspace / "expectations" / "log.yaml"
    suite.write_text("dataset: log\nexpectations:\n- {expect: between, column: n, max: 1}\n")
    (workspace / "log.csv").write_text("n,what\n1,tea\n2,jam\n")
    assert command("source", "add", "log", "log.csv", "--into", "log", "--expect", "log").code == 0
    assert command("source", "sync", "log").code == 1
    failed = command("source", "show", "log").out
    assert "\nhint          nothing of it was loaded; mend the rows or the suite 'log'\n" in failed
    (record,) = json.loads(command("source", "show", "log", "--json").out)
    assert record["hint"] == "nothing of it was loaded; mend the rows or the suite 'log'"
    assert command("source", "change", "log", "--quarantine").code == 0
    done = command("source", "sync", "log").out
    assert "1 row loaded, 1 held back" in done
    assert "1 row that does not fit, held back with the reasons: workbench quarantine list log" in done
    shown = command("source", "show", "log").out
    assert "\nheld          1\n" in shown
    assert "workbench quarantine list log shows what is held back, and why" in shown
    assert re.search(r"\nsynced        \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", shown)
    assert [one["from"] for one in json.loads(command("quarantine", "list", "log", "--json").out)] == ["source log"]
    command("source", "change", "log", "--no-quarantine")
    assert command("source", "sync", "log", "--anew").code == 1


def test_what_stands_in_the_way_is_told_when_a_source_is_added(command: Callable[..., Ended], workspace: Path) -> None:
    """It is added all the same: a table may be made later, and a server be down."""
    database = sqlite3.connect(workspace / "shop.db")
    database.execute("CREATE TABLE orders (id INTEGER)")
    database.close()
    right = command("source", "add", "right", "sqlite:///shop.db", "--table", "orders", "--into", "orders")
    assert (right.code, right.err) == (0, "")
    assert "it can be read, and has 1 column" in right.out
    wrong = command("source", "add", "wrong", "sqlite:///shop.db", "--table", "ordrs", "--into", "orders")
    assert (wrong.code, "wrong is added" in wrong.out) == (0, True)
    assert "it cannot be synced as it is: source 'wrong': " in wrong.err
    assert "did you mean 'orders'?" in wrong.err
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    away = command("source", "add", "away", f"postgresql://u@127.0.0.1:{port}/x", "--table", "t", "--into", "t")
    assert (away.code, "it could not be looked at: source 'away': " in away.err) == (0, True)
    unseen = command("source", "add", "unseen", "nowhere.csv", "--into", "t", "--no-look")
    assert (unseen.code, unseen.err) == (0, "")
    names = [one["name"] for one in json.loads(command("source", "list", "--json").out)]
    assert names == ["away", "right", "unseen", "wrong"]


def test_a_suite_is_not_asked_of_rows_that_are_in(command: Callable[..., Ended], workspace: Path) -> None:
    (workspace / "expectations").mkdir(exist_ok=True)
    suite = workspace / "expectations" / "strict.yaml"
    suite.write_text("name: strict\ndataset: log\nexpectations:\n- {expect: between, column: n, max: 9}\n")
    (workspace / "log.csv").write_text("n,what\n1,tea\n2,jam\n")
    settings = ("--into", "log", "--mode", "append", "--cursor", "n")
    told = (
        "rows that are in 'log' already are not held against the suite 'strict':"
        " workbench dataset quality log --check --suite strict"
    )
    assert told not in command("source", "add", "log", "log.csv", *settings, "--expect", "strict").out  # none is in
    assert told not in command("source", "sync", "log").out
    suite.write_text("name: strict\ndataset: log\nexpectations:\n- {expect: between, column: n, min: 2}\n")
    (workspace / "log.csv").write_text("n,what\n1,tea\n2,jam\n3,milk\n")
    assert told in command("source", "sync", "log").out
    (workspace / "log.csv").write_text("n,what\n4,rice\n")
    assert told not in command("source", "sync", "log").out
    assert command("dataset", "quality", "log", "--check", "--suite", "strict").code == 1
    command("source", "change", "log", "--expect", "")
    assert told in command("source", "change", "log", "--expect", "strict").out
    assert command("dataset", "quality", "log", "--suite", "strict").code == 2
    written = command("new", "expectations", "more", "--dataset", "log").out
    assert "workbench dataset quality log --check --suite more" in written


def test_the_quality_of_a_dataset_says_what_is_held_back(command: Callable[..., Ended], workspace: Path) -> None:
    (workspace / "expectations").mkdir(exist_ok=True)
    suite = workspace / "expectations" / "log.yaml"
    suite.write_text("dataset: log\nexpectations:\n- {expect: between, column: n, max: 1}\n")
    (workspace / "log.csv").write_text("n\n1\n2\n3\n")
    command("source", "add", "log", "log.csv", "--into", "log", "--expect", "log", "--quarantine")
    command("source", "sync", "log")
    told = command("dataset", "quality", "log").out
    assert "2 rows are held back: n is at most 1 (2); workbench quarantine list log shows them" in told
