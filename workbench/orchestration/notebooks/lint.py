"""The rules of a thin notebook: it is given parameters and calls the library; what computes lives in the library.

A notebook keeps them when it begins with a title, has exactly one cell tagged `parameters` that can be understood
without running it, imports nothing but `workbench` and `datetime`/`typing`, defines nothing, groups nothing by hand,
has at most 60 lines of code and is stored without output.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.foundation.errors import WorkbenchError
from workbench.orchestration.notebooks import document
from workbench.orchestration.notebooks.model import Problem
from workbench.orchestration.notebooks.parameters import declared

__all__ = ["lint"]

MOST_LINES = 60
_IMPORTS = frozenset({"workbench", "datetime", "typing", "__future__"})
_GROUPING = frozenset({"group_by", "group_by_dynamic", "groupby", "pivot", "pivot_table", "crosstab"})


def lint(path: Path) -> list[Problem]:
    """Every way in which the notebook at a path is not thin; empty where it is.

    Raises:
        NotFound: No such file.
        Invalid: Not a notebook.
    """
    notebook = document.read(path)
    return [Problem(path, cell, message) for cell, message in (*_as_a_whole(path, notebook), *_cells(notebook))]


def _as_a_whole(path: Path, notebook: dict[str, Any]) -> Iterator[tuple[int | None, str]]:
    cells = notebook["cells"]
    first = document.source(cells[0]).lstrip() if cells else ""
    if not cells or cells[0].get("cell_type") != "markdown" or not first.startswith("# "):
        yield None, "the first cell is not a markdown title ('# ...')"
    tagged = len(document.tagged(notebook, "parameters"))
    if tagged != 1:
        yield None, f"{tagged} cells are tagged 'parameters' where exactly one is"
    else:
        try:
            declared(path)
        except WorkbenchError as error:
            yield None, str(error)
    lines = sum(
        1
        for at in document.code_cells(notebook)
        for line in document.source(cells[at]).splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    )
    if lines > MOST_LINES:
        yield None, f"{lines} lines of code where at most {MOST_LINES} are; move what computes into the library"


def _cells(notebook: dict[str, Any]) -> Iterator[tuple[int | None, str]]:
    counted = document.code_cells(notebook)
    for at, cell in enumerate(notebook["cells"]):
        if cell.get("cell_type") != "code":
            continue
        number = bisect_right(counted, at) or 1  # an empty cell is not counted; it is named by the one above
        if cell.get("outputs"):
            yield number, "it is stored with its output; clear all outputs before saving"
        if cell.get("execution_count") is not None:
            yield number, "it is stored with an execution count; clear all outputs before saving"
        text = document.source(cell)
        magic = next((line for line in text.splitlines() if line.lstrip().startswith(("%", "!", "?"))), None)
        if magic is not None:
            yield number, f"it has the magic line '{magic.strip()}', which only an interactive kernel understands"
            continue
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            yield number, f"it is not valid Python: {error.msg}, line {error.lineno}"
            continue
        for message in dict.fromkeys(_code(tree)):
            yield number, message


def _code(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield f"it defines the function '{name}'; functions live in the library"
            case ast.ClassDef(name=name):
                yield f"it defines the class '{name}'; classes live in the library"
            case ast.Assign(value=ast.Lambda()) | ast.AnnAssign(value=ast.Lambda()) | ast.NamedExpr(value=ast.Lambda()):
                yield "it gives a lambda a name; functions live in the library"
            case ast.Import(names=names):
                yield from (_import(alias.name) for alias in names if alias.name.split(".")[0] not in _IMPORTS)
            case ast.ImportFrom(module=module) if (module or ".").split(".")[0] not in _IMPORTS:
                yield _import(module or ".")
            case ast.Call(func=ast.Attribute(attr=name)) if name in _GROUPING:
                yield f"it groups by hand with {name}(); define a metric and ask wb.metrics.query for it"


def _import(module: str) -> str:
    return f"it imports {module}; a notebook imports workbench, and datetime or typing for its parameters"
