from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from waiting import wait_until

from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Conflict
from workbench.foundation.jobs import Jobs, holder_ended, this_process
from workbench.foundation.jobs.tables import JobRow


def test_a_slot_has_one_holder(catalog: Catalog) -> None:
    jobs = Jobs(catalog)
    jobs.take("pipeline", "flights")
    with pytest.raises(Conflict, match="pipeline 'flights' is being worked on already, by process"):
        jobs.take("pipeline", "flights")
    jobs.take("pipeline", "weather")


def test_a_released_slot_is_free_and_its_fence_grows(catalog: Catalog) -> None:
    jobs = Jobs(catalog)
    first = jobs.take("pipeline", "flights")
    jobs.release(first)
    assert jobs.take("pipeline", "flights").fence == first.fence + 1


def test_a_lease_that_ran_out_is_taken_over_and_its_holder_comes_too_late(catalog: Catalog) -> None:
    jobs = Jobs(catalog)
    late = jobs.take("pipeline", "flights", seconds=0.01)
    time.sleep(0.05)
    new = jobs.take("pipeline", "flights")
    with pytest.raises(Conflict, match="was taken over"), catalog.begin() as session:
        jobs.guard(session, late)
    with pytest.raises(Conflict, match="was taken over"):
        jobs.renew(late)
    jobs.release(late)
    with catalog.begin() as session:
        jobs.guard(session, new)


def test_a_held_lease_is_renewed_for_as_long_as_the_work_takes(catalog: Catalog) -> None:
    jobs = Jobs(catalog)
    with jobs.held("pipeline", "flights", seconds=1.5) as lease:

        def expires() -> datetime:
            with catalog.read() as session:
                return session.get_one(JobRow, ("pipeline", "flights")).expires or lease.expires

        wait_until(lambda: expires() > lease.expires + timedelta(seconds=1.5), what="what it is renewed for")
        with pytest.raises(Conflict):
            jobs.take("pipeline", "flights")
    jobs.take("pipeline", "flights")


def test_the_lease_of_a_process_that_was_killed_is_free_at_once(catalog: Catalog, tmp_path: Path) -> None:
    url = catalog.engine.url.render_as_string(hide_password=False)
    program = textwrap.dedent(
        f"""
        import os, signal
        from workbench.foundation.catalog import Catalog
        from workbench.foundation.jobs import Jobs
        Jobs(Catalog({url!r})).take("pipeline", "flights", seconds=3600)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert Jobs(catalog).take("pipeline", "flights").fence == 2


def test_a_living_process_and_one_on_another_host_are_not_called_ended() -> None:
    assert not holder_ended(this_process())
    assert not holder_ended("elsewhere:1:0.00")


def test_a_pid_that_was_used_again_is_not_the_holder() -> None:
    host, pid, started = this_process().rsplit(":", 2)
    assert holder_ended(f"{host}:{pid}:{float(started) - 100:.2f}")
