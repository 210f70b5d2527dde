from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import psutil

__all__ = ["Lease", "holder_ended", "this_process"]


@dataclass(frozen=True)
class Lease:
    """The right to work on one slot until `expires` (UTC).

    Attributes:
        fence: Grows each time the slot changes hands; a write guarded by an older one is refused.
        holder: "host:pid:start time" of the process that works.
    """

    kind: str
    slot: str
    holder: str
    fence: int
    expires: datetime


@cache
def _identity(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}:{psutil.Process(pid).create_time():.2f}"


def this_process() -> str:
    """Names this process beyond the reuse of its pid."""
    return _identity(os.getpid())


def holder_ended(holder: str) -> bool:
    """True when the holder ran on this host and is surely gone; False when alive or impossible to say."""
    host, pid, started = holder.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        process = psutil.Process(int(pid))
        return abs(process.create_time() - float(started)) > 0.05 or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
