"""How runs look where somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from workbench.foundation.listing import Listing
from workbench.governance.runs.model import RunKind, RunStatus

__all__ = ["listing"]


class Shown(Protocol):
    """What a run tells of itself in a list, wherever it is read from."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> RunKind: ...
    @property
    def name(self) -> str: ...
    @property
    def status(self) -> RunStatus: ...
    @property
    def started(self) -> datetime: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def principal(self) -> str: ...


R = TypeVar("R", bound=Shown)


def listing(runs: Iterable[R], *, chosen: bool) -> Listing[R]:
    """Runs as a list that shows itself.

    Args:
        chosen: There may be others, of another kind, name, status or parent.
    """
    empty = "There is no such run." if chosen else "There is no run yet: `workbench run TARGET` starts one."
    return Listing(runs, caption="Runs", row=_row, empty=empty)


def _row(run: Shown) -> Mapping[str, str]:
    return {
        "run": run.id,
        "kind": run.kind.value,
        "name": run.name,
        "status": run.status.value,
        "started (UTC)": f"{run.started:%Y-%m-%d %H:%M:%S}",
        "seconds": "" if run.seconds is None else f"{run.seconds:.1f}",
        "by": run.principal,
    }
