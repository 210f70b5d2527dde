"""How runs look where somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workbench.foundation.listing import Listing
from workbench.governance.runs.model import Run

__all__ = ["listing"]


def listing(runs: Iterable[Run], *, chosen: bool) -> Listing[Run]:
    """Runs as a list that shows itself.

    Args:
        chosen: There may be others, of another kind, name, status or parent.
    """
    empty = "There is no such run." if chosen else "There is no run yet: `workbench run TARGET` starts one."
    return Listing(runs, caption="Runs", row=_row, empty=empty)


def _row(run: Run) -> Mapping[str, str]:
    return {
        "run": run.id,
        "kind": run.kind.value,
        "name": run.name,
        "status": run.status.value,
        "started (UTC)": f"{run.started:%Y-%m-%d %H:%M:%S}",
        "seconds": "" if run.seconds is None else f"{run.seconds:.1f}",
        "by": run.principal,
    }
