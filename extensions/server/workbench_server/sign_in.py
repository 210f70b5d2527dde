"""The way in: a one-time link becomes a cookie, and the way out."""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated

from workbench.foundation.errors import WorkbenchError
from workbench.governance.identity import COOKIE, SignInRefused
from workbench_server.handler import work_for
from workbench_server.identity import SignedIn, WorkbenchIdentityProvider, refusal, wanted_page
from workbench_server.pages import PageHandler

__all__ = ["SignInHandler", "SignOutHandler"]


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
            if isinstance(self.current_user, SignedIn):
                # Clicked twice: whoever is in already has no use for a link that is used up.
                self._go_on()
                return
            self.set_status(403)
            self._say(error)
            return
        provider.remember(self, cookie)
        self._go_on()

    @allow_unauthenticated
    async def head(self) -> None:
        self._private()

    def _go_on(self) -> None:
        self.redirect(wanted_page(self) or self.default_url or self.base_url, status=303)

    def _private(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")

    def _say(self, refused: WorkbenchError | None) -> None:
        user = self.current_user
        if refused is None and user is None and self.get_cookie(COOKIE):
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
