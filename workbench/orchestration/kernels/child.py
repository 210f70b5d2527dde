"""Runs inside the kernel's process, by path, before anything else: ties its life to its parent's.

ipykernel's own poller notices a lost parent only after a second, not while C code holds the interpreter lock, and not
at all when the parent died during the kernel's start under a process that adopts orphans.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Asks Linux for SIGKILL when the parent ends; elsewhere ipykernel's poller has to do."""
    parent = int(os.environ.get("JPY_PARENT_PID") or 0)
    if sys.platform != "linux" or not parent:
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the request
        os._exit(1)


if __name__ == "__main__":
    die_with_parent()
    del sys.path[0]  # this folder, whose modules have everyday names
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
