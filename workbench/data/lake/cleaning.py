"""Which files no kept version needs. Decided from the whole log, so that a checkpoint in between changes nothing."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from workbench.data.lake.model import Version
from workbench.foundation.catalog import utcnow

__all__ = ["Lifetime", "Outdated", "lifetimes", "outdated", "sweep", "unneeded"]

STRAY_SECONDS = 24 * 3600  # no write takes longer between its first file and its commit


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
    since = utcnow() - timedelta(days=keep_days)
    complete_from = max((version.number for version in history if version.time <= since), default=0)
    older = frozenset(version for version in pinned if version < complete_from)
    kept = {version.number for version in history if version.number >= complete_from} | older
    files = lifetimes(folder / "_delta_log")
    gone = [path for name in sorted(unneeded(files, kept)) if (path := folder / name).exists()]
    return Outdated((*gone, *_stray(folder, files)), complete_from, older)


def sweep(root: Path, *, existing: Collection[str], deleted: Collection[str]) -> int:
    """Removes the folders of deleted datasets, and old ones whose dataset never came to be; says how many."""
    found = [path for path in root.iterdir() if path.is_dir() and path.name not in existing]
    gone = [path for path in found if path.name in deleted or path.stat().st_mtime < time.time() - STRAY_SECONDS]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return len(gone)


def _stray(folder: Path, known: Collection[str]) -> list[Path]:
    """Files of writes that never came to a commit, and torn log entries, old enough that nobody still works on them."""
    oldest = time.time() - STRAY_SECONDS
    found = [path for path in folder.glob("part-*.parquet") if path.name not in known]
    found += [path for path in (folder / "_delta_log").iterdir() if path.suffix in (".torn", ".tmp")]
    return [path for path in found if path.stat().st_mtime < oldest]


def _alive(life: Lifetime, version: int) -> bool:
    return life.added <= version and (life.removed is None or version < life.removed)
