"""Names and sizes: a file is named after its one idea, and stays small enough to be read at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from house import ROOT

MEANINGLESS = {"base", "common", "core", "helper", "helpers", "misc", "util", "utils"}
MOST_LINES = 400
FOLDERS = ("workbench", "tests", "benchmarks", "scripts", "extensions")


# What npm installs and what is built from TypeScript.
NOT_OURS = ("node_modules", "lib", "labextension", "static")


def sources(*suffixes: str) -> list[Path]:
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in suffixes)
    return sorted(path for path in found if not set(NOT_OURS) & set(path.relative_to(ROOT).parts))


def test_no_file_or_folder_is_named_after_nothing() -> None:
    named = {
        part
        for path in sources(".py", ".ts", ".tsx", ".sh")
        for part in (path.relative_to(ROOT).with_suffix(""), *path.relative_to(ROOT).parents)
        if part.name.strip("_").lower() in MEANINGLESS
    }
    assert not named


def test_modules_stay_small() -> None:
    written = [path for path in sources(".py", ".ts", ".tsx") if path.name != "api.ts"]  # that one is made by a script
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in written}
    assert not {path: lines for path, lines in lengths.items() if lines > MOST_LINES}


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_later_in_a_comment(word: str) -> None:
    here = Path(__file__)
    pattern = re.compile(rf"(?:#|//|/\*).*\b{word}\b")
    assert not [
        path for path in sources(".py", ".sh", ".ts", ".tsx") if path != here and pattern.search(path.read_text())
    ]
