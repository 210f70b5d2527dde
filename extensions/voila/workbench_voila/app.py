"""The process: its options, its routes, its start and its end."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import tornado.web
from jupyter_core.paths import jupyter_path
from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from traitlets.config import Config
from voila.app import Voila
from workbench_server.identity import WorkbenchIdentityProvider

from workbench import Workbench
from workbench.foundation import observability
from workbench.foundation.errors import WorkbenchError
from workbench.governance.security import Principal, Role
from workbench.publishing.dashboards import FOLDER
from workbench_voila import assets, pages, sockets
from workbench_voila.front import STATIC, Front
from workbench_voila.handling import TEMPLATES
from workbench_voila.identity import KernelOwners
from workbench_voila.kernels import MESSAGES, ViewerKernels
from workbench_voila.pool import Pool
from workbench_voila.rendering import DashboardPage

__all__ = ["App", "main"]

KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
IDLE_SECONDS = 15 * 60
_KERNEL_BYTES = 200 * 2**20
_MOST_READY = 10


class App(Voila):  # type: ignore[misc]
    """Voila without its trees, files and contents, and with an owner for each kernel.

    Args:
        wb: The workspace, opened as the server.
        pool_size: Kernels that wait ready; None for what a tenth of the free memory holds, two to ten.
    """

    def __init__(self, wb: Workbench, *, host: str, port: int, pool_size: int | None = None) -> None:
        folder = wb.settings.home / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(
            ip=host,
            port=port,
            open_browser=False,
            root_dir=str(folder),
            config_file_paths=[],
            config=Config(
                VoilaConfiguration={
                    "template": "lab",
                    "allow_template_override": "NO",
                    "allow_theme_override": "NO",
                    "file_allowlist": [],
                    "show_tracebacks": False,
                    "http_keep_alive_timeout": 3600,
                    "multi_kernel_manager_class": ViewerKernels,
                },
                ViewerKernels={
                    "cull_idle_timeout": IDLE_SECONDS,
                    "cull_interval": 20,
                    "allow_tracebacks": False,
                    "buffer_offline_messages": True,
                },
            ),
        )
        self.wb = wb
        self.port: int
        self.connection_dir: str
        self.pool_size = _fitting() if pool_size is None else pool_size
        self._ending = asyncio.Event()

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """A configuration file of the user's could open what is closed here."""

    def init_settings(self) -> dict[str, Any]:
        identity = WorkbenchIdentityProvider(parent=self)
        identity.identities = self.wb.identities
        self.kernel_spec_manager = self.voila_configuration.kernel_spec_manager_class(parent=self)
        self.contents_manager = LargeFileManager(parent=self, root_dir=self.root_dir)
        self.kernel_manager = ViewerKernels(
            parent=self,
            connection_dir=self.connection_dir,
            kernel_spec_manager=self.kernel_spec_manager,
            allowed_message_types=MESSAGES,
            root_dir=self.root_dir,
        )
        self.kernel_manager.workbench = self.wb
        authorizer = KernelOwners(parent=self, identity_provider=identity)
        authorizer.owner_of = self.kernel_manager.owner
        self.pool = Pool(self.kernel_manager, self.pool_size)
        return {
            "base_url": "/",
            "kernel_manager": self.kernel_manager,
            "kernel_spec_manager": self.kernel_spec_manager,
            "contents_manager": self.contents_manager,
            "identity_provider": identity,
            "authorizer": authorizer,
            "kernel_websocket_connection_class": self.kernel_websocket_connection_class,
            "allow_remote_access": True,  # a cookie is its host's: by another name nobody is signed in
            "allow_unauthenticated_access": False,
            "cookie_secret": self.cookie_secret,
            "mathjax_config": "null",
            "mathjax_url": "null",
            "server_root_dir": "/",
            "workbench": self.wb,
            "voila": self,
            "default_handler_class": pages.NoSuchPage,
            "default_handler_args": {},
        }

    def init_handlers(self) -> list[Any]:
        """Every route there is. What Voila would add stays out."""
        configuration = self.voila_configuration
        front = Front(jupyter_path("labextensions"))
        renderer = {
            "kernels": self.kernel_manager,
            "voila_configuration": configuration,
            "traitlet_config": self.config,
            "template_paths": [str(TEMPLATES)],
            "contents_manager": self.contents_manager,
            "config_manager": None,
            "kernel_spec_manager": self.kernel_spec_manager,
            "base_url": "/",
            "mathjax_config": "null",
            "mathjax_url": "null",
        }
        dashboard = {"pool": self.pool, "front": front, "renderer": renderer}
        return [
            (r"/", pages.Landing),
            (r"/home", pages.Elsewhere, {"path": "/workbench"}),
            (r"/reports", pages.Elsewhere, {"path": "/workbench/reports"}),
            (r"/dashboards/([a-z0-9][a-z0-9_-]*)", DashboardPage, dashboard),
            (r"/workbench/sign-in", pages.SignIn),
            (r"/workbench/sign-out", pages.SignOut),
            (r"/workbench/api/v1/health", pages.Health, {"pool": self.pool}),
            (rf"/api/kernels/{KERNEL}", sockets.KernelModel),
            (rf"/api/kernels/{KERNEL}/channels", sockets.KernelSocket),
            (rf"/voila/api/shutdown/{KERNEL}", sockets.Leave),
            (r"/static/(.*)", assets.Static, {"path": str(STATIC)}),
            (r"/widgets/parts\.js", assets.Parts, {"front": front}),
            (r"/widgets/(.*)", assets.Widgets, {"front": front}),
            (r"/(.*)", pages.NoSuchPage),
        ]

    async def serve(self) -> None:
        """Answers until a signal ends it; then every kernel is gone.

        Raises:
            OSError: The address is taken.
        """
        sockets_ = bind_sockets(self.port, self.ip)
        self.port = sockets_[0].getsockname()[1]
        self.connection_dir = tempfile.mkdtemp(prefix="voila_", dir=self.connection_dir_root)
        self.app = tornado.web.Application(**self.init_settings())
        self.app.add_handlers(".*$", self.init_handlers())
        server = HTTPServer(self.app)
        server.add_sockets(sockets_)
        loop = asyncio.get_running_loop()
        for received in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(received, self._ending.set)
        shown = f"[{self.ip}]" if ":" in self.ip else self.ip
        print(f"listening on http://{shown}:{self.port}", flush=True)  # noqa: T201 (whoever started it waits for this)
        self.pool.fill()
        try:
            await self._ending.wait()
        finally:
            server.stop()
            await self.pool.close()
            await ensure_async(self.kernel_manager.shutdown_all(now=True))
            shutil.rmtree(self.connection_dir, ignore_errors=True)


def _fitting() -> int:
    """Kernels that a tenth of the free memory holds."""
    return max(2, min(_MOST_READY, int(psutil.virtual_memory().available / 10 / _KERNEL_BYTES)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Starts the process; prints `listening on http://...` when it answers."""
    parser = argparse.ArgumentParser(prog="python -m workbench_voila", description="The workspace's dashboards.")
    parser.add_argument("--home", type=Path, default=None, help="the workspace; by default the one this folder is in")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8866, help="0 for any that is free")
    parser.add_argument("--pool", type=int, default=None, metavar="N", help="kernels that wait ready")
    given = parser.parse_args(arguments)
    try:
        wb = Workbench.open(given.home, principal=Principal("server", Role.ADMIN))
        observability.configure(wb.settings.logs_dir, level=wb.settings.log_level, process="voila")
        with wb:
            app = App(wb, host=given.host, port=given.port, pool_size=given.pool)
            app.initialize([])
            with suppress(KeyboardInterrupt):
                asyncio.run(app.serve())
    except WorkbenchError as error:
        sys.exit(f"error: {error}" + (f"\nhint: {error.hint}" if error.hint else ""))
    except OSError as error:
        sys.exit(f"error: cannot listen on {given.host}:{given.port}: {error.strerror or error}\nhint: --port 0")
