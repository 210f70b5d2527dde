"""The process `api`: REST, WebSocket and gallery for everybody who signs in; nothing that runs code.

python -m workbench_server.api --home HOME --host 127.0.0.1 --port 0
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.contents.manager import ContentsManager
from traitlets import default
from traitlets.config import Config

from workbench_server.serving import Server, serve

__all__ = ["ApiServer", "configured", "main"]

# What of jupyter-server's own routes there is: the redirect from "/", and the page that says 404.
KEPT = ("RedirectWithParams", "Template404")


class NoContents(ContentsManager):
    """No file of the workspace is served."""

    def get_extra_handlers(self) -> list[Any]:
        return []


class ApiServer(Server):
    """REST, WebSocket and gallery of a workspace: no kernels, no contents, no terminals, no Lab."""

    name = "workbench-api"
    default_services = ("auth", "security")  # type: ignore[assignment]

    @default("contents_manager_class")
    def _no_contents(self) -> type[ContentsManager]:
        return NoContents

    def init_webapp(self) -> None:
        super().init_webapp()
        for router in (self.web_app.default_router, self.web_app.wildcard_router):
            router.rules[:] = [
                rule
                for rule in router.rules
                if not isinstance(rule.target, type)
                or rule.target.__module__.startswith("jupyter_server.services.security")
                or rule.target.__name__ in KEPT
            ]


def configured() -> Config:
    """What this process has beyond what both have."""
    return Config({"ServerApp": {"jpserver_extensions": {"workbench_server": True}, "default_url": "/workbench"}})


def main(argv: list[str] | None = None) -> None:
    serve(ApiServer, configured(), process="api", argv=argv)


if __name__ == "__main__":
    main()
