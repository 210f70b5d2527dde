"""The socket of changes: what happens in the workspace, told to each of those who listen as far as they may know it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from pydantic import Field
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from workbench.foundation.bus import Bus, Change
from workbench.foundation.errors import Forbidden, Invalid, WorkbenchError
from workbench.foundation.observability import logger
from workbench.governance.identity import Credential, permit
from workbench.governance.security import Principal, Role
from workbench_server.access import Access
from workbench_server.endpoint import Answer
from workbench_server.handler import EndpointHandler, work_for
from workbench_server.identity import WorkbenchIdentityProvider

__all__ = ["ChangesHandler", "Feed", "Heard", "Start"]

POLL_SECONDS = 0.25
SIGNED_OUT = 4401
"""The code that a socket is closed with when its sign-in has ended."""

# Topic -> what one has to be allowed to read to hear of it. Of other topics nobody hears.
TOPICS = {
    "dataset": "datasets",
    "run": "runs",
    "report": "reports",
    "query": "queries",
    "source": "sources",
    "view": "views",
}


class Start(Answer):
    """What a listener hears first."""

    number: int = Field(description="Of the newest change there is.")


class Heard(Answer):
    """A change, as the socket tells it. What it is about is asked of its own endpoint."""

    number: int = Field(description="Grows with every change; to be sent back as `since` after a cut.")
    time: datetime
    topic: Literal["dataset", "run", "report", "query", "source", "view"]
    name: str = Field(description="Of the dataset, run, report, query, source or view.")
    detail: dict[str, Any]


class Feed:
    """Asks the bus once for all who listen, for as long as somebody does."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._listening: set[ChangesHandler] = set()
        self._task: asyncio.Task[None] | None = None

    def newest(self) -> int:
        """The number of the newest change; call it in a worker thread."""
        return Bus(self._access.server().catalog).newest()

    def join(self, listener: ChangesHandler) -> None:
        self._listening.add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._tell())

    def leave(self, listener: ChangesHandler) -> None:
        self._listening.discard(listener)

    async def _tell(self) -> None:
        while self._listening:
            # From where the last of them stands: one who was cut off catches up, the others pass over what they know.
            last = min(listener.heard for listener in self._listening)
            try:
                changes = await work_for(self._since, last)
            except WorkbenchError as error:  # the catalog is away for a moment; what was missed is told then
                logger(__name__).warning("changes cannot be followed: %s", error)
                changes = []
            if changes:
                await asyncio.gather(*(listener.tell(changes) for listener in list(self._listening)))
            else:
                await asyncio.sleep(POLL_SECONDS)

    def _since(self, number: int) -> list[Change]:
        return Bus(self._access.server().catalog).since(number)


class ChangesHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One listener. First hears `Start`, then a `Heard` per change.

    A listener that was cut off goes on with `?since=N`, N being the last number it heard.
    """

    log_exception = EndpointHandler.log_exception
    write_error = EndpointHandler.write_error

    def initialize(self, access: Access, feed: Feed) -> None:
        self.access = access
        self.feed = feed
        self.heard = 0

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        credential: Credential = await work_for(self.access.credential, self.current_user)
        permit(credential, "read", "me")
        self.asked = self._since()
        await super().get(*args, **kwargs)

    async def open(self, *args: str, **kwargs: str) -> None:
        super().open(*args, **kwargs)
        newest = await work_for(self.feed.newest)
        self.heard = newest if self.asked is None else self.asked
        self._send(Start(number=newest))
        self.feed.join(self)

    def on_message(self, message: str | bytes) -> None:
        """Listeners have nothing to say here."""

    def on_close(self) -> None:
        self.feed.leave(self)

    async def tell(self, changes: list[Change]) -> None:
        """Sends the changes that the listener has not heard and may know of."""
        credential = await self._still()
        if credential is None:
            self.feed.leave(self)
            self.close(SIGNED_OUT, "signed out")
            return
        for change in changes:
            if change.number > self.heard:
                self.heard = change.number
                if _may_know(credential, change):
                    self._send(Heard(**{name: getattr(change, name) for name in Heard.model_fields}))

    async def _still(self) -> Credential | None:
        if isinstance(self.identity_provider, WorkbenchIdentityProvider):
            return await self.identity_provider.still_in(self)
        found: Credential = await work_for(self.access.credential, self.current_user)
        return found

    def _send(self, message: Start | Heard) -> None:
        # Not waited for, so that one who reads slowly keeps nobody waiting; who is gone fails the next ping.
        with suppress(WebSocketClosedError):
            self.write_message(message.model_dump_json())

    def _since(self) -> int | None:
        said = self.get_query_argument("since", None)
        if said is None or said.isdecimal():
            return None if said is None else int(said)
        raise Invalid(f"'{said[:40]}' is not the number of a change", hint="since=N: the last number that was heard")


def _may_know(credential: Credential, change: Change) -> bool:
    resource = TOPICS.get(change.topic)
    if resource is None:
        return False
    try:
        permit(credential, "read", resource)
    except Forbidden:
        return False
    return change.topic != "query" or _may_see(credential.principal, change)


def _may_see(who: Principal, change: Change) -> bool:
    """Of a query hears who may see it."""
    shared = change.detail.get("shared")
    return (
        who.role is Role.ADMIN
        or who.name == change.detail.get("owner")
        or (shared is not None and who.role.includes(Role(shared)))
    )
