"""The way in: a one-time link becomes a cookie, and the way out."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from jupyter_server.auth.decorator import allow_unauthenticated

from workbench.governance.identity import SignInRefused
from workbench_server.handler import work_for
from workbench_server.identity import SignedIn, WorkbenchIdentityProvider, refusal
from workbench_server.pages import PageHandler

__all__ = ["SignInHandler", "SignOutHandler", "local_target"]


class SignInHandler(PageHandler):
    """A link of `workbench link` leads here. Looking at it (HEAD, as chat programs do) does not use it up."""

    @allow_unauthenticated
    async def get(self) -> None:
        self._private()
        link = self.get_query_argument("link", "")
        if not link:
            self._say(None)
            return
        provider = self.identity_provider
        assert isinstance(provider, WorkbenchIdentityProvider)
        try:
            _, cookie = await work_for(self.access.server().identities.sign_in, link)
        except SignInRefused as error:
            self.set_status(403)
            self._say(error)
            return
        provider.remember(self, cookie)
        target = local_target(
            self.get_query_argument("next", ""), host=self.request.host_name, scheme=self.request.protocol
        )
        self.redirect(target or self.default_url or self.base_url, status=303)

    @allow_unauthenticated
    async def head(self) -> None:
        self._private()

    def _private(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")

    def _say(self, refused: SignInRefused | None) -> None:
        user = self.current_user
        if refused is None and user is None and self.get_cookie("workbench"):
            refused = refusal(self)
        known = user.credential.principal if isinstance(user, SignedIn) else None
        self.show("sign_in.html.j2", title="Sign in", refused=refused, known=known)


class SignOutHandler(PageHandler):
    """Takes the cookie back. A form's answer, so that no other site can sign somebody out."""

    @allow_unauthenticated
    async def post(self) -> None:
        provider = self.identity_provider
        assert isinstance(provider, WorkbenchIdentityProvider)
        provider.forget(self)
        self.redirect(f"{self.base_url.rstrip('/')}/workbench/sign-in", status=303)


def local_target(wanted: str, *, host: str, scheme: str) -> str | None:
    """Where to go on after signing in: a path of this server, or a page at another port of this host; else None.

    Browsers read backslashes as slashes and drop control characters, so that "/\\\\evil.org" would lead away.
    """
    if not wanted or "\\" in wanted or any(ord(letter) <= 32 or ord(letter) == 127 for letter in wanted):
        return None
    try:
        parts = urlsplit(wanted)
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme and not parts.netloc:
        # "//evil.org" has a netloc; "///evil.org" has none, and a browser would still leave.
        return wanted if wanted.startswith("/") and not wanted.startswith("//") else None
    if parts.scheme != scheme or parts.hostname != host.strip("[]").lower() or "@" in parts.netloc:
        return None
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = name if port is None else f"{name}:{port}"
    return urlunsplit((scheme, netloc, parts.path, parts.query, parts.fragment))
