from __future__ import annotations

import json
from collections.abc import Callable
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
