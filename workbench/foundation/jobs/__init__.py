"""Slots of work: a row with a unique key, a lease, and a fencing number that refuses a late holder's writes."""

from workbench.foundation.jobs.model import Lease, holder_ended, this_process
from workbench.foundation.jobs.store import Jobs

__all__ = ["Jobs", "Lease", "holder_ended", "this_process"]
