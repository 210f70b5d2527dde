"""The event loop that kernels are spoken to on, from code that is not asynchronous."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

__all__ = ["with_own_loop"]

T = TypeVar("T")


def with_own_loop(work: Callable[[], T]) -> T:
    """Calls `work`, in which jupyter_client makes an event loop where it needs one.

    It keeps that loop in a context variable. A thread that was started with its parent's context would use the parent's
    loop, and the loop of a thread that ends would never be closed; so a thread gets a context and a loop of its own.
    """
    if threading.current_thread() is threading.main_thread() or _loop_runs():
        return work()

    def alone() -> T:
        try:
            return work()
        finally:
            with suppress(RuntimeError):  # it made none
                asyncio.get_event_loop().close()
            asyncio.set_event_loop(None)

    return contextvars.Context().run(alone)


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
