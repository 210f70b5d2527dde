"""Making a workspace, and filling one with the demo's files."""

from __future__ import annotations

import shutil
from pathlib import Path

from workbench.foundation.errors import Conflict, Unavailable
from workbench.foundation.settings import MARKER

__all__ = ["FOLDERS", "copy_demo_files", "init_workspace"]

FOLDERS = ("notebooks", "pipelines", "reports", "metrics", "expectations")

TOML = """\
# This folder is a workbench workspace. Every setting has a default; docs/settings.md lists them.
# A WORKBENCH_<SETTING> variable in the environment wins over this file.

# catalog_url = "postgresql+psycopg://user@host/database"   # default: SQLite in .workbench/
# lake_root = ".workbench/lake"
# pin_days = 90
"""

GITIGNORE = """\
.workbench/
sources/
"""


def init_workspace(home: Path) -> list[Path]:
    """Makes a folder a workspace: its settings file and one folder for each kind of definition.

    Returns:
        What it made, in order.

    Raises:
        Conflict: It is a workspace already.
    """
    marker = home / MARKER
    if marker.exists():
        raise Conflict(f"{home} is a workspace already", hint="workbench doctor looks it over")
    made = []
    for name in FOLDERS:
        folder = home / name
        if not folder.exists():
            folder.mkdir(parents=True)
            made.append(folder)
    ignore = home / ".gitignore"
    if not ignore.exists():
        ignore.write_text(GITIGNORE, encoding="utf-8")
        made.append(ignore)
    # Last, since its presence is what makes the folder a workspace.
    marker.write_text(TOML, encoding="utf-8")
    return [*made, marker]


def copy_demo_files(home: Path) -> list[Path]:
    """Copies the demo's notebooks and definitions into a workspace. A file that is there already is kept.

    Raises:
        Unavailable: They are not in this installation.
    """
    made = []
    for name in FOLDERS:
        origin = _demo_files() / name
        for source in sorted(origin.rglob("*")):
            target = home / name / source.relative_to(origin)
            if (
                source.is_dir()
                or "__pycache__" in source.parts
                or ".ipynb_checkpoints" in source.parts
                or target.exists()
            ):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            made.append(target)
    return made


def _demo_files() -> Path:
    """Beside this file in a wheel; at the repository's root, which is a workspace itself, where we run from a clone."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "demo_workspace", here.parents[2]):
        if (folder / "pipelines" / "flights.yaml").is_file():
            return folder
    raise Unavailable(
        "the demo's files are not in this installation", hint="pip install --force-reinstall analytics-workbench"
    )
