"""Kept results in files that processes share. Any file can go at any time: what is not there is computed again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from workbench.compute.model import EngineUse
from workbench.foundation.failpoints import failpoint
from workbench.foundation.observability import logger

__all__ = ["Kept", "ResultFiles"]

UNUSED_SECONDS = 7 * 86_400
"""A result that nobody asked for in so long goes."""
_UNFINISHED_SECONDS = 3_600
_CLOCK_SECONDS = 0.02
"""By so much the clock of files may lag behind the machine's."""
_ENDING = ".result"
_LARGEST_SHARE = 8
_LOOK_SHARE = 16


@dataclass(frozen=True)
class Kept:
    """A result, how it was computed, and when (UTC).

    Attributes:
        of: The folders of the files that it was computed on.
    """

    frame: pl.DataFrame
    use: EngineUse
    made: datetime
    of: frozenset[str] = frozenset()

    def told(self, key: str) -> tuple[pl.DataFrame, EngineUse]:
        """The same, as it is given to somebody who did not have it computed."""
        return self.frame.clone(), replace(self.use, cached=self.made, key=key)


class ResultFiles:
    """A folder of results, of about so many bytes at most; those that were not asked for the longest go first.

    A file is written aside and renamed, and says what the digest of its content is: one that a crash or a disk damaged
    is no result, and goes. A disk that is full or may not be written to keeps no results; nothing else happens.

    Args:
        limit: In bytes. A result that takes more than an eighth of it is not kept.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._unseen = limit  # bytes written since the folder was last looked at: at first, nobody knows
        self._told = False

    def read(self, key: str) -> Kept | None:
        """The result of a key; None where there is none, or its file is damaged."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        try:
            kept = _parsed(content, key)
        except (ValueError, KeyError, pl.exceptions.PolarsError):
            logger("compute").warning("a kept result is damaged and is computed again", extra={"file": str(path)})
            with suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        with suppress(OSError):
            os.utime(path)  # the oldest go first: this one is of use
        return kept

    def write(self, key: str, kept: Kept, since: float) -> bool:
        """Keeps a result that began to be computed at a time.

        Returns:
            Whether it may be kept: not where what it is of was forgotten meanwhile.
        """
        content = _content(key, kept)
        if content is None or len(content) > self._limit // _LARGEST_SHARE:
            return not self.forgotten(kept.of, since)
        aside = self._folder / f".{key}.{secrets.token_hex(4)}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._unseen += len(content)
            if self._unseen > self._limit // _LOOK_SHARE:
                self.tidy(room=len(content))
            aside.write_bytes(content)
            failpoint("results.before_rename")
            aside.replace(self._path(key))
            # Looked at after it is there: whoever forgets marks that first, and one of the two sees the other.
            if self.forgotten(kept.of, since):
                self._path(key).unlink(missing_ok=True)
        except OSError as error:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            if not self._told:
                self._told = True
                logger("compute").warning(
                    "results are not kept", extra={"folder": str(self._folder), "why": str(error)}
                )
        return not self.forgotten(kept.of, since)

    def tidy(self, *, room: int = 0) -> int:
        """Removes what nobody asks for any more, and the oldest of what is too much.

        Args:
            room: So many bytes are about to be written.

        Returns:
            How many results went.
        """
        self._unseen = 0
        now = time.time()
        found: list[tuple[float, int, Path]] = []
        gone = 0
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    seen = entry.stat()
                    if not entry.name.endswith(_ENDING):
                        if now - seen.st_mtime > _UNFINISHED_SECONDS:
                            Path(entry.path).unlink(missing_ok=True)
                        continue
                    found.append((seen.st_mtime, seen.st_size, Path(entry.path)))
        total = sum(size for _, size, _ in found) + room
        for used, size, path in sorted(found):
            if total <= self._limit and now - used < UNUSED_SECONDS:
                break
            path.unlink(missing_ok=True)
            total -= size
            gone += 1
        return gone

    def forget(self, folder: str) -> int:
        """Removes the results of files in a folder, and refuses those that are being computed; how many went."""
        gone = 0
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._mark(folder).write_bytes(b"")
        for path in self._folder.glob(f"*{_ENDING}"):
            with suppress(OSError):
                if folder in _folders(path):
                    path.unlink(missing_ok=True)
                    gone += 1
        return gone

    def forgotten(self, of: Iterable[str], since: float) -> bool:
        """Whether results of one of these folders were forgotten, by any process, after a time."""
        for folder in of:
            with suppress(OSError):
                if self._mark(folder).stat().st_mtime >= since - _CLOCK_SECONDS:
                    return True
        return False

    def _mark(self, folder: str) -> Path:
        """Says when a folder's results were forgotten last; gone like an unfinished file when it is an hour old."""
        return self._folder / f"{hashlib.blake2b(folder.encode(), digest_size=16).hexdigest()}.forgotten"

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_ENDING}"


def _content(key: str, kept: Kept) -> bytes | None:
    """A line of JSON, then the rows as Arrow IPC; None where Arrow has no such column."""
    body = io.BytesIO()
    try:
        kept.frame.write_ipc(body, compression="lz4")
    except pl.exceptions.PolarsError:
        return None
    rows = body.getvalue()
    head = {
        "key": key,
        "made": kept.made.isoformat(),
        "use": dict(kept.use.to_dict()),
        "schema": _schema(kept.frame),
        "of": sorted(kept.of),
    }
    line = json.dumps(head, sort_keys=True).encode()
    return b"\n".join([_digest(line, rows), line, rows])


def _parsed(content: bytes, key: str) -> Kept:
    """
    Raises:
        ValueError: It is not what was written, or of another key.
    """
    digest, line, rows = content.split(b"\n", 2)
    if digest != _digest(line, rows):
        raise ValueError("not what was written")
    head = json.loads(line)
    if head["key"] != key:
        raise ValueError("of another key")
    frame = pl.read_ipc(io.BytesIO(rows))
    if _schema(frame) != head["schema"]:
        raise ValueError("not the columns that were written")
    use = EngineUse(**{**head["use"], "cached": None})
    return Kept(frame, use, datetime.fromisoformat(head["made"]), frozenset(head["of"]))


def _folders(path: Path) -> list[str]:
    """What a result is of; nothing where its file is damaged, which whoever asks for it finds."""
    with path.open("rb") as file:
        file.readline()
        line = file.readline()
    try:
        return list(json.loads(line)["of"])
    except (ValueError, KeyError, TypeError):
        return []


def _digest(line: bytes, rows: bytes) -> bytes:
    digest = hashlib.blake2b(line, digest_size=16)
    digest.update(rows)
    return digest.hexdigest().encode()


def _schema(frame: pl.DataFrame) -> list[list[str]]:
    return [[name, repr(dtype)] for name, dtype in frame.schema.items()]
