"""A notebook as a file: reading it without running it, and the cells that other parts ask for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench.foundation.errors import Invalid, NotFound, nearest

__all__ = ["Cell", "code_cells", "read", "source", "tagged", "title"]

Cell = dict[str, Any]


def read(path: Path) -> dict[str, Any]:
    """The notebook at a path, as its JSON has it.

    Raises:
        NotFound: No such file; the message has the nearest notebook in that folder.
        Invalid: Not a notebook of format 4.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        beside = {other.name: other for other in path.parent.glob("*.ipynb")} if path.parent.is_dir() else {}
        guess = nearest(path.name, beside)
        raise NotFound(f"no notebook {path}" + (f"; did you mean '{beside[guess]}'?" if guess else "")) from None
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Invalid(
            f"{path} is not a notebook: {error}", hint="open and save it in JupyterLab, or restore it"
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list) or content.get("nbformat") != 4:
        raise Invalid(f"{path} is not a notebook of format 4", hint="open and save it in JupyterLab")
    return content


def source(cell: Cell) -> str:
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def code_cells(notebook: dict[str, Any]) -> list[int]:
    """Which cells are run: positions of the code cells that hold anything."""
    cells = notebook["cells"]
    return [at for at, cell in enumerate(cells) if cell.get("cell_type") == "code" and source(cell).strip()]


def tagged(notebook: dict[str, Any], tag: str) -> list[int]:
    """Positions of the cells with a tag."""
    return [at for at, cell in enumerate(notebook["cells"]) if tag in cell.get("metadata", {}).get("tags", [])]


def title(notebook: dict[str, Any], at: int) -> str:
    """What a reader calls a cell: the heading right above it, else its first line of code."""
    for cell in reversed(notebook["cells"][:at]):
        if cell.get("cell_type") == "code":
            break
        headings = [line for line in source(cell).splitlines() if line.lstrip().startswith("#")]
        if headings:
            return headings[-1].lstrip("# ").strip()
    lines = [line.strip() for line in source(notebook["cells"][at]).splitlines()]
    named = [line for line in lines if line and not line.startswith("#")] or [line for line in lines if line] or [""]
    return named[0] if len(named[0]) <= 80 else named[0][:79] + "…"
