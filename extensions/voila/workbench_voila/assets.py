"""Scripts and styles of the widget front end, for people who are signed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tornado.web import HTTPError, RequestHandler, StaticFileHandler
from workbench_server.identity import WorkbenchIdentityProvider

from workbench.governance.identity import COOKIE
from workbench_voila.front import Front
from workbench_voila.identity import Remembered

__all__ = ["Parts", "Static", "Widgets"]

_remembered = Remembered()
# A package's names carry no hash everywhere, so a browser may keep a file for a while only, and asks again afterwards.
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


class Static(_SignedIn, StaticFileHandler):
    """Script and style of every page. An address that names its content is kept for good."""

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        if Path(absolute_path).is_dir():
            raise HTTPError(404)
        return super().validate_absolute_path(root, absolute_path)


class Widgets(_SignedIn, StaticFileHandler):
    """What the installed packages of widgets bring."""

    def initialize(self, front: Front) -> None:  # type: ignore[override]
        super().initialize(path="/")
        self._front = front

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        found = self._front.file(self.path_args[0])
        if found is None:
            raise HTTPError(404)
        self._front.note(self.path_args[0])
        return str(found)

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", f"private, max-age={_KEPT_SECONDS}")


class Parts(_SignedIn):
    """What pages were seen to load of those packages, as one script."""

    def initialize(self, front: Front) -> None:
        self._front = front

    async def get(self) -> None:
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", f"private, max-age={_KEPT_SECONDS}")
        self.finish(self._front.parts())
