from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from command_line import Ended


def test_a_view_on_the_command_line(command: Callable[..., Ended], workspace: Path) -> None:
    (workspace / "log.csv").write_text("n,what\n1,tea\n2,jam\n3,tea\n")
    assert command("dataset", "load", "log.csv", "--name", "log").code == 0
    assert "no view" in command("view", "list").out
    assert command("view", "define", "sold").code == 2
    (workspace / "sold.sql").write_text("SELECT what, count(*) AS n FROM log GROUP BY what;\n")
    defined = command("view", "define", "sold", "--file", "sold.sql", "--description", "What was sold")
    assert (defined.code, defined.err) == (0, "")
    done = command("view", "refresh", "sold")
    assert "sold: refreshed: whole (2 rows), because it is computed for the first time" in done.out
    (again,) = json.loads(command("view", "refresh", "sold", "--json").out)
    assert (again["view"], again["way"], again["read"]) == ("sold", "unchanged", {"log": 0})
    (shown,) = json.loads(command("view", "show", "sold", "--json").out)
    assert (shown["description"], shown["version"], shown["way"]) == ("What was sold", 1, "unchanged")
    (explained,) = json.loads(command("view", "explain", "sold", "--json").out)
    assert (explained["can"], explained["cannot"], explained["way"]) == ("groups", "", "unchanged")
    assert len(json.loads(command("view", "history", "sold", "--json").out)) == 2
    assert [one["name"] for one in json.loads(command("view", "list", "--json").out)] == ["sold"]
    wrong = command("view", "define", "sold", "--sql", "SELECT watt FROM log")
    assert (wrong.code, "did you mean 'what'" in wrong.err) == (2, True)
    assert command("view", "remove", "sold").code == 0
    assert json.loads(command("view", "list", "--json").out) == []
    missing = command("view", "refresh", "sold")
    assert (missing.code, "no view 'sold'" in missing.err) == (2, True)
