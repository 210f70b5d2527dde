"""`workbench dataset`: what people load, look at and export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def test_a_text_file_is_loaded_as_it_is_said_to_be_written(command: Command, workspace: Path) -> None:
    (workspace / "orte.csv").write_bytes("plz\tort\n01067\tD\u00f6beln\n".encode("cp1252"))
    ended = command("dataset", "load", "orte.csv", "--name", "orte")
    assert (ended.code, "--separator 'tab'" in ended.err) == (2, True)
    load = ("dataset", "load", "orte.csv", "--name", "orte", "--separator", "\\t")
    ended = command(*load)
    assert (ended.code, "--encoding cp1252" in ended.err) == (2, True)
    assert command(*load, "--encoding", "cp1252").code == 0
    assert json.loads(command("dataset", "preview", "orte", "--json").out) == [{"plz": "01067", "ort": "D\u00f6beln"}]
