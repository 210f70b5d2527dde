"""Who asks: a cookie or a bearer token, checked by the workspace; and the link that gives somebody the cookie."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.web import RequestHandler

from workbench.foundation.errors import Forbidden
from workbench.governance.identity import Credential, Identities, SignInRefused

__all__ = ["COOKIE", "KernelOwners", "WorkbenchIdentity", "credential_of", "from_own_page", "own_page"]

COOKIE = "workbench"
_CREDENTIAL = "_workbench_credential"
_BEARER = re.compile(r"^bearer\s+(\S+)$", re.IGNORECASE)
_OWN_PAGE = re.compile(r"^/(?![/\\])[^\\\x00-\x20]*$")
# Static files show nothing of a workspace; asking the catalog a hundred times for one page would only cost time.
_REMEMBERED_SECONDS = 30.0


class WorkbenchIdentity(IdentityProvider):
    """jupyter-server's view of the workspace's identities."""

    identities: Identities

    @property
    def auth_enabled(self) -> bool:
        return True

    def get_user(self, handler: Any) -> User | None:
        credential = self.credential(handler)
        return None if credential is None else User(username=credential.principal.name)

    def credential(self, handler: RequestHandler) -> Credential | None:
        """Who a request shows to be; None where it shows nothing, or nothing that holds."""
        if not hasattr(handler, _CREDENTIAL):
            setattr(handler, _CREDENTIAL, self._checked(handler))
        found: Credential | None = getattr(handler, _CREDENTIAL)
        return found

    def is_token_authenticated(self, handler: Any) -> bool:
        credential = self.credential(handler)
        return credential is not None and credential.via != "cookie"

    def get_handlers(self) -> list[Any]:
        return []

    def _checked(self, handler: RequestHandler) -> Credential | None:
        bearer = _BEARER.match(handler.request.headers.get("Authorization", ""))
        try:
            if bearer:
                return self.identities.of_token(bearer[1])
            cookie = handler.get_cookie(COOKIE)
            return self.identities.of_cookie(cookie) if cookie else None
        except (SignInRefused, Forbidden):
            return None


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


def credential_of(handler: Any) -> Credential | None:
    provider: WorkbenchIdentity = handler.settings["identity_provider"]
    return provider.credential(handler)


def from_own_page(handler: RequestHandler) -> bool:
    """Whether a request that changes something comes from a page of this server, as the browser says it.

    It stands in for the token where a page cannot add one; another site's page sends no cookie along either.
    """
    origin = handler.request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == handler.request.host


def own_page(target: str) -> str:
    """Where to go after signing in: a page of this very server, else its first one."""
    return target if _OWN_PAGE.match(target) else "/"
