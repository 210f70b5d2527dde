"""The HTTP door of the workbench: a jupyter-server extension with the API and the gallery, for people and programs.

It runs in a user's own JupyterLab, and in the processes `python -m workbench_server.api` and `.lab`, where everybody
signs in. What an endpoint does is the library's; status codes live here.
"""

from typing import Any

import workbench_server.unasked  # noqa: F401  # before what loads jsonschema
from workbench_server.extension import WorkbenchServer

__all__ = ["WorkbenchServer"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "workbench_server", "app": WorkbenchServer}]
