"""The pages around the dashboards: the list of them, signing in, health, and the page that is not there."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError

from workbench._version import __version__
from workbench.foundation.errors import WorkbenchError
from workbench.governance.identity import COOKIE_SECONDS
from workbench_voila.handling import PageHandler
from workbench_voila.identity import COOKIE, from_own_page, own_page
from workbench_voila.pool import Pool

__all__ = ["Health", "Landing", "NoSuchPage", "SignIn", "SignOut"]


class Landing(PageHandler):
    """The dashboards that whoever asks may open."""

    async def get(self) -> None:
        dashboards = self.as_viewer().dashboards.list()
        self.finish(self.page("landing.html.j2", dashboards=dashboards, who=self.credential.principal))


class SignIn(PageHandler):
    """Uses a sign-in link up and goes on to a page of this server."""

    permission = None

    @allow_unauthenticated
    async def get(self) -> None:
        link = self.get_query_argument("link", "")
        try:
            _, cookie = self.workbench.identities.sign_in(link)
        except WorkbenchError as error:
            self.refuse(error)
            return
        self.set_cookie(
            COOKIE,
            cookie,
            max_age=COOKIE_SECONDS,
            path="/",
            httponly=True,
            secure=self.request.protocol == "https",
            samesite="Lax",  # a link to a dashboard in a mail has to find its reader signed in
        )
        self.redirect(own_page(self.get_query_argument("next", "/")))


class SignOut(PageHandler):
    """Forgets the cookie of this browser."""

    permission = None

    def check_xsrf_cookie(self) -> None:
        """The page of a dashboard is sent before there could be a token on it."""
        if not from_own_page(self):
            raise HTTPError(403)

    @allow_unauthenticated
    async def post(self) -> None:
        self.clear_cookie(COOKIE, path="/")
        self.redirect("/", status=303)


class Health(PageHandler):
    """For whoever watches the process; says nothing of the workspace."""

    permission = None

    def initialize(self, pool: Pool) -> None:
        self._pool = pool

    @allow_unauthenticated
    async def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        told = {"status": "ok", "process": "voila", "version": __version__, "kernels_ready": self._pool.ready}
        self.finish(json.dumps(told))


class NoSuchPage(PageHandler):
    async def prepare(self, **_: Any) -> None:
        await super().prepare()
        if not self._finished:
            raise HTTPError(404)
