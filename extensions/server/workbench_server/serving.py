"""What the processes `api` and `lab` have in common: how they are called, where they listen, who they let in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_server.serverapp import ServerApp
from tornado.netutil import bind_sockets
from traitlets.config import Config

from workbench.foundation import settings
from workbench.foundation.errors import Unavailable, WorkbenchError
from workbench_server.identity import WorkbenchAuthorizer, WorkbenchIdentityProvider

__all__ = ["Server", "prepared", "serve"]


class Server(ServerApp):
    """A Jupyter server with our sign-in, configured by its caller alone: no file in a home folder can open it."""

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Nothing: what a user wrote for a server of their own must not change this one."""

    @property
    def config_file_paths(self) -> list[str]:
        """Where extensions, too, look for theirs: only beside the installed packages."""
        return [str(Path(sys.prefix) / "etc" / "jupyter")]

    def _find_http_port(self) -> None:
        # Bound once and kept, so that nobody else can take the port between finding and binding it.
        try:
            self._bound = bind_sockets(self.port, self.ip)
        except OSError as error:
            raise Unavailable(
                f"port {self.port} of {self.ip} cannot be listened on: {error.strerror or error}",
                hint="choose another port, or 0 for any free one",
            ) from error
        self.port = self._bound[0].getsockname()[1]

    def _bind_http_server_tcp(self) -> bool:
        self.http_server.add_sockets(self._bound)
        shown = f"[{self.ip}]" if ":" in self.ip else self.ip
        sys.stdout.write(f"listening on http://{shown}:{self.port}\n")
        sys.stdout.flush()
        return True


def serve(server: type[Server], config: Config, *, process: str, argv: Sequence[str] | None = None) -> None:
    """Runs a server until it is told to stop; takes what `prepared` takes."""
    try:
        prepared(server, config, process=process, argv=argv).start()
    except WorkbenchError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        raise SystemExit(f"error: {error}{hint}") from None


def prepared(server: type[Server], config: Config, *, process: str, argv: Sequence[str] | None = None) -> Server:
    """A server that has its routes and its port, and does not answer yet.

    Args:
        config: What the process adds to what both have.
        process: Its name: "api".
        argv: What the command line says.

    Raises:
        NotFound: No workspace there.
        Unavailable: The port is taken, or the catalog cannot be opened.
    """
    parser = argparse.ArgumentParser(prog=f"python -m workbench_server.{process}", description=server.__doc__)
    parser.add_argument("--home", type=Path, default=None, help="the workspace; by default the one this folder is in")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    given = parser.parse_args(argv)
    home = settings.load(given.home).home
    traits: dict[str, Any] = {
        "ip": given.host,
        "port": given.port,
        "root_dir": str(home),
        # Every route needs a sign-in unless it says otherwise, and forms need their token.
        "allow_unauthenticated_access": False,
        "disable_check_xsrf": False,
        "identity_provider_class": WorkbenchIdentityProvider,
        "authorizer_class": WorkbenchAuthorizer,
        # A one-time link would otherwise stand in the log.
        "extra_log_scrub_param_keys": ["link"],
        # No metric per path, which strangers could fill the memory with.
        "record_http_request_metrics": False,
        "open_browser": False,
        "no_browser_open_file": True,
        # It is started on purpose, as whoever started it; and ended without being asked twice.
        "allow_root": True,
        "answer_yes": True,
        # Without its routes the server would be up and useless.
        "reraise_server_extension_failures": process == "api",
    }
    common = Config({"WorkbenchServer": {"home": str(home), "process": process}})
    common.merge(config)
    app: Server = server.instance(config=common, **traits)
    app.initialize(argv=[], find_extensions=process == "lab")
    return app
