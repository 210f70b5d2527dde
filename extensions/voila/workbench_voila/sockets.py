"""The way from a page to its kernel, and the end of both."""

from __future__ import annotations

import json
from typing import Any

from jupyter_client.jsonutil import json_default
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado.ioloop import PeriodicCallback
from tornado.web import HTTPError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from workbench_server.identity import SECONDS_BETWEEN_LOOKS, WorkbenchIdentityProvider

from workbench_voila.identity import from_own_page

__all__ = ["KernelModel", "KernelSocket", "Leave"]

PROTOCOL = "v1.kernel.websocket.jupyter.org"
_WORD = 8
_FEWEST_OFFSETS = 6
_MOST_OFFSETS = 64
_NOT_UNDERSTOOD = 1003
_REFUSED = 4403


class KernelSocket(VoilaKernelWebsocketHandler):  # type: ignore[misc]
    """A socket to one's own kernel."""

    async def pre_get(self) -> None:
        # Without it, messages with binary buffers are written in an older form that Voila reads wrongly, without end.
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in [one.strip() for one in offered.split(",")]:
            raise HTTPError(400, f"the subprotocol {PROTOCOL} is needed")
        await super().pre_get()

    def open(self, kernel_id: str) -> Any:
        self._asked = PeriodicCallback(self._still_in, SECONDS_BETWEEN_LOOKS * 1000)
        self._asked.start()
        return super().open(kernel_id)

    def on_close(self) -> None:
        self._asked.stop()
        super().on_close()

    def on_message(self, ws_message: bytes | str) -> Any:
        if not well_formed(ws_message):
            self.close(_NOT_UNDERSTOOD)
            return None
        return super().on_message(ws_message)

    async def _still_in(self) -> None:
        """Somebody who was removed, or whose cookie has ended, leaves the dashboard they look at."""
        provider: WorkbenchIdentityProvider = self.settings["identity_provider"]
        if await provider.still_in(self) is None:
            self._asked.stop()
            await ensure_async(self.kernel_manager.shutdown_kernel(self.kernel_id, now=True))
            self.close(_REFUSED)

    def write_error(self, status_code: int, **_: Any) -> None:
        self.finish(f"{status_code}\n")


def well_formed(message: bytes | str) -> bool:
    """Whether a message has the parts that it says: jupyter-server would count to whatever number it begins with.

    The form is that of the subprotocol: how many offsets, the offsets, then channel, header, parent header, metadata,
    content and buffers, each from one offset to the next; numbers of 64 bits, little-endian.
    """
    if isinstance(message, str) or len(message) < _WORD:
        return False
    count = int.from_bytes(message[:_WORD], "little")
    if not _FEWEST_OFFSETS <= count <= _MOST_OFFSETS or len(message) < _WORD * (count + 1):
        return False
    words = range(_WORD, _WORD * (count + 1), _WORD)
    offsets = [int.from_bytes(message[at : at + _WORD], "little") for at in words]
    return offsets == sorted(offsets) and offsets[0] >= _WORD * (count + 1) and offsets[-1] <= len(message)


class _Owned(APIHandler):
    """An answer about one's own kernel."""

    async def check(self, kernel_id: str) -> None:
        user = self.current_user
        allowed = user is not None and await ensure_async(
            self.authorizer.is_authorized(self, user, "execute", "kernels")
        )
        if not allowed:
            raise HTTPError(403)

    def write_error(self, status_code: int, **_: Any) -> None:
        problem = json.dumps({"type": "about:blank", "status": status_code})
        self.finish(problem, set_content_type="application/problem+json")


class KernelModel(_Owned):
    """What a page asks before it opens the socket."""

    async def get(self, kernel_id: str) -> None:
        await self.check(kernel_id)
        model = await ensure_async(self.kernel_manager.kernel_model(kernel_id))  # type: ignore[no-untyped-call]
        self.finish(json.dumps(model, default=json_default))


class Leave(_Owned):
    """A page says that it is being left: its kernel ends."""

    def check_xsrf_cookie(self) -> None:
        """A page that is being left cannot add the token."""
        if not from_own_page(self):
            raise HTTPError(403)

    async def post(self, kernel_id: str) -> None:
        await self.check(kernel_id)
        await ensure_async(self.kernel_manager.shutdown_kernel(kernel_id, now=True))  # type: ignore[no-untyped-call]
        self.set_status(204)
        self.finish()
