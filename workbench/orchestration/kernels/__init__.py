"""Kernels: started with this interpreter and an allow-listed environment, ended at once, never left behind.

At once means SIGKILL: what a notebook wrote is durable when its cell has ended, so nothing waits for an orderly exit.
"""

from workbench.orchestration.kernels.environment import allowed
from workbench.orchestration.kernels.loops import with_own_loop
from workbench.orchestration.kernels.manager import OwnKernelManager, specification

__all__ = ["OwnKernelManager", "allowed", "specification", "with_own_loop"]
