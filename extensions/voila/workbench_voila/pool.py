"""Kernels that are ready before anybody asks: imports done, no notebook run, nobody's yet."""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_core.utils import ensure_async

from workbench.foundation.observability import logger
from workbench_voila.kernels import ViewerKernels

__all__ = ["Pool"]

_WARM = "import workbench.app, workbench.ui; workbench.ui.warm()"
# A token lives for half a day, and its viewer is to have most of that.
_OLDEST_SECONDS = 4 * 3600.0
_AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
_SECONDS_AFTER_A_FAILURE = 15.0
# A page is drawn in about a second of the machine's time; kernels that start meanwhile would take theirs from it.
_SECONDS_FOR_A_PAGE = 1.2
_SECONDS_TO_WARM = 120.0


class Pool:
    """Keeps `size` kernels ready. When it is empty, a kernel is started while the viewer waits.

    Args:
        kernels: Starts and ends them.
        size: How many wait at most; 0 for none.
    """

    def __init__(self, kernels: ViewerKernels, size: int) -> None:
        self._kernels = kernels
        self._size = size
        self._ready: deque[str] = deque()
        self._coming = 0
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def ready(self) -> int:
        return len(self._ready)

    def fill(self) -> None:
        """Starts what is missing, outside of whatever request happens to be answered."""
        while not self._closed and len(self._ready) + self._coming < self._size:
            self._coming += 1
            contextvars.Context().run(self._spawn, self._add())

    async def take(self, user: str, *, keeps: bool = False) -> str:
        """A kernel that belongs to `user` from now on; for `keeps` see `ViewerKernels.claim`."""
        while self._ready:
            kernel_id = self._ready.popleft()
            if not await self._good(kernel_id):
                contextvars.Context().run(self._spawn, self._end(kernel_id))
                continue
            await self._kernels.claim(kernel_id, user, keeps=keeps)
            self._fill_soon()
            return kernel_id
        kernel_id = await self._kernels.start_kernel(kernel_name="python3", path="")
        await self._kernels.claim(kernel_id, user, keeps=keeps)
        self._fill_soon()
        return kernel_id

    def _fill_soon(self) -> None:
        """Viewers' own pages come first: the next kernels start when those of all who came by now have been drawn."""
        missing = self._size - len(self._ready) - self._coming
        self._fill_in(_SECONDS_FOR_A_PAGE * (missing + 1))

    def _fill_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.fill, context=contextvars.Context())

    async def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _good(self, kernel_id: str) -> bool:
        if kernel_id not in self._kernels or self._kernels.age(kernel_id) > _OLDEST_SECONDS:
            return False
        return bool(await ensure_async(self._kernels.get_kernel(kernel_id).is_alive()))

    async def _add(self) -> None:
        try:
            async with self._turn:
                kernel_id = await self._kernels.start_kernel(kernel_name="python3", path="")
                await self._warm(kernel_id)
                self._ready.append(kernel_id)
        except Exception:  # noqa: BLE001 (a viewer then gets a cold kernel, or is told)
            logger(__name__).exception("a kernel could not be made ready")
            if not self._closed:
                self._fill_in(_SECONDS_AFTER_A_FAILURE)
        finally:
            self._coming -= 1

    async def _end(self, kernel_id: str) -> None:
        with suppress(Exception):
            await ensure_async(self._kernels.shutdown_kernel(kernel_id, now=True))  # type: ignore[no-untyped-call]

    async def _warm(self, kernel_id: str) -> None:
        client: AsyncKernelClient = self._kernels.get_kernel(kernel_id).client()  # type: ignore[assignment]
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=_SECONDS_TO_WARM)
            asked = client.execute(_WARM, silent=True, store_history=False)
            while True:
                reply = await client.get_shell_msg(timeout=_SECONDS_TO_WARM)
                if reply["parent_header"].get("msg_id") == asked:
                    return
        finally:
            client.stop_channels()
