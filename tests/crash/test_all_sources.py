"""The show: five real sources that change and are synced, each sync killed once and gone on with, round after round;
every row of every dataset is compared with its source. `make show-sources` prints what became of it.
"""

from __future__ import annotations

import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from five_sources import Api, Place, five_places
from own_process import OwnProcess

from workbench import Workbench

__all__ = ["five_places"]

pytestmark = [pytest.mark.postgres, pytest.mark.mariadb, pytest.mark.redis]

# The first sync makes the dataset: its commit of rows is the second one, and there is nothing to compare yet.
FIRST = (
    "lake.commit.before_delta",
    *(f"lake.commit.{one}@2" for one in ("before_delta", "after_delta", "after_fsync")),
)


def differ(place: Place, wb: Workbench) -> int:
    """How many rows one of both has and the other has not, or not as often."""
    source, dataset = place.rows(), place.held(wb)
    return ((source - dataset) + (dataset - source)).total()


def syncing(home: Path, name: str, moment: str = "") -> OwnProcess:
    return OwnProcess(home, f"wb.sources.sync({name!r})", moment)


def killed_after(home: Path, name: str, seconds: float) -> bool:
    """Syncs a source and kills its process so long after it began; says whether it was still at work."""
    sync = syncing(home, name)
    sync.begun()
    time.sleep(seconds)
    sync.kill()
    code = sync.ended()
    assert code in (0, -signal.SIGKILL)
    return code == -signal.SIGKILL


@pytest.mark.parametrize(
    ("rounds", "rows", "seed"),
    [pytest.param(2, 120, 1, id="short"), pytest.param(6, 1_000, 2, id="long_show", marks=pytest.mark.long)],
)
@pytest.mark.timeout(550)
def test_five_sources_killed_in_every_sync_and_compared_row_by_row(
    wb: Workbench, workspace: Path, five_places: list[Place], rounds: int, rows: int, seed: int
) -> None:
    chance = random.Random(seed)
    kills: dict[str, list[str]] = {place.name: [] for place in five_places}
    for place in five_places:
        place.add(wb)
    for number in range(rounds):
        for place in five_places:
            place.change(chance, rows)
        if number % 3 == 2:
            times = {place.name: chance.uniform(0, 0.3) for place in five_places}
            moments = {
                name: f"after {seconds:.2f} s"
                for name, seconds in times.items()
                if killed_after(workspace, name, seconds)
            }
        else:
            moments = {place.name: chance.choice(place.moments if number else FIRST) for place in five_places}
            syncs = {name: syncing(workspace, name, moment) for name, moment in moments.items()}  # all at once
            assert {name: sync.ended() for name, sync in syncs.items()} == dict.fromkeys(syncs, -signal.SIGKILL)
        for place in five_places:
            kills[place.name] += [moments[place.name]] if place.name in moments else []
            place.more(chance)
            done = wb.sources.sync(place.name)
            assert done.outcome == "succeeded"
            assert differ(place, wb) == 0, (place.name, number, moments)
    lines = [f"{'source':<10}{'rounds':>7}{'kills':>7}{'rows':>9}{'that differ':>13}  killed at"]
    for place in five_places:
        failed = [one for one in wb.sources.history(place.name) if one.outcome == "failed"]
        assert {one.error for one in failed} == {"the process that ran it ended"}
        at_failpoints = [moment for moment in kills[place.name] if not moment.startswith("after ")]
        # Who is killed from outside may not have said yet that a sync began.
        assert len(at_failpoints) <= len(failed) <= len(kills[place.name])
        count = Counter(kills[place.name])
        where = ", ".join(f"{moment} ({times})" if times > 1 else moment for moment, times in count.items())
        held = place.held(wb).total()
        assert held > rows
        lines.append(f"{place.name:<10}{rounds:>7}{count.total():>7}{held:>9,}{differ(place, wb):>13}  {where}")
    (api,) = [place for place in five_places if isinstance(place, Api)]
    assert min(api.failed[mood] for mood in ("429", "500", "cut")) >= 1
    lines.append(
        f"the API failed meanwhile: {', '.join(f'{mood} {times} times' for mood, times in api.failed.items())}"
    )
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
