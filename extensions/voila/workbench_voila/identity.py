"""Whose a kernel is, who was let in a moment ago, and whether a request comes from a page of this server."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import User
from tornado.web import RequestHandler

__all__ = ["KernelOwners", "Remembered", "from_own_page"]

# Static files show nothing of a workspace; asking the catalog a hundred times for one page would only cost time.
_REMEMBERED_SECONDS = 30.0


class KernelOwners(Authorizer):
    """A kernel's socket is its owner's; beyond that, jupyter-server's own permissions allow nobody anything."""

    owner_of: Callable[[str], str | None]

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        kernel = getattr(handler, "kernel_id", None) or handler.path_kwargs.get("kernel_id")
        if resource != "kernels" or action not in ("execute", "read") or not kernel:
            return False
        return user is not None and self.owner_of(str(kernel)) == user.username


class Remembered:
    """Cookies that were good a moment ago."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def knows(self, cookie: str) -> bool:
        return self._until.get(cookie, 0.0) > time.monotonic()

    def note(self, cookie: str) -> None:
        now = time.monotonic()
        self._until = {known: end for known, end in self._until.items() if end > now} | {
            cookie: now + _REMEMBERED_SECONDS
        }


def from_own_page(handler: RequestHandler) -> bool:
    """Whether a request that changes something comes from a page of this server, as the browser says it.

    It stands in for the token where a page cannot add one; another site's page sends no cookie along either.
    """
    origin = handler.request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == handler.request.host
