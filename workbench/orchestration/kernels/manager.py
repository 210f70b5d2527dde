"""One kernel process: what starts it, how it is spoken to, and its end."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager

from workbench.foundation.errors import Unavailable, unknown

__all__ = ["OwnKernelManager", "specification"]

OWN_KERNEL = "python3"

# sun_path holds 108 bytes with its closing zero; on macOS 104. libzmq counts itself, too.
_LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103
_HOUR = 3_600
_FOLDER = re.compile(r"wbk-(\d+)-")


class PromptClient(AsyncKernelClient):
    """A client that is ready as soon as the kernel has answered and its output channel is heard.

    The stock one then listens for another fixed 0.2 s to drop old output; whoever runs cells matches output to the
    request that caused it, so there is nothing to drop.
    """

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while True:
            self.kernel_info()
            try:
                reply = await self.shell_channel.get_msg(timeout=1)
                await self.iopub_channel.get_msg(timeout=0.2)
            except Empty:
                pass
            else:
                if reply["msg_type"] == "kernel_info_reply":
                    self._handle_kernel_info_reply(reply)
                    return
            if not await self._async_is_alive():
                raise RuntimeError("the kernel ended before it answered")
            if time.monotonic() > deadline:
                raise RuntimeError(f"the kernel did not answer within {timeout:.0f} seconds")

    wait_for_ready = _async_wait_for_ready


class OwnKernelManager(AsyncKernelManager):
    """Starts a kernel of this very interpreter unless another registered one is named.

    It is spoken to over Unix sockets in a private folder where the platform has them and the path fits, else over
    encrypted TCP on loopback. `kernel_name` other than "python3" is looked up among the registered kernels.

    Raises:
        NotFound: No kernel of that name is registered.
        Unavailable: The kernel cannot be started.
    """

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.client_factory = PromptClient
        self._folder: Path | None = None
        self._kernel_spec = specification(self.kernel_name)

    async def _async_start_kernel(self, **kw: Any) -> None:
        # One that is started again is reached where it was: those who talk to it keep their sockets.
        folder = self._folder = self._folder or socket_folder()
        self.connection_file = str(folder / "c.json")
        prefix = folder / "s"
        fits = sys.platform != "win32" and len(os.fsencode(f"{prefix}-5")) <= _LONGEST_SOCKET_PATH
        if fits and self._kernel_spec is not None and self._kernel_spec.language == "python":
            self.transport, self.ip = "ipc", str(prefix)
        elif zmq.has("curve"):
            self.transport_encryption = "auto"
        try:
            await super()._async_start_kernel(**kw)
        except OSError as error:
            raise Unavailable(
                f"the kernel '{self.kernel_name}' cannot be started: {error.strerror or error}",
                hint="see what 'jupyter kernelspec list' says of it",
            ) from error

    start_kernel = _async_start_kernel

    async def _async_kill_kernel(self, restart: bool = False) -> None:
        """SIGKILL to the kernel and the processes it started, then waiting for it in steps of 2 ms instead of 100."""
        process = getattr(self.provisioner, "process", None)
        if self.has_kernel and self.provisioner is not None:
            await self.provisioner.kill(restart=restart)
        if process is not None:
            deadline = time.monotonic() + 5
            while process.poll() is None and time.monotonic() < deadline:
                await asyncio.sleep(0.002)
        await super()._async_kill_kernel(restart=restart)

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    cleanup_resources = _async_cleanup_resources


def specification(name: str) -> KernelSpec:
    """How the kernel of a name is started: "python3" is this interpreter's ipykernel, whatever the user's home holds.

    Raises:
        NotFound: No kernel of that name is registered; the message has the nearest one.
    """
    if name not in ("", OWN_KERNEL):
        registered = KernelSpecManager(ensure_native_kernel=False)
        try:
            return registered.get_kernel_spec(name)
        except NoSuchKernel:
            raise unknown(
                "kernel",
                name,
                {OWN_KERNEL, *registered.find_kernel_specs()},
                hint="set the notebook's kernel to python3, or register that kernel with 'python -m ipykernel install'",
            ) from None
    child = Path(__file__).with_name("child.py")
    return KernelSpec(
        argv=[sys.executable, str(child), "-f", "{connection_file}"],
        display_name="Python 3 (workbench)",
        language="python",
        metadata={"supported_encryption": "curve"},
    )


def socket_folder() -> Path:
    """A new folder only this user can enter. Those that killed processes left behind are removed on the way."""
    root = Path(tempfile.gettempdir())
    for left in root.glob("wbk-*"):
        match = _FOLDER.match(left.name)
        with suppress(OSError):  # another user's, or just removed
            # The age is for containers that share this folder but not their process ids.
            if match and not psutil.pid_exists(int(match[1])) and left.stat().st_mtime < time.time() - _HOUR:
                shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"wbk-{os.getpid()}-", dir=root))
