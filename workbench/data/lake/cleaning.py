"""Which files no kept version needs. Decided from the whole log, so that a checkpoint in between changes nothing."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from workbench.data.lake.datafiles import named_at
from workbench.data.lake.disk import unwritten
from workbench.data.lake.model import Version
from workbench.foundation.catalog import utcnow

__all__ = [
    "Leftovers",
    "Lifetime",
    "Outdated",
    "leftovers",
    "lifetimes",
    "outdated",
    "remove_strays",
    "sweep",
    "unneeded",
]

STRAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Lifetime:
    """The versions a file belongs to: from `added` up to but without `removed`; None: still."""

    added: int
    removed: int | None


def lifetimes(log: Path) -> dict[str, Lifetime]:
    """Every file that the log ever named, and the versions it belongs to."""
    found: dict[str, Lifetime] = {}
    for entry in sorted(item for item in log.glob("*.json") if item.stem.isdigit()):
        version = int(entry.stem)
        with entry.open(encoding="utf-8") as lines:
            for line in lines:
                action = json.loads(line)
                if "add" in action:
                    found[action["add"]["path"]] = Lifetime(version, None)
                elif "remove" in action:
                    path = action["remove"]["path"]
                    found[path] = Lifetime(found[path].added if path in found else 0, version)
    return found


def unneeded(files: dict[str, Lifetime], kept: Collection[int]) -> set[str]:
    """The files that belong to none of the kept versions."""
    ordered = sorted(kept)
    return {path for path, life in files.items() if not any(_alive(life, version) for version in ordered)}


@dataclass(frozen=True)
class Outdated:
    """What a clean-up may remove.

    Attributes:
        complete_from: The first version from which on every version stays readable.
        pinned: Older versions that stay readable too.
    """

    files: tuple[Path, ...]
    complete_from: int
    pinned: frozenset[int]


def outdated(folder: Path, history: Sequence[Version], pinned: Collection[int], keep_days: float) -> Outdated:
    """The files that are needed by no pinned version and by no version that was the newest in the last days."""
    try:
        since = utcnow() - timedelta(days=keep_days)
    except OverflowError:  # before the first year of the calendar: everything is younger
        since = datetime.min.replace(tzinfo=UTC)
    complete_from = max((version.number for version in history if version.time <= since), default=0)
    older = frozenset(version for version in pinned if version < complete_from)
    kept = {version.number for version in history if version.number >= complete_from} | older
    unwanted = unneeded(lifetimes(folder / "_delta_log"), kept)
    return Outdated(tuple(path for name in sorted(unwanted) if (path := folder / name).exists()), complete_from, older)


def remove_strays(folder: Path) -> list[int]:
    """Removes files of writes that never came to a commit, and torn log entries; gives their sizes.

    While anybody writes, a file that no commit names may be theirs, so all stay. Where the machines that share a disk
    do not see each other's locks, the age has to do.
    """
    with unwritten(folder) as alone:
        if not alone:
            return []
        known = lifetimes(folder / "_delta_log")  # read in here: no commit can come in between
        found = [path for path in folder.glob("part-*.parquet") if path.name not in known]
        found += [path for path in (folder / "_delta_log").iterdir() if path.suffix in (".torn", ".tmp")]
        oldest = time.time() - STRAY_SECONDS
        strays = [path for path in found if max(path.stat().st_mtime, named_at(path.name)) < oldest]
        sizes = [path.stat().st_size for path in strays]
        for path in strays:
            path.unlink(missing_ok=True)
        return sizes


@dataclass(frozen=True)
class Leftovers:
    """Folders of the lake that belong to no dataset of the catalog.

    Attributes:
        gone: Of deleted datasets, and of those that never came to a first commit: may be removed.
        unknown: Datasets that this catalog has never heard of: another one's, or younger than a restored backup.
    """

    gone: tuple[Path, ...]
    unknown: tuple[Path, ...]


def leftovers(folders: Collection[Path], *, existing: Collection[str], deleted: Collection[str]) -> Leftovers:
    """Sorts a lake's folders. Rows that were committed go only where the catalog says that they were deleted.

    Args:
        folders: Listed before the catalog was asked, so that a dataset made in between is among the existing.
    """
    others = [path for path in folders if path.name not in existing]
    unknown = [path for path in others if path.name not in deleted and _committed(path)]
    young = time.time() - STRAY_SECONDS
    gone = [path for path in others if path not in unknown and (path.name in deleted or path.stat().st_mtime < young)]
    return Leftovers(tuple(gone), tuple(unknown))


def sweep(left: Leftovers) -> int:
    """Removes what may go; says how many folders that were."""
    removed = 0
    for path in left.gone:
        with suppress(FileNotFoundError), unwritten(path) as alone:
            if alone:
                shutil.rmtree(path, ignore_errors=True)
                removed += 1
    return removed


def _committed(folder: Path) -> bool:
    """Whether a commit may have stood here. A power cut leaves empty entries behind, a damaged one is not empty."""
    return any(entry.stat().st_size for entry in (folder / "_delta_log").glob("*"))


def _alive(life: Lifetime, version: int) -> bool:
    return life.added <= version and (life.removed is None or version < life.removed)
