"""Runs: what was executed, by whom, on which versions of what, and the receipt that says so."""

from workbench.governance.runs.cards import listing
from workbench.governance.runs.model import Actor, Direction, Edge, Receipt, Run, RunKind, RunStatus
from workbench.governance.runs.store import Runs
from workbench.governance.runs.tracing import Trace, Traces

__all__ = ["Actor", "Direction", "Edge", "Receipt", "Run", "RunKind", "RunStatus", "Runs", "Trace", "Traces", "listing"]
