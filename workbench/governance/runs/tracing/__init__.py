"""What led to what over all runs: who read and wrote a thing last, and what else they did in the same run."""

from workbench.governance.runs.tracing.model import Trace
from workbench.governance.runs.tracing.store import Traces

__all__ = ["Trace", "Traces"]
