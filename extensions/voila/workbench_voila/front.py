"""What a dashboard's page loads: its own script and style, and what packages of widgets bring."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jupyterlab_server.config import get_federated_extensions
from tornado.httputil import HTTPServerRequest

from workbench.foundation.errors import Unavailable

__all__ = ["STATIC", "Front"]

STATIC = Path(__file__).parent / "static"
"""What is built from `extensions/voila/page`."""

_BRINGS_WIDGETS = "@jupyter-widgets/base"
# It does for JupyterLab what our own page does here.
_MANAGER = "@jupyter-widgets/jupyterlab-manager"
_MOST_EARLY = 100
_PLAIN = re.compile(r"[\w./@-]+(\?v=\w+)?")


class Front:
    """The front end, as the installed packages make it.

    Args:
        folders: Where JupyterLab finds its extensions; the first that has one gives it.

    Raises:
        Unavailable: Our own part is not built.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        if not (STATIC / "page.js").is_file():
            raise Unavailable(
                "the page of dashboards is not built",
                hint="`sh scripts/bootstrap.sh runtime` builds it, where npm can fetch its packages",
            )
        found = get_federated_extensions(list(folders))
        self._packages = {
            name: about
            for name, about in found.items()
            if _BRINGS_WIDGETS in about.get("dependencies", {}) and name != _MANAGER
        }
        self._early: dict[str, str] = {}

    def addresses(self) -> dict[str, Any]:
        """What the head of a page names."""
        packages = [
            {"name": name, **{key: about["jupyterlab"]["_build"][key] for key in ("load", "extension")}}
            for name, about in self._packages.items()
        ]
        return {
            "packages": packages,
            "script": _address("page.js"),
            "style": _address("page.css"),
            "early": list(self._early.values()),
        }

    def file(self, path: str) -> Path | None:
        """A file that a package of widgets brings: `bqplot/static/remoteEntry.js`."""
        for name, about in self._packages.items():
            if path.startswith(f"{name}/static/"):
                folder = Path(about["ext_path"]).resolve()
                found = (folder / path.removeprefix(f"{name}/")).resolve()
                return found if found.is_relative_to(folder / "static") and found.is_file() else None
        return None

    def note(self, asked: HTTPServerRequest) -> None:
        """Of a script that a page loaded: the next page names it in its head.

        It then comes while the notebook runs, rather than when another script finds that it needs it. Its address
        goes into other people's pages: plain ones only.
        """
        uri = asked.uri or ""
        from_a_page = "/dashboards/" in asked.headers.get("Referer", "")
        if from_a_page and asked.path.endswith(".js") and _PLAIN.fullmatch(uri) and len(self._early) < _MOST_EARLY:
            self._early.setdefault(asked.path, uri)


@cache
def _address(name: str) -> str:
    """A file's address, which changes with its content."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16]}"
