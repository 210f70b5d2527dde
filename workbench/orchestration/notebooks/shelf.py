"""The notebooks of a workspace: those in its folders `notebooks` and `reports`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workbench.foundation.errors import WorkbenchError
from workbench.foundation.listing import Listing
from workbench.orchestration.notebooks import document

__all__ = ["shelf"]

FOLDERS = ("notebooks", "reports")


def shelf(home: Path) -> Listing[Path]:
    """Their paths, relative to the workspace."""
    found = (path for folder in FOLDERS for path in sorted((home / folder).rglob("*.ipynb")))
    paths = [path.relative_to(home) for path in found if ".ipynb_checkpoints" not in path.parts]

    def row(path: Path) -> Mapping[str, str]:
        return {"notebook": path.as_posix(), "title": _title(home / path)}

    return Listing(
        paths, caption="Notebooks", row=row, empty="There is no notebook yet: `workbench new notebook NAME` writes one."
    )


def _title(path: Path) -> str:
    try:
        cells = document.read(path)["cells"]
    except WorkbenchError as error:
        return str(error)
    lines = document.source(cells[0]).lstrip().splitlines() if cells else []
    return lines[0].lstrip("# ") if lines and lines[0].startswith("#") else ""
