"""Whether a dataset only grew from one of its versions to another, and by which files, as the log tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.lake.changes import commit_of
from workbench.data.lake.deltalog import log_entry

__all__ = ["Growth", "growth"]


@dataclass(frozen=True)
class Growth:
    """What came to a dataset since an earlier version of it.

    Attributes:
        files: The files of the rows that came, where rows came and nothing else happened.
        otherwise: What else happened, as a clause that goes on after the dataset's name: "had rows rewritten in version
            7"; empty where nothing did.
    """

    files: tuple[str, ...] = ()
    otherwise: str = ""

    def __bool__(self) -> bool:
        return bool(self.files or self.otherwise)


def growth(folder: Path, before: int, commit: str, now: int) -> Growth:
    """What came from one version to a later one; a commit that only lays rows out anew brings nothing.

    Args:
        commit: What `commit_of` said of the earlier one: a folder from a backup goes on with numbers it had before.
    """
    if before > now or not commit or commit_of(folder, before) != commit:
        return Growth(otherwise="is not what it was: it was put back from a backup")
    came: list[str] = []
    for version in range(before + 1, now + 1):
        said = list(_said(folder, version))
        if any(kind == "metaData" for kind, _ in said):
            return Growth(otherwise=f"got other columns in version {version}")
        changed = [(kind, action) for kind, action in said if action.get("dataChange", True)]
        if any(kind == "remove" for kind, _ in changed):
            return Growth(otherwise=f"had rows rewritten or taken out in version {version}")
        came += [action["path"] for kind, action in changed if kind == "add"]
    if gone := next((name for name in came if not (folder / name).exists()), None):
        return Growth(otherwise=f"had files cleaned away that its new rows came in, such as {gone}")
    return Growth(tuple(came))


def _said(folder: Path, version: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with log_entry(folder, version).open(encoding="utf-8") as lines:
        for line in lines:
            action = json.loads(line)
            for kind in ("add", "remove", "metaData"):
                if kind in action:
                    yield kind, action[kind]
