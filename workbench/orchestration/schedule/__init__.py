"""Work that comes round: what is done at intervals, by whichever scheduler of a workspace holds the lease."""

from workbench.orchestration.schedule.scheduler import IntervalJob, Scheduler

__all__ = ["IntervalJob", "Scheduler"]
