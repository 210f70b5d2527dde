"""Pages for people: rendered here, without a script, in the look of a rendered report."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from workbench import Workbench
from workbench.charts import palette
from workbench.foundation.errors import NotFound
from workbench.governance.identity import permit
from workbench_server.access import Access
from workbench_server.handler import problem_for
from workbench_server.identity import SignedIn

__all__ = ["POLICY", "PageHandler", "UnknownPageHandler", "around", "show"]

TEMPLATES = Path(__file__).parent / "templates"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)


class PageHandler(JupyterHandler):
    """A page. What goes wrong is said on a page, too."""

    def initialize(self, access: Access) -> None:
        self.access = access

    @property
    def content_security_policy(self) -> str:
        return POLICY

    def permitted(self, resource: str, action: str) -> Workbench:
        """The asker's workbench; call it in a worker thread.

        Raises:
            Forbidden: They may not.
        """
        credential = self.access.credential(self.current_user)
        permit(credential, action, resource)
        return self.access.workbench(credential.principal)

    def show(self, template: str, *, title: str, **values: Any) -> None:
        show(self, template, title=title, **values)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Nothing here: `problem_of` logs what nobody foresaw."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        problem = problem_for(self, kwargs.get("exc_info", (None, None, None))[1], status_code)
        self.set_status(problem.status)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", POLICY)
        self.show("problem.html.j2", title=problem.title, problem=problem)


def show(handler: JupyterHandler, template: str, *, title: str, home: str | None = None, **values: Any) -> None:
    """Answers a request with a page.

    Args:
        home: Where the pages are that its head leads to, "" for nowhere; on this very server when None.
    """
    base = handler.base_url.rstrip("/")
    page = _templates().get_template(template)
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.finish(
        page.render(
            title=title,
            style=_style(),
            base=f"{base}/workbench",
            home=f"{base}/workbench" if home is None else home,
            api=f"{base}/workbench/api/v1",
            user=handler.current_user,
            can_sign_out=isinstance(handler.current_user, SignedIn),
            xsrf=handler.xsrf_form_html,
            **values,
        )
    )


def around(name: str, base: str, here: str) -> list[dict[str, Any]]:
    """The pages about a dataset.

    Args:
        here: What the one is called that they are to stand on.
    """
    root, part = f"{base.rstrip('/')}/workbench", quote(name, safe="")
    paths = {"Lineage": f"lineage/dataset/{part}", "Quality": f"quality/{part}", "History": f"history/{part}"}
    return [{"name": title, "url": f"{root}/{path}", "here": title == here} for title, path in paths.items()]


class UnknownPageHandler(PageHandler):
    """Below /workbench, where nothing is."""

    @web.authenticated
    async def get(self) -> None:
        raise NotFound(f"there is nothing at {self.request.path}")


def _breaks(text: str) -> str:
    """A text as HTML that, where it has to, breaks after what parts the words of a name, not inside of a word."""
    return re.sub("[_/.]", r"\g<0><wbr>", escape(text))


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["breaks"] = _breaks
    return made


@cache
def _style() -> str:
    css = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    return css.replace("LIGHT", palette("light")).replace("DARK", palette("dark"))
