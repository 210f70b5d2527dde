"""Scripts and styles of the widget front end, for people who are signed in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jupyterlab_server.themes_handler import ThemesHandler
from tornado.web import HTTPError, RequestHandler
from voila.static_file_handler import MultiStaticFileHandler
from workbench_server.identity import WorkbenchIdentityProvider

from workbench.governance.identity import COOKIE
from workbench_voila.identity import Remembered

__all__ = ["Scripts", "Themes", "early"]

_remembered = Remembered()
_MOST_EARLY = 200
_PLAIN = re.compile(r"[\w./@-]+(\?v=\w+)?")


class Early:
    """The scripts that dashboards were seen to load: the next page names them in its head.

    They then come while the notebook runs, rather than one after the other when the front end finds that it needs them.
    """

    def __init__(self) -> None:
        first = ("/voila/static/voila.js", "/voila/static/voila-style.js")
        self._seen = {path: path for path in first}

    def note(self, handler: RequestHandler) -> None:
        """Of a request for a file that is there. Its address goes into other people's pages: plain ones only."""
        asked, uri = handler.request, handler.request.uri or ""
        from_a_page = "/dashboards/" in asked.headers.get("Referer", "")
        if from_a_page and asked.path.endswith(".js") and _PLAIN.fullmatch(uri) and len(self._seen) < _MOST_EARLY:
            self._seen.setdefault(asked.path, uri)

    def scripts(self) -> list[str]:
        return list(self._seen.values())


early = Early()
# Names carry no hash, so a browser may keep a file for a while only, and asks again afterwards.
_KEPT_SECONDS = 3600


class _SignedIn(RequestHandler):
    async def prepare(self) -> None:
        cookie = self.get_cookie(COOKIE) or ""
        if cookie and _remembered.knows(cookie):
            return
        provider: WorkbenchIdentityProvider = self.settings["identity_provider"]
        if await provider.get_user(self) is None:
            raise HTTPError(403)
        if cookie:
            _remembered.note(cookie)

    def set_default_headers(self) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")

    def write_error(self, status_code: int, **_: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code}\n")


class Scripts(_SignedIn, MultiStaticFileHandler):  # type: ignore[misc]
    """Files below one of several folders; the first that has it gives it."""

    def set_extra_headers(self, path: str) -> None:
        early.note(self)
        self.set_header("Cache-Control", f"private, max-age={_KEPT_SECONDS}")

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        if Path(absolute_path).is_dir():
            raise HTTPError(404)
        return super().validate_absolute_path(root, absolute_path)  # type: ignore[no-any-return]


class Themes(_SignedIn, ThemesHandler):  # type: ignore[misc]
    pass
