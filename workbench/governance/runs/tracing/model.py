from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workbench.governance.runs.model import Direction, RunKind, RunStatus
from workbench.governance.security import Role

__all__ = ["Trace"]


@dataclass(frozen=True)
class Trace:
    """That runs of one name read or wrote a thing, and the newest of them that did.

    Attributes:
        kind: The thing's: "dataset", "source", "metric", "report".
        name: The thing's, as it was called then.
        run: The newest run's id; what follows is of that one.
        role: What whoever ran it was then.
    """

    direction: Direction
    kind: str
    name: str
    run: str
    run_kind: RunKind
    run_name: str
    started: datetime
    status: RunStatus
    role: Role
