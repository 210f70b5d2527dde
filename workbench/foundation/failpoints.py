"""Named moments at which a crash test may kill this process.

`WORKBENCH_FAILPOINT=lake.commit.after_delta` makes the process SIGKILL itself the first time it gets there,
`...@3` the third time. Unset, which is always so outside of tests, a failpoint costs one dictionary look-up.
"""

from __future__ import annotations

import os
import signal

__all__ = ["failpoint"]

_passed = 0


def failpoint(name: str) -> None:
    """Dies here, without any clean-up, if the environment asks for it."""
    global _passed
    wanted = os.environ.get("WORKBENCH_FAILPOINT")
    if wanted is None:
        return
    target, _, count = wanted.partition("@")
    if target != name:
        return
    _passed += 1
    if _passed >= int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
