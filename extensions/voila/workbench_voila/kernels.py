"""Kernels of viewers: started with an allow-listed environment, each with one owner and a token of its own."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager

from workbench import Workbench
from workbench.foundation.errors import WorkbenchError
from workbench.governance.security import Scope
from workbench.orchestration.kernels import OwnKernelManager, allowed

__all__ = ["MESSAGES", "ViewerKernel", "ViewerKernels"]

MESSAGES = ["comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"]
"""What a browser may send: neither code nor an end of the kernel."""

_SECONDS_TO_COME_BACK = 60.0


class ViewerKernel(OwnKernelManager, ServerKernelManager):
    """One kernel's process. It ends with the server, whatever ends that."""

    # jupyter-server looks for what stands in a traceback's place here, and has it at the manager of all kernels.
    traceback_replacement_message = "The log of the server says what went wrong."

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        # A restarted kernel would have nothing of the page its viewer looks at.
        self.autorestart = False


@dataclass
class Held:
    """What is known of a kernel beyond its process.

    Attributes:
        left: When it was first seen without a page, by the monotonic clock.
    """

    token: str
    started: float = field(default_factory=time.monotonic)
    owner: str | None = None
    left: float | None = None


class ViewerKernels(AsyncMappingKernelManager):
    """All kernels of the server. One that was started ahead has no owner until `claim`."""

    workbench: Workbench

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)  # type: ignore[no-untyped-call]
        self.kernel_manager_class = "workbench_voila.kernels.ViewerKernel"
        self._held: dict[str, Held] = {}

    def owner(self, kernel_id: str) -> str | None:
        """Whose it is; None for a kernel without an owner, or for none at all."""
        held = self._held.get(kernel_id)
        return held.owner if held else None

    def held_by(self, user: str) -> int:
        """How many pages somebody has open."""
        return sum(held.owner == user for held in self._held.values())

    def age(self, kernel_id: str) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._held[kernel_id].started

    async def claim(self, kernel_id: str, user: str, *, keeps: bool = False) -> None:
        """Gives a kernel to a viewer, for good: `Workbench.open()` in it acts as that viewer from now on.

        Args:
            keeps: It may keep new queries and metrics, as the viewer's role lets them.
        """
        held, also = self._held[kernel_id], [Scope.KEEP] if keeps else []
        await asyncio.to_thread(self.workbench.identities.bind, held.token, user, also=also)
        held.owner = user

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Starts a kernel without an owner, whatever environment the caller would give it."""
        identities = self.workbench.identities
        issued = await asyncio.to_thread(identities.kernel_token, None, by="server", scopes=[Scope.READ])
        kwargs["env"] = allowed(self.workbench.settings) | {"WORKBENCH_TOKEN": issued.secret}
        try:
            kernel_id: str = await super()._async_start_kernel(**kwargs)
        except BaseException:
            await asyncio.to_thread(identities.end_kernel_token, issued.info.id)
            raise
        self._held[kernel_id] = Held(issued.info.id)
        return kernel_id

    def remove_kernel(self, kernel_id: str) -> Any:
        held = self._held.pop(kernel_id, None)
        if held is not None:
            asyncio.get_running_loop().run_in_executor(None, self._end_token, held.token)
        return super().remove_kernel(kernel_id)

    def _end_token(self, token: str) -> None:
        with suppress(WorkbenchError):  # it ends by itself after half a day
            self.workbench.identities.end_kernel_token(token)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """A kernel in the pool waits; only one that its viewer has left is idle.

        A page that is closed says so. One whose browser vanished does not, and is given a minute to come back.
        """
        held = self._held.get(kernel_id)
        if held is None or held.owner is None:
            return
        computing = getattr(self._kernels[kernel_id], "execution_state", None) == "busy"
        if computing or self._kernel_connections.get(kernel_id, 0):
            held.left = None
        elif held.left is None:
            held.left = time.monotonic()
        elif time.monotonic() - held.left > _SECONDS_TO_COME_BACK:
            await ensure_async(self.shutdown_kernel(kernel_id, now=True))  # type: ignore[no-untyped-call]
            return
        await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]
