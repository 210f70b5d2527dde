"""The process `lab`: JupyterLab over the workspace, behind our sign-in, for who may run code.

python -m workbench_server.lab --home HOME --host 127.0.0.1 --port 0
"""

from __future__ import annotations

from jupyterlab.handlers.announcements import NeverCheckForUpdate
from traitlets.config import Config

from workbench_server.kernels import OwnedKernels
from workbench_server.serving import Server, serve

__all__ = ["LabServer", "configured", "main"]


class LabServer(Server):
    """JupyterLab over a workspace."""

    name = "workbench-lab"
    kernel_manager_class = OwnedKernels


def configured() -> Config:
    """What this process has beyond what both have."""
    # Voila runs on its own: inside a server with kernels its viewers could run code.
    extensions = {"jupyterlab": True, "workbench_server": True, "voila": False, "voila.server_extension": False}
    return Config(
        {
            "ServerApp": {"jpserver_extensions": extensions, "default_url": "/lab"},
            "WorkbenchIdentityProvider": {"lab_only": True},
            # Nothing is asked of the world outside.
            "LabApp": {
                "news_url": None,
                "check_for_updates_class": NeverCheckForUpdate,
                "extension_manager": "readonly",
            },
        }
    )


def main(argv: list[str] | None = None) -> None:
    serve(LabServer, configured(), process="lab", argv=argv)


if __name__ == "__main__":
    main()
