"""What a dashboard's page loads: its own script and style, and what packages of widgets bring."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jupyterlab_server.config import get_federated_extensions

from workbench.foundation.errors import Unavailable

__all__ = ["STATIC", "Front"]

STATIC = Path(__file__).parent / "static"
"""What is built from `extensions/voila/page`."""

_BRINGS_WIDGETS = "@jupyter-widgets/base"
# It does for JupyterLab what our own page does here.
_MANAGER = "@jupyter-widgets/jupyterlab-manager"
# A part of a package, as webpack names it: fetched when another part finds that it needs it.
_PART = re.compile(r"\d+\.\w+\.js")
_MOST_PARTS = 100


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
        self._parts: dict[str, bytes] = {}
        self._together = b""

    def addresses(self) -> dict[str, Any]:
        """What the head of a page names."""
        packages = [
            {"name": name, **{key: about["jupyterlab"]["_build"][key] for key in ("load", "extension")}}
            for name, about in self._packages.items()
        ]
        parts = hashlib.sha256("\n".join(self._parts).encode()).hexdigest()[:16]
        return {
            "packages": packages,
            "parts": f"/widgets/parts.js?v={parts}" if self._parts else None,
            "script": _address("page.js"),
            "style": _address("page.css"),
        }

    def file(self, path: str) -> Path | None:
        """A file that a package of widgets brings: `bqplot/static/remoteEntry.js`."""
        if not all(part.strip(".") for part in path.split("/")):
            return None  # one file would have many names
        for name, about in self._packages.items():
            if path.startswith(f"{name}/static/"):
                folder = Path(about["ext_path"]).resolve()
                found = (folder / path.removeprefix(f"{name}/")).resolve()
                return found if found.is_relative_to(folder / "static") and found.is_file() else None
        return None

    def note(self, path: str) -> None:
        """Of a file that a page asked for: the next page gets it with the others."""
        found = self.file(path)
        if found is None or not _PART.fullmatch(found.name) or path in self._parts or len(self._parts) >= _MOST_PARTS:
            return
        self._parts[path] = found.read_bytes()
        self._together = b"\n;\n".join(self._parts.values())

    def parts(self) -> bytes:
        """One script with all the parts that pages were seen to load.

        It comes while the notebook runs, in one request: each further one costs a browser about as much as a small
        chart, and ten viewers come at once.
        """
        return self._together


@cache
def _address(name: str) -> str:
    """A file's address, which changes with its content."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16]}"
