"""Waiting for what another process does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psutil


def wait_until(true: Callable[[], bool], *, seconds: float = 60, what: str) -> None:
    """Waits for something to become true; fails the test where it does not."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} seconds"
        time.sleep(0.02)


def day_that_lasts(seconds: float = 30) -> datetime:
    """Now; shortly before midnight (UTC) only once the next day has begun, which does not end under a test's hands."""
    while (datetime.now(UTC) + timedelta(seconds=seconds)).date() != datetime.now(UTC).date():
        time.sleep(1)
    return datetime.now(UTC)


def ended(pid: int) -> bool:
    """Whether a process is gone; a zombie is."""
    try:
        os.kill(pid, 0)
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return True
