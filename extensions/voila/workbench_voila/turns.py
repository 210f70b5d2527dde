"""Who comes at the same moment is served one after the other, since ten at once take longer than ten in a row."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Turns"]


class Turns:
    """As many at a time as the machine has processors; nobody waits, or makes others wait, for long.

    A notebook computes for a moment as a rule, and then a processor for each is best. One that waits for a database
    instead needs no processor, and must not hold anybody up: after `longest` it no longer counts.

    Args:
        at_once: None for the number of processors.
        longest: Seconds.
    """

    def __init__(self, at_once: int | None = None, *, longest: float = 2.0) -> None:
        self._free = asyncio.Semaphore(at_once or os.cpu_count() or 1)
        self._longest = longest

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for one's turn, and has it until the end of the block."""
        try:
            await asyncio.wait_for(self._free.acquire(), self._longest)
        except TimeoutError:
            yield
            return
        ended = False

        def end() -> None:
            nonlocal ended
            if not ended:
                ended = True
                self._free.release()

        timer = asyncio.get_running_loop().call_later(self._longest, end)
        try:
            yield
        finally:
            timer.cancel()
            end()
