"""The runs of a workspace through its server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.foundation.listing import Listing
from workbench.governance.runs import Receipt, RunKind, RunStatus, listing
from workbench.remote.door import Door, path
from workbench.remote.reading import Reading

__all__ = ["RemoteRun", "RemoteRuns"]

SHOWN = 10
"""How many of the newest runs stand for all of them."""

LOG_BYTES = 1_000_000
"""Of one piece of a log, which is the most that a server gives."""


@dataclass(frozen=True)
class RemoteRun:
    """One execution, as far as a server tells of it: nothing of its machine. Times are UTC.

    Attributes:
        name: What was run: a notebook's path in the workspace, a pipeline's or a report's name.
        parent: The run that started this one, such as the pipeline of a stage.
    """

    id: str
    kind: RunKind
    name: str
    status: RunStatus
    started: datetime
    finished: datetime | None
    principal: str
    parent: str | None
    parameters: Mapping[str, Any]
    error: str | None

    @property
    def seconds(self) -> float | None:
        return None if self.finished is None else (self.finished - self.started).total_seconds()

    def __repr__(self) -> str:
        took = "" if self.seconds is None else f" in {self.seconds:.1f} s"
        said = f": {self.error}" if self.error else ""
        return f"Run {self.id}: {self.kind} {self.name} {self.status}{took}{said}"


@dataclass(frozen=True)
class _Sealed:
    receipt: Receipt


@dataclass(frozen=True)
class _Log:
    text: str
    next: int | None


class RemoteRuns(Reading):
    """What ran in a workspace. Takes the role analyst, because a run's log can show what a policy hides."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(
        self,
        *,
        kind: RunKind | None = None,
        name: str | None = None,
        status: RunStatus | None = None,
        parent: str | None = None,
        limit: int = 50,
    ) -> Listing[RemoteRun]:
        """The newest runs first; shows itself as a table."""
        found = self._door.pages("runs", RemoteRun, limit=limit, kind=kind, name=name, status=status, parent=parent)
        return listing(found, chosen=True)

    def get(self, run_id: str) -> RemoteRun:
        """A run by its id, or by a beginning of it that no other run has.

        Raises:
            NotFound: No such run.
            Conflict: Several runs begin like that.
        """
        return self._door.ask(path("runs", run_id), RemoteRun)

    def receipt(self, run_id: str) -> Receipt:
        """What made a run's result, as far as the run has come."""
        return self._door.ask(path("runs", run_id), _Sealed).receipt

    def log(self, run_id: str) -> str:
        """What a run printed and logged, as far as it has come."""
        said: list[str] = []
        offset: int | None = 0
        while offset is not None:
            part = self._door.ask(path("runs", run_id, "log"), _Log, offset=offset, limit=LOG_BYTES)
            said.append(part.text)
            offset = part.next
        return "".join(said)

    def __repr__(self) -> str:
        return repr(self.list(limit=SHOWN))

    def _repr_html_(self) -> str:
        return self.list(limit=SHOWN)._repr_html_()
