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


def test_what_cannot_go_in_is_said_before_anything_is_sent(command: Command, workspace: Path) -> None:
    (workspace / "orders.csv").write_text("id,zip\n1,01010\n")
    command("upload", "orders.csv", "--dataset", "orders")
    for arguments, said in (
        (["--dataset", "orders"], "mode='append' (--mode append); there is append, upsert"),
        (["--dataset", "ordres", "--mode", "append"], "did you mean 'orders'?"),
        (["--dataset", "orders", "--mode", "apend"], "did you mean 'append'?"),
        (["--dataset", "my orders"], "call it 'my_orders'"),
    ):
        ended = command("upload", "orders.csv", *arguments)
        assert ended.code != 0
        assert said in ended.err
        assert "orders.csv:" not in ended.out, "nothing was sent"


def test_a_type_that_was_guessed_otherwise_is_mended_by_the_option_that_the_hint_names(
    command: Command, workspace: Path
) -> None:
    (workspace / "orders.csv").write_text("id,zip\n1,01010\n")
    (workspace / "more.csv").write_text("id,zip\n2,20200\n")
    (workspace / "odd.csv").write_text("id,zip\nx3,30300\n")
    (workspace / "halves.csv").write_text("id,zip\n4.5,04040\n")
    (workspace / "wider.csv").write_text("id,zip,town\n5,05050,Wien\n")
    command("upload", "orders.csv", "--dataset", "orders")
    into = ("--dataset", "orders", "--mode", "append")
    refused = command("upload", "more.csv", *into)
    assert (refused.code, "types={'zip': 'text'} (--type zip=text)" in refused.err) == (2, True)
    assert command("upload", "more.csv", *into, "--type", "zip=text").code == 0
    assert "(--type id=integer); or workbench dataset contract orders" in command("upload", "odd.csv", *into).err
    evolve = "workbench dataset contract orders --data-type evolve"
    assert f"hint:  {evolve}" in command("upload", "halves.csv", *into).err
    columns = "workbench dataset contract orders --columns evolve"
    assert f"hint:  {columns}" in command("upload", "wider.csv", *into).err
    for line in (evolve, columns):
        assert command(*line.split()[1:]).code == 0
    for file in ("halves.csv", "wider.csv"):
        assert command("upload", file, *into).code == 0
    with Workbench.open(workspace) as wb:
        rows = wb.datasets["orders"].to_polars().rows()
    assert sorted(rows) == [
        (1.0, "01010", None), (2.0, "20200", None), (4.5, "04040", None), (5.0, "05050", "Wien"),
    ]  # fmt: skip


def test_a_new_dataset_may_be_sorted(command: Command, workspace: Path) -> None:
    (workspace / "orders.csv").write_text("id,day\n1,2024-01-02\n2,2024-01-01\n")
    assert command("upload", "orders.csv", "--dataset", "orders", "--sort-by", "day").code == 0
    with Workbench.open(workspace) as wb:
        assert wb.datasets["orders"].info.sort_by == ("day",)
        assert wb.datasets["orders"].to_polars()["id"].to_list() == [2, 1]
    again = command("upload", "orders.csv", "--dataset", "orders", "--mode", "append", "--sort-by", "id")
    assert (again.code, "its order with it" in again.err) == (2, True)
