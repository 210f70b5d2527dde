"""`workbench dataset`: what people load, look at and export."""

from __future__ import annotations

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
