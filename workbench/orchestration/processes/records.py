"""What runs, on disk: enough to find a process again after a crash, and to be sure that it is the one."""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

__all__ = ["Record", "Records"]

# Clocks of a process's start differ by rounding between two looks at it.
_SAME_START = 0.05


@dataclass(frozen=True)
class Record:
    """One process. A pid is used again after its process has ended; together with its start it never is.

    Attributes:
        started: When the process began, in seconds since 1970, as the operating system tells it.
        url: Where it is reached; empty for a process that nobody reaches.
    """

    name: str
    pid: int
    started: float
    url: str = ""

    @classmethod
    def of(cls, name: str, pid: int, url: str = "") -> Record:
        """
        Raises:
            psutil.NoSuchProcess: It has ended already.
        """
        return cls(name, pid, psutil.Process(pid).create_time(), url)

    @property
    def process(self) -> psutil.Process | None:
        """The process, if it still runs."""
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid)
            if abs(found.create_time() - self.started) <= _SAME_START and found.status() != psutil.STATUS_ZOMBIE:
                return found
        return None

    def end(self, *, patience: float = 10.0) -> bool:
        """Ends the process and those it started: asked first, killed after `patience` seconds. False: it had ended."""
        found = self.process
        if found is None:
            return False
        family = [found]
        with suppress(psutil.NoSuchProcess):
            family += found.children(recursive=True)
        for signal in (psutil.Process.terminate, psutil.Process.kill):
            for member in family if signal is psutil.Process.kill else family[:1]:
                with suppress(psutil.NoSuchProcess):
                    signal(member)
            _, family = psutil.wait_procs(family, timeout=patience)
            if not family:
                break
        return True


class Records:
    """The processes of one workspace on this machine, a file each in its state folder."""

    def __init__(self, folder: Path) -> None:
        # Several machines may share a workspace; a pid says something on its own machine only.
        self._folder = folder / socket.gethostname()

    def write(self, record: Record) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(record.name)
        aside = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        aside.write_text(json.dumps(asdict(record)), encoding="utf-8")
        aside.replace(path)

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def running(self) -> list[Record]:
        """Those that still run, by name. What is said of others is forgotten on the way."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            with suppress(OSError, ValueError, TypeError):  # removed just now, or torn by a full disk
                record = Record(**json.loads(path.read_text(encoding="utf-8")))
                if record.process is None:
                    path.unlink(missing_ok=True)
                else:
                    found.append(record)
        return found

    def get(self, name: str) -> Record | None:
        """The process of that name, if it still runs."""
        return next((record for record in self.running() if record.name == name), None)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
