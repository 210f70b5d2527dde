"""A writer killed at any moment of a commit leaves the dataset as it was before or as it is after, never between."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
import pyarrow as pa
import pytest

from workbench.data.lake import Checkpoint, EventLayout, Lake, Mode
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import NotFound
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, RunKind, Runs
from workbench.governance.security import Principal, Role, Security

ADMIN = Actor(Principal("ada", Role.ADMIN))
COMMIT = (
    "lake.files.written",
    "lake.commit.before_delta",
    "lake.commit.after_delta",
    "lake.commit.after_fsync",
    "lake.commit.after_catalog",
)
BEFORE = [(0, "v0", None), (1, "v1", None), (2, "v2", None)]
AFTER = {
    "append": [*BEFORE, (7, "v7", None)],
    "evolve": [*BEFORE, (7, None, 0.5)],
    "overwrite": [(7, "v7", None)],
    "upsert": [(0, "v0", None), (1, "new", None), (2, "v2", None), (7, "v7", None)],
    "optimize": BEFORE,
    "load stream": [*BEFORE, (7, "v7", None), (8, "v8", None)],
    "replace by stream": [(7, "v7", None), (8, "v8", None)],
    "load upsert": [(0, "v0", None), (1, "new", None), (2, "v2", None), (7, "v7", None)],
    "evolve types": [(0, "v0", None), (1, "v1", None), (2, "v2", None), (7, "v7", 0.5)],
}
MARK = 2**62


class World:
    """A lake as one process sees it."""

    def __init__(self, folder: str, url: str) -> None:
        self.folder, self.url = Path(folder), url
        self.catalog = Catalog(url)
        self.runs = Runs(self.catalog, Settings(home=self.folder))
        self.security = Security(self.catalog)
        self.lake = Lake(self.folder / "lake", self.catalog, self.runs, self.security)
        self._later: list[World] = []

    def again(self) -> World:
        """The same lake as a process sees it that starts now."""
        self._later.append(World(str(self.folder), self.url))
        return self._later[-1]

    def close(self) -> None:
        for world in self._later:
            world.close()
        self.catalog.close()

    def inside(self, run: str) -> Actor:
        return Actor(ADMIN.principal, run)

    def rows(self, name: str = "t") -> list[tuple[Any, ...]]:
        found = self.lake.read(name, ADMIN).collect()
        if "x" not in found.columns:
            found = found.with_columns(x=pl.lit(None, dtype=pl.Float64))
        return sorted(found.select("k", "v", "x").rows())


def write(world: World, run: str, doing: str) -> None:
    lake, actor = world.lake, world.inside(run)
    row = pl.DataFrame({"k": [7], "v": ["v7"]})
    done = Checkpoint("s", "2013-01-01", MARK)
    match doing:
        case "create":
            lake.create("made", row, actor)
        case "append":
            lake.append("t", row, actor, checkpoint=done)
        case "evolve":
            lake.append("t", pl.DataFrame({"k": [7], "x": [0.5]}), actor, evolve=True, checkpoint=done)
        case "overwrite":
            lake.overwrite("t", row, actor, checkpoint=done)
        case "upsert":
            lake.upsert("t", pl.DataFrame({"k": [1, 7], "v": ["new", "v7"]}), actor, key=["k"], checkpoint=done)
        case "optimize":
            lake.optimize("t", actor)
        case "load stream":
            lake.load("t", stream(), actor, mode=Mode.APPEND, checkpoint=done)
        case "replace by stream":
            lake.load("t", stream(), actor, mode=Mode.REPLACE, checkpoint=done)
        case "load upsert":
            changed = pl.DataFrame({"k": [1, 7, 2], "v": ["new", "v7", "v2"]})
            lake.load("t", changed, actor, mode=Mode.UPSERT, key="k", checkpoint=done)
        case "evolve types":
            lake.contracts(actor).set("t", columns="evolve", data_type="evolve")
            lake.append("t", pl.DataFrame({"k": [7.0], "v": ["v7"], "x": [0.5]}), actor, checkpoint=done)
        case "fold":
            lake.fold("events", ADMIN)
        case "rename":
            lake.rename("t", "renamed", actor)
        case "delete":
            lake.delete("t", actor)
        case "forever":
            for number in range(1000, 10_000):
                lake.append("t", pl.DataFrame({"k": [number], "v": ["x"]}), actor)
                with (world.folder / "acknowledged").open("a") as file:
                    file.write(f"{number}\n")


def stream() -> pa.RecordBatchReader:
    rows = pl.DataFrame({"k": [7, 8], "v": ["v7", "v8"]}).to_arrow()
    return pa.RecordBatchReader.from_batches(rows.schema, rows.to_batches(max_chunksize=1))


class Nursery:
    """A process that has imported everything and started nothing, so that a writer is one fork away."""

    def __init__(self) -> None:
        environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parent))
        code = "from test_lake_commit import nurse; nurse()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, world: World, doing: str, failpoint: str | None) -> int:
        """Forks a writer; gives its process id."""
        run = world.runs.start(RunKind.NOTEBOOK, "writer", actor=ADMIN, parameters={}).id
        return self._ask({"start": [str(world.folder), world.url, run, doing], "failpoint": failpoint})

    def wait(self, pid: int) -> int:
        """The writer's exit code, negative for a signal."""
        return self._ask({"wait": pid})

    def close(self) -> None:
        self._process.communicate(timeout=60)

    def _ask(self, question: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def nurse() -> None:
    for line in sys.stdin:
        question = json.loads(line)
        if "wait" in question:
            answer = os.waitstatus_to_exitcode(os.waitpid(question["wait"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                _work(question)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _work(question: dict[str, Any]) -> NoReturn:
    folder, url, run, doing = question["start"]
    if question["failpoint"]:
        os.environ["WORKBENCH_FAILPOINT"] = question["failpoint"]
    status = 1
    try:
        write(World(folder, url), run, doing)
        status = 0
    finally:
        if status:
            traceback.print_exc()
        os._exit(status)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.long])])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'catalog.db'}" if sqlite else str(request.getfixturevalue("postgres_url"))
    made = World(str(tmp_path), url)
    made.catalog.prepare()
    made.lake.create("t", pl.DataFrame({"k": [0], "v": ["v0"]}), ADMIN)
    for value in (1, 2):
        made.lake.append("t", pl.DataFrame({"k": [value], "v": [f"v{value}"]}), ADMIN)
    yield made
    made.close()


def killed(nursery: Nursery, world: World, doing: str, failpoint: str) -> World:
    """Lets a writer die at its failpoint; gives the lake as a process sees it that starts afterwards."""
    status = nursery.wait(nursery.start(world, doing, failpoint))
    assert status == -signal.SIGKILL, "the writer never came to its failpoint"
    return world.again()


def check_books(world: World, name: str = "t") -> None:
    """Every commit is audited once, in order, and the lineage of each run names the versions it wrote."""
    history = world.lake.versions(name, ADMIN)
    assert [version.number for version in history] == list(range(len(history)))[::-1]
    audited = [
        (entry.action, entry.detail["version"])
        for entry in world.security.audit(thing=f"dataset {name}", limit=10_000)
        if "version" in entry.detail and not entry.action.startswith("delete")
    ]
    assert audited == [(f"{version.operation} dataset", version.number) for version in history]
    for version in history:
        if version.run is not None:
            wrote = [edge for edge in world.runs.edges(version.run) if edge.direction == "write"]
            assert [edge.version for edge in wrote].count(str(version.number)) == 1


@pytest.mark.parametrize("failpoint", COMMIT)
@pytest.mark.parametrize("doing", AFTER)
def test_killed_in_a_commit(nursery: Nursery, world: World, doing: str, failpoint: str) -> None:
    again = killed(nursery, world, doing, failpoint)
    visible = failpoint not in COMMIT[:2]
    assert again.rows() == (AFTER[doing] if visible else BEFORE)
    if doing != "optimize":
        assert again.lake.checkpoint("t", "s", "2013-01-01") == (MARK if visible else None)
    assert again.lake.version("t") == (3 if visible else 2)
    check_books(again)
    assert nursery.wait(nursery.start(again, doing, None)) == 0
    assert again.rows() == AFTER[doing]
    assert again.lake.version("t") == 3
    check_books(again)
    assert world.rows() == AFTER[doing]  # a process that was open all the while sees the same
    again.lake.append("t", again.lake.read("t", ADMIN).clear(), ADMIN)
    check_books(again)


@pytest.mark.parametrize("failpoint", COMMIT)
def test_killed_while_folding(nursery: Nursery, world: World, failpoint: str) -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    rows = pl.DataFrame({"who": [f"s{n}" for n in range(40)], "what": ["view"] * 40, "at": [at] * 40})
    layout = EventLayout(subject="who", time="at", event="what")
    world.lake.create("events", rows, ADMIN, layout=layout)
    for _ in range(7):
        world.lake.append("events", rows, ADMIN)
    again = killed(nursery, world, "fold", failpoint)
    visible = failpoint not in COMMIT[:2]
    assert again.lake.layout("events", ADMIN).periods[0].runs == (1 if visible else 8)
    assert again.lake.read("events", ADMIN).collect()["who"].sort().equals(pl.concat([rows["who"]] * 8).sort())
    check_books(again, "events")
    assert again.lake.fold("events", ADMIN) == (0 if visible else 1)  # the dead process's lease holds nobody up
    assert again.lake.layout("events", ADMIN).periods[0].runs == 1
    assert again.lake.read("events", ADMIN).collect().height == 320
    check_books(again, "events")


@pytest.mark.parametrize("failpoint", COMMIT)
def test_killed_while_creating(nursery: Nursery, world: World, failpoint: str) -> None:
    again = killed(nursery, world, "create", failpoint)
    if failpoint == "lake.commit.after_catalog":
        assert again.rows("made") == [(7, "v7", None)]
        check_books(again, "made")
        return
    assert not again.lake.exists("made")
    assert [info.name for info in again.lake.lists.infos(ADMIN)] == ["t"]
    assert nursery.wait(nursery.start(again, "create", None)) == 0
    assert again.rows("made") == [(7, "v7", None)]
    check_books(again, "made")
    folders = [path for path in (world.folder / "lake").iterdir() if path.is_dir()]
    assert len(folders) == 3
    for folder in folders:
        then = time.time() - 48 * 3600
        os.utime(folder, (then, then))
    report = again.lake.clean("t", ADMIN)
    # Rows that were committed are not removed for want of a catalog entry: they may be another catalog's.
    committed = failpoint in ("lake.commit.after_delta", "lake.commit.after_fsync")
    assert (report.leftovers, len(report.unknown)) == ((0, 1) if committed else (1, 0))
    assert again.rows("made") == [(7, "v7", None)]


@pytest.mark.parametrize("failpoint", ["lake.rename.before_catalog", "lake.rename.after_catalog"])
def test_killed_while_renaming(nursery: Nursery, world: World, failpoint: str) -> None:
    again = killed(nursery, world, "rename", failpoint)
    name, gone = ("t", "renamed") if "before" in failpoint else ("renamed", "t")
    assert again.rows(name) == BEFORE
    assert not again.lake.exists(gone)


@pytest.mark.parametrize("failpoint", ["lake.delete.before_catalog", "lake.delete.after_catalog"])
def test_killed_while_deleting(nursery: Nursery, world: World, failpoint: str) -> None:
    again = killed(nursery, world, "delete", failpoint)
    if "before" in failpoint:
        assert again.rows() == BEFORE
        check_books(again)
        return
    with pytest.raises(NotFound, match="was deleted on"):
        again.rows()
    again.lake.create("t", pl.DataFrame({"k": [9], "v": ["v9"]}), ADMIN)
    assert again.rows() == [(9, "v9", None)]
    assert again.lake.clean("t", ADMIN).leftovers == 1
    assert len([path for path in (world.folder / "lake").iterdir() if path.is_dir()]) == 1


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def test_killed_at_any_time_everything_acknowledged_is_there(nursery: Nursery, world: World, seed: int) -> None:
    writer = nursery.start(world, "forever", None)
    heard = world.folder / "acknowledged"
    while not heard.exists():
        time.sleep(0.01)
    time.sleep(random.Random(seed).uniform(0.3, 1.5))
    os.kill(writer, signal.SIGKILL)
    assert nursery.wait(writer) == -signal.SIGKILL
    acknowledged = [int(line) for line in heard.read_text().splitlines()]
    again = world.again()
    kept = [row[0] for row in again.rows() if row[0] >= 1000]
    assert kept[: len(acknowledged)] == acknowledged
    assert len(kept) - len(acknowledged) in (0, 1)
    check_books(again)
    done = Checkpoint("s", "x", 1)
    again.lake.append("t", pl.DataFrame({"k": [5], "v": ["x"]}), ADMIN, checkpoint=done)
    check_books(again)
