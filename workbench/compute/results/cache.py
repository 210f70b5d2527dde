"""Results by key: in memory, in files that processes share, or computed, by one of those who ask at once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from workbench.compute.hashing import SUBJECT_HASH
from workbench.compute.model import Computed
from workbench.compute.results.files import Kept, ResultFiles

__all__ = ["ResultCache"]

MEGABYTE = 1 << 20
MOST_IN_MEMORY = 64 * MEGABYTE
_LARGEST_SHARE = 4
_EACH = 2_048
"""Bytes that a result takes besides its rows."""


class _Flight:
    """One computation that several may wait for."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.kept: Kept | None = None


class ResultCache:
    """Thread-safe. A result that names subjects is kept in memory only: on disk it would outlive their erasure.

    Args:
        folder: Where files lie; shared by processes.
        megabytes: Of the files, about; at most as many, and at most 64, are held in memory.
    """

    _open: ClassVar[dict[tuple[Path, int], ResultCache]] = {}
    _opening: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._files = ResultFiles(folder, megabytes * MEGABYTE)
        self._most = min(megabytes * MEGABYTE, MOST_IN_MEMORY)
        self._lock = threading.Lock()
        self._memory: OrderedDict[str, tuple[Kept, int]] = OrderedDict()
        self._held = 0
        self._flights: dict[str, _Flight] = {}

    @classmethod
    def at(cls, folder: Path, megabytes: int) -> ResultCache:
        """The one that everybody in this process has of a folder."""
        with cls._opening:
            return cls._open.setdefault((folder.resolve(), megabytes), cls(folder.resolve(), megabytes))

    def get(self, key: str, compute: Callable[[], Computed], of: frozenset[str] = frozenset()) -> Computed:
        """The result of a key. Of those who ask at once, one has it computed; where that fails, each tries in turn.

        Args:
            of: The folders of the files that it is of.
        """
        while True:
            with self._lock:
                kept = self._in_memory(key)
                flight = None if kept is not None else self._flights.get(key)
                mine = kept is None and flight is None
                if mine:
                    flight = self._flights[key] = _Flight()
            if kept is not None:
                return Computed(*kept.told(key))
            assert flight is not None
            if mine:
                return self._found(key, compute, flight, of)
            flight.over.wait()
            if flight.kept is not None:
                return Computed(*flight.kept.told(key))

    def anew(self, key: str, compute: Callable[[], Computed], of: frozenset[str] = frozenset()) -> Computed:
        """The result, computed now, in place of what was kept of the key."""
        since = time.time()
        computed = compute()
        self._keep(key, Kept(computed.frame, computed.use, datetime.now(UTC), of), since)
        return Computed(computed.frame.clone(), replace(computed.use, key=key))

    def tidy(self) -> int:
        """Removes the files of results that nobody asked for in a week; how many."""
        return self._files.tidy()

    def forget(self, folder: Path) -> int:
        """Drops what is kept of files in a folder: on disk, and in this process; how many files.

        What is being computed by then is given to whoever asked, and not kept. Another process may hold a result in its
        memory. Nobody gets it there: who asks has to read the version first.
        """
        with self._lock:
            for key in [key for key, (kept, _) in self._memory.items() if str(folder) in kept.of]:
                self._held -= self._memory.pop(key)[1]
        return self._files.forget(str(folder))

    def _found(self, key: str, compute: Callable[[], Computed], flight: _Flight, of: frozenset[str]) -> Computed:
        try:
            kept = self._files.read(key)
            if kept is not None:
                flight.kept = kept
                with self._lock:
                    self._remember(key, kept)
                return Computed(*kept.told(key))
            since = time.time()
            computed = compute()
            flight.kept = Kept(computed.frame, computed.use, datetime.now(UTC), of)
            self._keep(key, flight.kept, since)
            return Computed(computed.frame.clone(), replace(computed.use, key=key))
        finally:
            with self._lock:
                del self._flights[key]
            flight.over.set()

    def _keep(self, key: str, kept: Kept, since: float) -> None:
        """Keeps a result, unless what it is of was forgotten since it began to be computed."""
        if SUBJECT_HASH in kept.frame.columns:
            keepable = not self._files.forgotten(kept.of, since)
        else:
            keepable = self._files.write(key, kept, since)
        if keepable:
            with self._lock:
                self._remember(key, kept)

    def _in_memory(self, key: str) -> Kept | None:
        found = self._memory.get(key)
        if found is None:
            return None
        self._memory.move_to_end(key)
        return found[0]

    def _remember(self, key: str, kept: Kept) -> None:
        size = int(kept.frame.estimated_size()) + _EACH
        if size > self._most // _LARGEST_SHARE:
            return
        if key in self._memory:
            self._held -= self._memory.pop(key)[1]
        self._memory[key] = kept, size
        self._held += size
        while self._held > self._most:
            _, (_, freed) = self._memory.popitem(last=False)
            self._held -= freed
