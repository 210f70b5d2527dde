"""What a notebook names in its code: read, and never run."""

from __future__ import annotations

import ast
from pathlib import Path

from workbench.orchestration.notebooks import document

__all__ = ["named_in"]


def named_in(path: Path) -> frozenset[str]:
    """Every text that stands in a notebook's code, such as the names of metrics and datasets; of a cell that is no
    plain Python none.

    Raises:
        NotFound: No such file.
        Invalid: Not a notebook.
    """
    notebook = document.read(path)
    found: set[str] = set()
    for at in document.code_cells(notebook):
        try:
            tree = ast.parse(document.source(notebook["cells"][at]))
        except (SyntaxError, ValueError):
            continue
        found |= {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return frozenset(found)
