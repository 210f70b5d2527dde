"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil


def eventually(happened: Callable[[], object], seconds: float = 20) -> None:
    """Waits until something is so; fails when it does not come about."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def ended(pid: int) -> bool:
    """Whether no process of that pid runs any more."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
