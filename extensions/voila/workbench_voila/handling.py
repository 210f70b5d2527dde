"""What every page shares: who may see it, its look, its borders, and how it says that something went wrong."""

from __future__ import annotations

import json
import secrets
from functools import cache
from http.client import responses
from pathlib import Path
from typing import Any, ClassVar

import jinja2
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError
from workbench_server.identity import SignedIn
from workbench_server.problems import status_of

from workbench import Workbench
from workbench.charts import palette
from workbench.foundation.errors import WorkbenchError
from workbench.foundation.observability import logger
from workbench.governance.identity import Credential, permit

__all__ = ["TEMPLATES", "PageHandler", "environment", "said"]

TEMPLATES = Path(__file__).with_name("templates")
_SENTENCES = {
    401: ("Please sign in", "This page is for people who are signed in to this workspace."),
    403: ("Not for you", "You may not open this page."),
    404: ("Nothing here", "There is no such page."),
    503: ("Not just now", "This page cannot be shown at the moment. Please try again in a minute."),
}


@cache
def environment() -> jinja2.Environment:
    made = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    made.globals |= {"light": palette("light"), "dark": palette("dark")}
    return made


def said(error: WorkbenchError) -> tuple[int, str, str]:
    """An error as a status, a sentence and a hint."""
    status = status_of(error)
    return status if status in _SENTENCES else 503, str(error), error.hint or ""


class PageHandler(JupyterHandler):
    """A page for people. Each handler says what it takes to be let in.

    Attributes:
        permission: (action, resource) as `permit` knows them; None for pages that everybody may see.
    """

    permission: ClassVar[tuple[str, str] | None] = ("read", "dashboards")

    async def prepare(self, *, _redirect_to_login: bool = True) -> None:
        try:
            await super().prepare(_redirect_to_login=False)
        except HTTPError as error:
            if error.status_code == 403 and self.current_user is None and self.permission is not None:
                raise HTTPError(401) from error
            raise
        if self.permission is not None:
            try:
                permit(self.credential, *self.permission)
            except WorkbenchError as error:
                self.refuse(error)

    @property
    def workbench(self) -> Workbench:
        """As the server sees it."""
        opened: Workbench = self.settings["workbench"]
        return opened

    @property
    def credential(self) -> Credential:
        user = self.current_user
        if not isinstance(user, SignedIn):
            raise HTTPError(401)
        return user.credential

    def as_viewer(self) -> Workbench:
        """The workspace as whoever asks sees it."""
        return self.workbench.acting_as(self.credential.principal)

    def page(self, template: str, **values: Any) -> str:
        return environment().get_template(template).render(nonce=self.nonce, **values)

    def refuse(self, error: WorkbenchError) -> None:
        """Ends the request with what an error says."""
        status, sentence, hint = said(error)
        self.set_status(status)
        self.finish(self._problem(status, sentence, hint))

    @property
    def content_security_policy(self) -> str:
        """Nothing is fetched from, sent to or framed by another server; scripts are this server's own."""
        return "; ".join(
            (
                "default-src 'self'",
                f"script-src 'self' 'nonce-{self.nonce}'",
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: blob:",
                "font-src 'self' data:",
                "frame-ancestors 'self'",
                "base-uri 'none'",
                "form-action 'self'",
                "object-src 'none'",
            )
        )

    def set_default_headers(self) -> None:
        if not hasattr(self, "nonce"):
            self.nonce = secrets.token_urlsafe(16)
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A page that says what happened in a sentence. What really happened is in the log."""
        if status_code >= 500 and "exc_info" in kwargs:
            logger(__name__).error("a page failed", exc_info=kwargs["exc_info"])
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, WorkbenchError):
            status_code, sentence, hint = said(error)
            self.set_status(status_code)
            self.finish(self._problem(status_code, sentence, hint))
            return
        self.finish(self._problem(status_code, "", ""))

    def _problem(self, status: int, sentence: str, hint: str) -> str:
        title, usual = _SENTENCES.get(status, (responses.get(status, "Something went wrong"), _SENTENCES[503][1]))
        sentence = sentence or usual
        if "text/html" not in self.request.headers.get("Accept", "text/html") and self.request.method != "GET":
            self.set_header("Content-Type", "application/problem+json")
            return json.dumps({"type": "about:blank", "title": title, "status": status, "detail": sentence})
        self.set_header("Content-Type", "text/html; charset=utf-8")
        sentence = sentence[:1].upper() + sentence[1:] + ("" if sentence.endswith((".", "?", "!")) else ".")
        return self.page("problem.html.j2", title=title, sentence=sentence, hint=hint, status=status)
