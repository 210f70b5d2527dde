"""What is kept in the repository: nothing of one person's machine, no output, no built file."""

from __future__ import annotations

import json
import re
from pathlib import Path

from house import ROOT

LARGEST = 1_000_000
# Ana works nowhere: tests use her folder to see that none is shown.
HOME = re.compile(r"(?<![\w.])(/home/(?!ana\b)\w+|/Users/\w+|/root)/")


def text_of(path: Path) -> str | None:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return None


def test_no_file_names_a_folder_of_somebodys_home(repository_files: list[Path]) -> None:
    assert not [path for path in repository_files if (text := text_of(path)) and HOME.search(text)]


def test_notebooks_are_kept_without_output(repository_files: list[Path]) -> None:
    for path in repository_files:
        if path.suffix == ".ipynb":
            cells = json.loads(path.read_text())["cells"]
            assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")], path


def test_no_large_or_built_file_is_kept(repository_files: list[Path]) -> None:
    assert not [path.relative_to(ROOT) for path in repository_files if path.stat().st_size > LARGEST]
    assert not [
        path for path in repository_files if path.suffix in {".pyc", ".whl", ".db", ".so"} or path.name == "uv.lock"
    ]


def test_text_ends_with_one_newline(repository_files: list[Path]) -> None:
    """Git and editors otherwise change files that nobody edited (Python files: the formatter)."""
    wrong = [
        path.relative_to(ROOT)
        for path in repository_files
        if path.suffix in {".md", ".toml", ".yml", ".yaml", ".sh", ".txt", ".ipynb", ".j2", ".css"}
        and (text := text_of(path))
        and (not text.endswith("\n") or text.endswith("\n\n"))
    ]
    assert not wrong
