"""The pages around the dashboards: the list of them, signing in, health, and the page that is not there."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError
from workbench_server.elsewhere import address
from workbench_server.identity import WorkbenchIdentityProvider, wanted_page

from workbench._version import __version__
from workbench.foundation.errors import Unavailable, WorkbenchError
from workbench_voila.handling import PageHandler
from workbench_voila.identity import from_own_page
from workbench_voila.pool import Pool

__all__ = ["Elsewhere", "Health", "Landing", "NoSuchPage", "SignIn", "SignOut"]


class Landing(PageHandler):
    """The dashboards that whoever asks may open."""

    async def get(self) -> None:
        dashboards = await asyncio.to_thread(lambda: self.as_viewer().dashboards.list())
        self.finish(self.page("landing.html.j2", dashboards=dashboards, who=self.credential.principal, here="/"))


class Elsewhere(PageHandler):
    """Leads on to a page of the process that serves the API, the home page and the reports.

    Args:
        path: Which page.
    """

    def initialize(self, path: str) -> None:
        self._path = path

    async def get(self) -> None:
        there = await asyncio.to_thread(address, self, self.workbench, "api")
        if there is None:
            self.refuse(Unavailable("nobody serves that page at the moment", hint="`workbench serve api` does"))
            return
        self.redirect(there + self._path)


class SignIn(PageHandler):
    """Uses a sign-in link up and goes on to a page of this server."""

    permission = None

    @allow_unauthenticated
    async def get(self) -> None:
        link = self.get_query_argument("link", "")
        try:
            _, cookie = await asyncio.to_thread(self.workbench.identities.sign_in, link)
        except WorkbenchError as error:
            self.refuse(error)
            return
        provider = self.identity_provider
        assert isinstance(provider, WorkbenchIdentityProvider)
        provider.remember(self, cookie)
        self.redirect(wanted_page(self) or "/")


class SignOut(PageHandler):
    """Forgets the cookie of this browser."""

    permission = None

    def check_xsrf_cookie(self) -> None:
        """The page of a dashboard is sent before there could be a token on it."""
        if not from_own_page(self):
            raise HTTPError(403)

    @allow_unauthenticated
    async def post(self) -> None:
        provider = self.identity_provider
        assert isinstance(provider, WorkbenchIdentityProvider)
        provider.forget(self)
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
