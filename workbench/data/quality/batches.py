"""Batches of held rows: how one is made, and how one is had alone."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from workbench.data.quality.model import Held, Kept, Kind, State
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Conflict
from workbench.foundation.jobs import Jobs, Lease
from workbench.governance.runs import Actor

__all__ = ["leased", "new_batch"]

ATTEMPTS = 100
WAIT_SECONDS = 0.05


def new_batch(
    dataset: str,
    suite: str,
    kept: Kept,
    actor: Actor,
    *,
    kind: Kind = "suite",
    origin: str = "",
    run: str | None = None,
    parent: Held | None = None,
    state: State = "held",
) -> Held:
    """A batch of rows, of which nothing is written or recorded yet.

    Args:
        run: In which the rows were held, where it is not the actor's.
        parent: What it is a part of, whose kind and origin it has.
    """
    if parent is not None:
        kind, origin = parent.kind, parent.origin
    return Held(
        id=secrets.token_hex(6),
        dataset=dataset,
        suite=suite,
        rows=kept.rows.height,
        reasons=kept.reasons,
        state=state,
        run=run or actor.run,
        principal=actor.principal.name,
        held=utcnow(),
        parent=None if parent is None else parent.id,
        kind=kind,
        origin=origin,
        how=kept.how,
    )


@contextmanager
def leased(jobs: Jobs, kind: str, slot: str) -> Iterator[Lease]:
    """A lease on a slot, once whoever has it gives it back; who has it works for moments.

    Raises:
        Conflict: Somebody has it for longer than anybody can wait.
    """
    with ExitStack() as stack:
        for attempt in range(ATTEMPTS):
            try:
                lease = stack.enter_context(jobs.held(kind, slot))
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(WAIT_SECONDS)
            else:
                break
        yield lease
