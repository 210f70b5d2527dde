from __future__ import annotations

import threading
import time
from collections.abc import Callable

from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Conflict
from workbench.foundation.jobs import Jobs, Lease
from workbench.foundation.jobs.tables import JobRow
from workbench.orchestration.schedule import IntervalJob, Scheduler


def running(scheduler: Scheduler, until: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=scheduler.run, args=(until,))
    thread.start()
    return thread


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_due_is_done_again_and_again_though_another_job_fails(catalog: Catalog) -> None:
    done: list[str] = []
    until = threading.Event()
    jobs = [
        IntervalJob("broken", 0.1, lambda: done.append("broken") or 1 / 0),
        IntervalJob("often", 0.1, lambda: done.append("often")),
        IntervalJob("seldom", 3600, lambda: done.append("seldom")),
    ]
    thread = running(Scheduler(Jobs(catalog), jobs), until)
    wait_for(lambda: done.count("often") >= 3)
    until.set()
    thread.join()
    assert done.count("broken") >= 3
    assert done.count("seldom") == 1


def test_of_two_schedulers_one_works_and_the_other_takes_over(catalog: Catalog) -> None:
    # Both are of this process here, so the lease's holder is alive for as long as the first one runs.
    done: list[str] = []
    first_until, second_until = threading.Event(), threading.Event()
    jobs = Jobs(catalog)
    first = running(Scheduler(jobs, [IntervalJob("work", 0.1, lambda: done.append("first"))]), first_until)
    wait_for(lambda: "first" in done)
    second = running(Scheduler(jobs, [IntervalJob("work", 0.1, lambda: done.append("second"))]), second_until)
    wait_for(lambda: done.count("first") >= 4)
    assert "second" not in done
    first_until.set()
    first.join()
    wait_for(lambda: "second" in done)
    second_until.set()
    second.join()


def test_one_whose_lease_was_taken_stops_working(catalog: Catalog) -> None:
    done: list[str] = []
    until, lost = threading.Event(), threading.Event()

    class Told(Jobs):
        def renew(self, lease: Lease, **given: float) -> Lease:
            try:
                return super().renew(lease, **given)
            except Conflict:
                lost.set()
                raise

    thread = running(Scheduler(Told(catalog), [IntervalJob("work", 0.1, lambda: done.append("x"))]), until)
    wait_for(lambda: bool(done))
    with catalog.begin() as session:  # as after a machine's sleep: somebody else has it
        row = session.get_one(JobRow, ("scheduler", "workspace"))
        row.fence += 1
        row.holder = "elsewhere:1:1.0"
    assert lost.wait(20)
    count = len(done)
    time.sleep(1.0)
    assert len(done) == count
    until.set()
    thread.join()
