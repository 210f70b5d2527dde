"""The rules of a thin notebook, one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.orchestration.notebooks import lint

Notebook = Callable[..., Path]

THIN = (
    "days: int = 7  # how many",
    "## Read",
    "from workbench import Workbench\n\nwb = Workbench.open()",
    "wb.datasets.list()",
)


def messages(path: Path) -> list[str]:
    return [str(problem) for problem in lint(path)]


def test_a_thin_notebook_has_no_problem(notebook: Notebook) -> None:
    assert lint(notebook(*THIN)) == []


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("def load():\n    pass", "cell 2: it defines the function 'load'"),
        ("class Loader:\n    pass", "it defines the class 'Loader'"),
        ("twice = lambda x: 2 * x", "it gives a lambda a name"),
        ("import polars as pl", "it imports polars"),
        ("from pandas import DataFrame", "it imports pandas"),
        ("from . import other", "it imports ."),
        ("frame.group_by('carrier').agg()", "it groups by hand with group_by()"),
        ("frame.pivot(on='carrier')", "it groups by hand with pivot()"),
        ("%matplotlib inline", "the magic line '%matplotlib inline'"),
        ("!pip install x", "the magic line '!pip install x'"),
        ("x = (", "it is not valid Python"),
        ("\n".join(f"x{n} = {n}" for n in range(61)), "62 lines of code where at most 60 are"),
    ],
)
def test_what_is_not_thin_is_named(notebook: Notebook, cell: str, sentence: str) -> None:
    assert sentence in "\n".join(messages(notebook("days: int = 7", cell)))


def test_a_lambda_as_an_argument_is_allowed(notebook: Notebook) -> None:
    assert lint(notebook("days: int = 7", "sorted([2, 1], key=lambda x: -x)")) == []


def test_a_notebook_has_a_title_and_one_parameters_cell(notebook: Notebook) -> None:
    assert "0 cells are tagged 'parameters'" in messages(notebook(None, "1 + 1"))[0]
    assert "not a markdown title" in messages(notebook("days: int = 7", title="no heading"))[0]


def test_a_parameters_cell_that_cannot_be_read_is_a_problem(notebook: Notebook) -> None:
    assert "has the type Path" in "\n".join(messages(notebook("where: Path = None")))


def test_stored_output_is_a_problem(notebook: Notebook) -> None:
    path = notebook(*THIN)
    content = json.loads(path.read_text())
    content["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    content["cells"][3]["execution_count"] = 4
    path.write_text(json.dumps(content))
    found = messages(path)
    assert "cell 1: it is stored with its output" in found[0]
    assert "cell 2: it is stored with an execution count" in found[1]
