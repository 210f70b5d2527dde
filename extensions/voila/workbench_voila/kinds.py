"""How `workbench serve` starts the process of this package, and knows that it works."""

from __future__ import annotations

from workbench.orchestration.processes import ProcessKind

__all__ = ["VOILA"]

VOILA = ProcessKind("voila", "workbench_voila", "dashboards", port=2, health="/workbench/api/v1/health", landing="/")
