"""Who asks, for a server that is built on jupyter-server: our cookie or a bearer token, checked by the library."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import APIHandler, JupyterHandler, PrometheusMetricsHandler
from tornado.web import Finish, HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler
from traitlets import Bool

from workbench.foundation.errors import Forbidden, WorkbenchError
from workbench.governance.identity import (
    COOKIE,
    COOKIE_SECONDS,
    Credential,
    Identities,
    SignInRefused,
    cookie_attributes,
    local_target,
    permit,
    shown,
)
from workbench.governance.security import Principal

__all__ = [
    "SECONDS_BETWEEN_LOOKS",
    "SignedIn",
    "WorkbenchAuthorizer",
    "WorkbenchIdentityProvider",
    "asker",
    "refusal",
    "wanted_page",
]

SECONDS_BETWEEN_LOOKS = 10
"""How often it is asked whether somebody may still use what they have open."""

_REFUSAL = "_workbench_refusal"
NO_LAB = (
    "this is the server of JupyterLab; programs ask that of the reports and API, on the next port by default: "
    "workbench.connect('http://127.0.0.1:8601', token=...)"
)

asker: ContextVar[Principal | None] = ContextVar("asker", default=None)
"""Whom the request of this task comes from: every request is a task of its own."""


@dataclass
class SignedIn(User):
    """Somebody who has shown who they are, as jupyter-server knows people."""

    credential: Credential = field(kw_only=True, repr=False)


def refusal(handler: RequestHandler) -> WorkbenchError:
    """Why a request has no user: what it showed was refused, or it showed nothing."""
    said = getattr(handler, _REFUSAL, None)
    if isinstance(said, WorkbenchError):
        return said
    return SignInRefused(
        "this needs a sign-in", hint="open a link of `workbench link`, or send a token: Authorization: Bearer TOKEN"
    )


def wanted_page(handler: RequestHandler) -> str | None:
    """The page that a sign-in link leads to; None where it names none, or one of another host."""
    request = handler.request
    return local_target(handler.get_query_argument("next", ""), host=request.host_name, scheme=str(request.protocol))


class WorkbenchIdentityProvider(IdentityProvider):
    """A person has the cookie of a sign-in link, a program a token in the header `Authorization`.

    A token in a URL is not looked at: it would stand in logs and histories. Roles are looked up at each request, so a
    removed user is out at once.
    """

    lab_only = Bool(
        False, help="Whether whoever may not use the Lab is refused everywhere: its pages ask no authorizer."
    ).tag(config=True)

    token = ""
    identities: Identities | None = None
    """Who checks; nobody is let in before it is set."""
    turn_away: Callable[[JupyterHandler, Forbidden], Awaitable[None]] | None = None
    """Answers a person's request with the page that says they may not use the Lab; None: Jupyter's own page does."""

    @property
    def checker(self) -> Identities:
        assert self.identities is not None, "nobody is let in before there is who checks"
        return self.identities

    async def get_user(self, handler: RequestHandler) -> User | None:
        known = getattr(handler, "_jupyter_current_user", None)
        if known is not None:
            return known  # type: ignore[no-any-return]
        if self.identities is None:
            return None
        try:
            credential = await self._credential(handler, self.identities)
        except (SignInRefused, Forbidden) as error:
            setattr(handler, _REFUSAL, error)
            return None
        if credential is None:
            return None
        user = SignedIn(credential.principal.name, credential=credential)
        if self.lab_only and not _public(handler):
            try:
                permit(credential, "use", "lab")
            except Forbidden as error:
                handler.current_user = handler._jupyter_current_user = user  # type: ignore[attr-defined]
                if credential.via != "cookie":
                    error = Forbidden(str(error), hint=NO_LAB)
                elif self.turn_away is not None and _page(handler):
                    await self.turn_away(handler, error)
                    raise Finish from error
                raise HTTPError(403, str(error).replace("%", "%%")) from error
        # Without a cookie there is no other site that could make a browser send it along.
        handler._token_authenticated = credential.via != "cookie"  # type: ignore[attr-defined]
        asker.set(credential.principal)
        return user

    async def still_in(self, handler: RequestHandler) -> Credential | None:
        """What a long connection's request may do by now: None where its sign-in has ended meanwhile."""
        try:
            return await self._credential(handler, self.checker)
        except (SignInRefused, Forbidden):
            return None

    async def _credential(self, handler: RequestHandler, identities: Identities) -> Credential | None:
        authorization, cookie = handler.request.headers.get("Authorization", ""), handler.get_cookie(COOKIE)
        return await asyncio.to_thread(shown, identities, authorization=authorization, cookie=cookie)

    def set_login_cookie(self, handler: RequestHandler, user: User) -> None:
        """Only a sign-in link sets a cookie: see `remember`."""

    def remember(self, handler: RequestHandler, cookie: str) -> None:
        """Has the browser show the cookie at every port of this host for as long as it holds."""
        handler.set_cookie(COOKIE, cookie, max_age=COOKIE_SECONDS, **_attributes(handler))

    def forget(self, handler: RequestHandler) -> None:
        handler.clear_cookie(COOKIE, **_attributes(handler))

    def identity_model(self, user: User) -> dict[str, Any]:
        """What Lab's interface is told of its user; nothing of the credential."""
        names = ("username", "name", "display_name", "initials", "avatar_url", "color")
        return {name: getattr(user, name) for name in names}

    def get_handlers(self) -> list[tuple[str, object]]:
        """None of its own: the extension brings the sign-in page."""
        return []

    @property
    def auth_enabled(self) -> bool:
        return True


class WorkbenchAuthorizer(Authorizer):
    """For Jupyter's own resources (kernels, contents, terminals, ...): who may use the Lab may use them all.

    Ours are not asked about here: each endpoint says what it needs.
    """

    def is_authorized(self, handler: JupyterHandler, user: User, action: str, resource: str) -> bool:
        if not isinstance(user, SignedIn):
            return False
        try:
            permit(user.credential, "use", "lab")
        except Forbidden as error:
            self.log.warning("%s", error)
            return False
        return True


def _attributes(handler: RequestHandler) -> dict[str, Any]:
    return cookie_attributes(scheme=str(handler.request.protocol))


def _page(handler: RequestHandler) -> TypeGuard[JupyterHandler]:
    """Whether a browser shows the answer to a person."""
    if isinstance(handler, APIHandler | WebSocketHandler) or not isinstance(handler, JupyterHandler):
        return False
    return handler.request.method == "GET" and "text/html" in handler.request.headers.get("Accept", "")


def _public(handler: RequestHandler) -> bool:
    if isinstance(handler, PrometheusMetricsHandler):  # says it is, and then asks for any user
        return False
    method = getattr(handler, str(handler.request.method).lower(), None)
    return bool(getattr(method, "__allow_unauthenticated", False))
