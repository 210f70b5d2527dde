"""How `workbench serve` starts the processes of this package, and knows that they work."""

from __future__ import annotations

from workbench.orchestration.processes import ProcessKind

__all__ = ["API", "LAB"]

_HEALTH = "/workbench/api/v1/health"
_START_HERE = "notebooks/start-here.ipynb"

LAB = ProcessKind(
    "lab",
    "workbench_server.lab",
    "JupyterLab",
    port=0,
    health=_HEALTH,
    landing="/lab",
    first=(_START_HERE, f"/lab/tree/{_START_HERE}"),
    needs=("use", "lab"),
)
API = ProcessKind("api", "workbench_server.api", "reports and API", port=1, health=_HEALTH, landing="/workbench")
