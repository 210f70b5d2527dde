"""After a power cut: what may be torn, and what may be done about it.

A commit is acknowledged only once its log entry is on disk, so an entry after the last acknowledged one may be torn and
is set aside. A checkpoint only repeats what the entries say, all of which are kept, so a torn one is removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.data.lake.damage import damaged
from workbench.foundation.observability import logger

__all__ = ["Torn", "check_entries", "mend"]


class Torn(Exception):
    """A log entry is empty, which Delta readers would take for a commit that does nothing."""


def check_entries(entries: Iterable[Path]) -> None:
    """
    Raises:
        Torn: One of them is empty.
    """
    for entry in entries:
        if entry.stat().st_size == 0:
            raise Torn(str(entry))


def mend(folder: Path, acknowledged: int, dataset: str) -> None:
    """Sets torn log entries aside and removes torn checkpoints.

    Raises:
        IntegrityError: An acknowledged entry is damaged.
    """
    log = folder / "_delta_log"
    torn = [entry for entry in sorted(log.glob("*.json")) if entry.stem.isdigit() and not _whole(entry)]
    if torn:
        first = int(torn[0].stem)
        if first <= acknowledged:
            raise damaged(dataset, f"its log entry {torn[0]} is not what was written")
        for entry in log.glob("*.json"):
            if entry.stem.isdigit() and int(entry.stem) >= first:
                entry.rename(entry.with_suffix(".torn"))
                logger("lake").warning("set a torn log entry aside", extra={"entry": str(entry)})
    for checkpoint in log.glob("*.checkpoint*.parquet"):
        if not _readable(checkpoint):
            checkpoint.unlink()
            (log / "_last_checkpoint").unlink(missing_ok=True)
            logger("lake").warning("removed a torn checkpoint", extra={"checkpoint": str(checkpoint)})


def _whole(entry: Path) -> bool:
    try:
        lines = entry.read_text(encoding="utf-8").splitlines()
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines)
    except (UnicodeDecodeError, json.JSONDecodeError):
        return False


def _readable(checkpoint: Path) -> bool:
    try:
        pq.read_metadata(checkpoint)
    except (pa.ArrowInvalid, OSError):
        return False
    return True
