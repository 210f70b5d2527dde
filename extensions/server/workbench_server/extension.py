"""The extension: opens the workspace once and mounts every route of the workbench."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Unicode

from workbench import Workbench
from workbench.foundation import observability
from workbench.governance.security import Principal, Role
from workbench_server.access import Access, OwnLab, Visitors
from workbench_server.changes import ChangesHandler, Feed
from workbench_server.checks import QualityHandler
from workbench_server.contents import BytesHandler
from workbench_server.elsewhere import TurnedAway
from workbench_server.endpoints import ENDPOINTS
from workbench_server.gallery import (
    ApiPageHandler,
    DashboardsHandler,
    DocumentHandler,
    HomeHandler,
    ReportFileHandler,
    ReportsHandler,
)
from workbench_server.handler import EndpointHandler, OpenEndpointHandler, UnknownHandler
from workbench_server.identity import WorkbenchIdentityProvider
from workbench_server.pages import UnknownPageHandler
from workbench_server.past import HistoryHandler
from workbench_server.provenance import DatasetsHandler, LineageHandler
from workbench_server.sign_in import SignInHandler, SignOutHandler

__all__ = ["API", "BASE", "WorkbenchServer"]

BASE = "/workbench"
API = f"{BASE}/api/v1"


class WorkbenchServer(ExtensionApp):
    """REST, gallery and sign-in, below /workbench of a Jupyter server."""

    name = "workbench_server"
    load_other_extensions = True

    home = Unicode("", help="The workspace's folder. Empty: the one that the server's folder is in.").tag(config=True)
    process = Unicode("lab", help="What the log file is called.").tag(config=True)

    def initialize_settings(self) -> None:
        assert self.serverapp is not None
        provider = self.serverapp.identity_provider
        self.access: Access
        if isinstance(provider, WorkbenchIdentityProvider):
            # For itself it acts as an admin: who it works for, each request says.
            server = Principal("server", Role.ADMIN)
            wb = Workbench.open(Path(self.home) if self.home else None, principal=server, serving=True)
            observability.configure(wb.settings.logs_dir, level=wb.settings.log_level, process=self.process)
            provider.identities = wb.identities
            provider.turn_away = TurnedAway(wb)
            self.access = Visitors(wb)
            self.settings["login_url"] = f"{self.serverapp.base_url.rstrip('/')}{BASE}/sign-in"
        else:
            self.access = OwnLab(self._folder())

    def initialize_handlers(self) -> None:
        assert self.serverapp is not None
        access = {"access": self.access}
        for path in dict.fromkeys(endpoint.path for endpoint in ENDPOINTS):
            here = {endpoint.method: endpoint for endpoint in ENDPOINTS if endpoint.path == path}
            handler = OpenEndpointHandler if here.get("GET") and here["GET"].public else EndpointHandler
            if any(endpoint.content for endpoint in here.values()):
                handler = BytesHandler
            self._mount(f"{API}/{_pattern(path)}", handler, endpoints=here, **access)
        if isinstance(self.access, Visitors):
            self._mount(rf"{BASE}/sign-in", SignInHandler, **access)
            self._mount(rf"{BASE}/sign-out", SignOutHandler, **access)
            self._mount(r"/log(?:in|out)", SignInHandler, **access)  # where Lab's own menu leads
        self._mount(rf"{API}/changes", ChangesHandler, feed=Feed(self.access), **access)
        self._mount(rf"{API}/openapi\.json", DocumentHandler, **access)
        self._mount(rf"{BASE}/api/v\d+(?:/.*)?", UnknownHandler, **access)
        self._mount(rf"{BASE}/?", HomeHandler, **access)
        self._mount(rf"{BASE}/api", ApiPageHandler, **access)
        self._mount(rf"{BASE}/dashboards", DashboardsHandler, **access)
        self._mount(rf"{BASE}/reports", ReportsHandler, **access)
        self._mount(rf"{BASE}/datasets", DatasetsHandler, **access)
        self._mount(rf"{BASE}/quality/(?P<name>[^/]+)", QualityHandler, **access)
        self._mount(rf"{BASE}/history/(?P<name>[^/]+)", HistoryHandler, **access)
        self._mount(rf"{BASE}/lineage/(?P<kind>[^/]+)/(?P<name>[^/]+)", LineageHandler, **access)
        report = rf"{BASE}/reports/(?P<name>[^/]+)/(?P<run>[^/]+)/report\.(?P<ending>html|pdf)"
        self._mount(report, ReportFileHandler, **access)
        self._mount(rf"{BASE}/.*", UnknownPageHandler, **access)

    async def stop_extension(self) -> None:
        self.access.close()

    def _mount(self, pattern: str, handler: type, **arguments: Any) -> None:
        self.handlers.append((pattern, handler, arguments))

    def _folder(self) -> Path | None:
        if self.home:
            return Path(self.home)
        assert self.serverapp is not None
        return None if "WORKBENCH_HOME" in os.environ else Path(self.serverapp.root_dir)


def _pattern(path: str) -> str:
    """A path with `{name}` as a pattern: a part is all that is between two slashes, so an encoded slash is its own."""
    parts = path.split("/")
    return "/".join(f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part) for part in parts)
