"""`workbench upload`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench import Workbench

Command = Callable[..., Any]


def test_a_file_becomes_a_dataset_and_another_is_upserted(command: Command, workspace: Path) -> None:
    (workspace / "orders.txt").write_text("id;zip\n1;1010\n2;1020\n")
    (shown,) = [one for one in look(command, "orders.txt") if one["column"] == "zip"]
    assert (shown["type"], shown["first"]) == ("Int64", 1010)
    made = command("upload", "orders.txt", "--dataset", "orders", "--key", "id", "--type", "zip=text")
    assert "orders.txt is in orders: version 0, 2 rows" in made.out
    (workspace / "more.json").write_text('[{"id": 2, "zip": "8010"}, {"id": 3, "zip": "9020"}]')
    ended = command("upload", "more.json", "--dataset", "orders", "--mode", "upsert", "--json")
    (record,) = json.loads(ended.out)
    assert (record["dataset"], record["version"], record["rows"]) == ("orders", 1, 3)
    with Workbench.open(workspace) as wb:
        assert sorted(wb.datasets["orders"].to_polars().rows()) == [(1, "1010"), (2, "8010"), (3, "9020")]
        assert wb.runs.get(record["run"]).status == "succeeded"


def look(command: Command, *arguments: str) -> Any:
    return json.loads(command("upload", *arguments, "--look", "--json").out)


def test_what_does_not_fit_is_said_and_leaves_nothing(command: Command, workspace: Path) -> None:
    (workspace / "orders.csv").write_text("id,amount\n1,9.5\n2,ten\n")
    ended = command("upload", "orders.csv", "--dataset", "orders", "--type", "amount=number")
    assert (ended.code, "'orders.csv', row 2, column 'amount': \"ten\" is no number" in ended.err) == (2, True)
    wrong = command("upload", "orders.csv", "--dataset", "orders", "--type", "amount=numbr")
    assert (wrong.code, "did you mean 'number'" in wrong.err) == (2, True)
    assert command("upload", "orders.csv").code == 2
    assert command("upload", "odrers.csv", "--dataset", "orders").code == 2
    with Workbench.open(workspace) as wb:
        assert list(wb.uploads.list()) == []
        assert "orders" not in wb.datasets
