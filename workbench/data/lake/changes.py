"""What of a dataset may differ between two of its versions, as the log tells it: no file is opened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from workbench.data.lake.deltalog import log_entry
from workbench.data.lake.logged import actions, added_before

__all__ = ["Changes", "changes", "commit_of"]


@dataclass(frozen=True)
class Changes:
    """Where the rows of one version may be others than those of another, by a column of times.

    Attributes:
        ranges: The first and the last time of files that came or went; both may be in them.
        missing: Rows without a time may differ.
        anything: Any row may: a file does not say which times it has.
    """

    ranges: tuple[tuple[date | datetime, date | datetime], ...] = ()
    missing: bool = False
    anything: bool = False

    def __bool__(self) -> bool:
        return bool(self.ranges) or self.missing or self.anything


def changes(folder: Path, one: int, other: int, column: str) -> Changes:
    """Compares two versions by the files that were added and removed between them.

    A commit that only lays the same rows out anew, as a fold does, changes nothing.

    Args:
        folder: The dataset's.
        column: Its dates, or times with a zone; a log keeps milliseconds, so that ranges are up to one wider.
    """
    first, last = sorted((one, other))
    said: list[Mapping[str, Any]] = []
    gone: set[str] = set()
    known: dict[str, Mapping[str, Any]] = {}
    for version in range(first + 1, last + 1):
        for kind, action in actions(folder, version):
            if kind == "add":
                known[action["path"]] = action
            if not action.get("dataChange", True):
                continue
            if kind == "add":
                said.append(action)
            elif action["path"] in known:
                said.append(known[action["path"]])
            else:
                gone.add(action["path"])
    said += added_before(folder, first, gone)
    bounds = [_bounds(action, column) for action in said]
    return Changes(
        ranges=tuple(dict.fromkeys(found.range for found in bounds if found.range is not None)),
        missing=any(found.missing for found in bounds),
        anything=bool(gone) or any(found.unknown for found in bounds),
    )


def commit_of(folder: Path, version: int) -> str:
    """A digest of what the log says of a version; empty where it has none.

    A folder that is restored from a backup goes on with numbers that it had before; whoever keeps a number keeps this,
    too.
    """
    try:
        return hashlib.blake2b(log_entry(folder, version).read_bytes(), digest_size=16).hexdigest()
    except FileNotFoundError:
        return ""


@dataclass(frozen=True)
class _Bounds:
    range: tuple[date | datetime, date | datetime] | None = None
    missing: bool = False
    unknown: bool = False


def _bounds(action: Mapping[str, Any], column: str) -> _Bounds:
    if column in (values := action.get("partitionValues") or {}):
        value = values[column]
        return _Bounds(missing=True) if value in (None, "") else _Bounds((_time(value), _time(value)))
    stats = json.loads(action.get("stats") or "{}")
    rows, nulls = stats.get("numRecords"), stats.get("nullCount", {}).get(column)
    if rows is None or nulls is None:
        return _Bounds(unknown=rows != 0)
    if rows == nulls:
        return _Bounds(missing=rows > 0)
    low, high = (stats.get(name, {}).get(column) for name in ("minValues", "maxValues"))
    if not isinstance(low, str) or not isinstance(high, str):
        return _Bounds(unknown=True)
    return _Bounds((_time(low), _time(high)), missing=nulls > 0)


def _time(text: str) -> date | datetime:
    if len(text) == len("2013-01-31"):
        return date.fromisoformat(text)
    return datetime.fromisoformat(text).astimezone(UTC)
