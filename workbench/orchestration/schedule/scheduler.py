from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.foundation.errors import Conflict
from workbench.foundation.jobs import Jobs, Lease
from workbench.foundation.observability import logger

__all__ = ["IntervalJob", "Scheduler"]

TICK_SECONDS = 0.5
STANDBY_SECONDS = 5.0


@dataclass(frozen=True)
class IntervalJob:
    """Something done again and again.

    Attributes:
        seconds: From one start to the next.
        work: What is done; what it gives goes into the log. It must bear being done once too often.
    """

    name: str
    seconds: float
    work: Callable[[], object]


class Scheduler:
    """Does what is due, one thing after the other. Of several in a workspace one works and the others stand by."""

    def __init__(self, jobs: Jobs, work: Sequence[IntervalJob]) -> None:
        self._jobs = jobs
        self._work = work
        self._log = logger("scheduler")

    def run(self, until: threading.Event) -> None:
        """Works until told otherwise; while another scheduler holds the lease, waits for it."""
        while not until.is_set():
            try:
                with self._jobs.held("scheduler", "workspace") as lease:
                    self._log.info("this scheduler works")
                    self._turns(lease, until)
            except Conflict:
                until.wait(STANDBY_SECONDS)

    def _turns(self, lease: Lease, until: threading.Event) -> None:
        """
        Raises:
            Conflict: The lease was lost, as after a machine's sleep.
        """
        due = {job.name: 0.0 for job in self._work}
        while not until.is_set():
            for job in self._work:
                if time.monotonic() >= due[job.name] and not until.is_set():
                    self._jobs.renew(lease)
                    due[job.name] = time.monotonic() + job.seconds
                    self._do(job)
            until.wait(TICK_SECONDS)

    def _do(self, job: IntervalJob) -> None:
        began = time.monotonic()
        try:
            outcome = job.work()
        except Exception:  # noqa: BLE001 - one job's bug must not end the others
            self._log.exception(f"{job.name} failed")
            return
        self._log.info(job.name, extra={"outcome": str(outcome), "seconds": round(time.monotonic() - began, 3)})
