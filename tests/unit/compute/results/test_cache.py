"""Results that are kept: in memory and in files, computed by one of many, never given where they are damaged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from workbench.analytics.metrics import Key, Measure, Measures
from workbench.compute import (
    SUBJECT_HASH,
    Computed,
    EngineUse,
    Late,
    LocalEngine,
    Part,
    Parts,
    Remembering,
    ResultCache,
    anew,
)
from workbench.compute.results.files import UNUSED_SECONDS, Kept, ResultFiles
from workbench.data.lake.parting import Restricted
from workbench.foundation.errors import Invalid
from workbench.governance.security import Policy, Role

USE = EngineUse("local", "2.0", False, 0.5, 1.5, 3, 2, "local: few")
FRAME = pl.DataFrame(
    {
        "day": [date(2024, 3, 1), None],
        "at": [datetime(2024, 3, 1, tzinfo=UTC), None],
        "took": [timedelta(seconds=1), None],
        "text": ["ä\n", None],
        "number": [1, None],
        "share": [0.1, float("nan")],
        "money": [Decimal("1.20"), None],
        "listed": [[1, 2], None],
        "inner": [{"a": 1}, None],
        "yes": [True, None],
        "nothing": [None, None],
    }
)
MADE = datetime(2024, 3, 1, 12, tzinfo=UTC)
COUNT = Measures((Key("k", "k"),), (Measure("n", "count"),))
ROWS = pl.DataFrame({"k": ["a", "b", "a"]})
MEGABYTE = 1 << 20


@dataclass
class Counting:
    """An engine of this process that says how often it was asked."""

    asked: int = 0
    wait: float = 0.0
    fails: int = 0
    name = "local"

    def run(self, analysis: object, parts: Parts) -> Computed:
        self.asked += 1
        time.sleep(self.wait)
        if self.asked <= self.fails:
            raise Invalid(f"no {self.asked}")
        return LocalEngine().run(analysis, parts)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "results"


def remembering(engine: Counting, folder: Path) -> Remembering:
    """As another process has it: nothing in memory yet."""
    return Remembering(engine, ResultCache(folder, 8), "code")


def test_what_was_asked_is_not_computed_again(folder: Path) -> None:
    engine = Counting()
    kept = remembering(engine, folder)
    first, second = kept.run(COUNT, Parts.of(ROWS)), kept.run(COUNT, Parts.of(ROWS))
    other = kept.run(COUNT, Parts.of(ROWS.head(1)))
    assert engine.asked == 2
    assert_frame_equal(first.frame, second.frame)
    assert other.frame.rows() == [("a", 1)]
    assert (first.use.cached, len(first.use.key)) == (None, 40)
    assert first.use.origin == f"computed now, kept by the key {first.use.key}"
    assert second.use.cached is not None
    assert second.use.origin == f"computed at {second.use.cached:%Y-%m-%d %H:%M:%S} UTC, key {first.use.key}"
    assert (second.use.engine, second.use.compute_seconds) == ("local", first.use.compute_seconds)


def test_another_process_has_it_too(folder: Path) -> None:
    one, other = Counting(), Counting()
    first = remembering(one, folder).run(COUNT, Parts.of(ROWS))
    second = remembering(other, folder).run(COUNT, Parts.of(ROWS))
    assert (one.asked, other.asked) == (1, 0)
    assert_frame_equal(first.frame, second.frame)
    assert second.use.cached is not None


def test_who_gets_a_result_cannot_change_it_for_others(folder: Path) -> None:
    kept = remembering(Counting(), folder)
    for _ in range(3):
        found = kept.run(COUNT, Parts.of(ROWS)).frame
        assert found.rows() == [("a", 2), ("b", 1)]
        found[0, "n"] = 99
        found.insert_column(0, pl.Series("more", [1, 2]))


def test_anew_is_computed_and_kept_for_others(folder: Path) -> None:
    engine = Counting()
    kept = remembering(engine, folder)
    kept.run(COUNT, Parts.of(ROWS))
    again = anew(kept).run(COUNT, Parts.of(ROWS))
    assert (engine.asked, again.use.cached) == (2, None)
    assert kept.run(COUNT, Parts.of(ROWS)).use.cached is not None
    assert anew(LocalEngine()).run(COUNT, Parts.of(ROWS)).frame.height == 2


def test_what_has_no_key_is_computed_each_time(folder: Path) -> None:
    engine = Counting()
    kept = remembering(engine, folder)
    rows = Parts((Parts.of(ROWS).parts[0].shaped(lambda rows: rows),))
    uses = [kept.run(COUNT, rows).use for _ in range(2)]
    assert (engine.asked, [use.origin for use in uses]) == (2, ["computed now"] * 2)


def test_one_of_many_computes(folder: Path) -> None:
    engine = Counting(wait=0.3)
    kept = remembering(engine, folder)
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda _: kept.run(COUNT, Parts.of(ROWS)), range(10)))
    assert engine.asked == 1
    assert sum(one.use.cached is None for one in found) == 1
    assert all(one.frame.equals(found[0].frame) for one in found)


def test_where_the_one_fails_the_next_tries(folder: Path) -> None:
    engine = Counting(wait=0.05, fails=3)
    kept = remembering(engine, folder)

    def ask(_: int) -> str:
        try:
            return str(kept.run(COUNT, Parts.of(ROWS)).frame.height)
        except Invalid as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(ask, range(8)))
    assert found == ["2"] * 5 + ["no 1", "no 2", "no 3"]
    assert engine.asked == 4


def test_who_waits_for_another_gets_a_result_that_is_too_large_to_keep(folder: Path) -> None:
    large = pl.DataFrame({"k": [f"{n:0100}" for n in range(30_000)]})
    engine = Counting(wait=1.0)
    kept = Remembering(engine, ResultCache(folder, 1), "code")
    begun = threading.Barrier(3)

    def ask(_: int) -> int:
        begun.wait()
        return kept.run(COUNT, Parts.of(large)).frame.height

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(ask, range(3))) == [30_000] * 3
    assert engine.asked == 1
    assert not list(folder.glob("*"))
    engine.wait = 0
    kept.run(COUNT, Parts.of(large))
    assert engine.asked == 2


def test_memory_is_bounded(folder: Path) -> None:
    cache = ResultCache(folder, 1)
    frame = pl.DataFrame({"a": range(10_000)})
    for n in range(100):
        cache.get(f"{n:040}", lambda: Computed(frame, USE))
    assert cache._held <= MEGABYTE
    assert sum(size for _, size in cache._memory.values()) == cache._held
    assert f"{99:040}" in cache._memory


def test_subjects_are_kept_in_memory_only(folder: Path) -> None:
    cache = ResultCache(folder, 8)
    named = pl.DataFrame({SUBJECT_HASH: [1], "who": ["ada"]})
    for _ in range(2):
        found = cache.get("k" * 40, lambda: Computed(named, USE))
    assert found.use.cached is not None
    assert not list(folder.glob("*"))


def test_a_late_shape_is_made_only_where_something_is_computed(folder: Path) -> None:
    made: list[int] = []

    def shaped() -> Parts:
        def make() -> Restricted:
            made.append(1)
            return Restricted(Policy(dataset="d", role=Role.VIEWER, row_filter="k = 'a'"))

        return Parts((Parts.of(ROWS).parts[0].shaped(Late("k is a", make)),))

    engine = Counting()
    kept = remembering(engine, folder)
    assert [kept.run(COUNT, shaped()).frame.rows() for _ in range(3)] == [[("a", 2)]] * 3
    assert made == [1]


def test_a_file_gives_back_what_was_written(folder: Path) -> None:
    files = ResultFiles(folder, 8 * MEGABYTE)
    assert files.read("k") is None
    for frame in (FRAME, FRAME.clear(), pl.DataFrame()):
        files.write("k", Kept(frame, USE, MADE), time.time())
        found = files.read("k")
        assert found is not None
        assert_frame_equal(found.frame, frame)
        assert (found.use, found.made) == (USE, MADE)
        assert found.told("k")[1].cached == MADE


def damages(content: bytes) -> list[bytes]:
    flipped = [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in range(0, len(content), 7)]
    cut = [content[:at] for at in range(0, len(content), 11)]
    return [*flipped, *cut, content + b"\0", b"", b"\n\n", os.urandom(100)]


def test_a_damaged_file_is_no_result_and_goes(folder: Path) -> None:
    files = ResultFiles(folder, 8 * MEGABYTE)
    files.write("k", Kept(FRAME, USE, MADE), time.time())
    (path,) = folder.iterdir()
    content = path.read_bytes()
    for damaged in damages(content):
        path.write_bytes(damaged)
        assert files.read("k") is None
        assert not path.exists()
    path.write_bytes(content)
    assert files.read("k") is not None
    (folder / "other.result").write_bytes(content)
    assert files.read("other") is None, "it is of another key"


def test_a_damaged_file_is_mended_by_whoever_asks(folder: Path) -> None:
    remembering(Counting(), folder).run(COUNT, Parts.of(ROWS))
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    engine = Counting()
    assert remembering(engine, folder).run(COUNT, Parts.of(ROWS)).frame.height == 2
    assert engine.asked == 1
    assert remembering(engine, folder).run(COUNT, Parts.of(ROWS)).frame.height == 2
    assert engine.asked == 1


def test_files_are_bounded_and_the_oldest_goes_first(folder: Path) -> None:
    files = ResultFiles(folder, MEGABYTE)
    frame = pl.DataFrame({"a": [os.urandom(40_000)]})
    for n in range(60):
        files.write(f"{n:02}", Kept(frame, USE, MADE), time.time())
        os.utime(folder / f"{n:02}.result", (n, n + time.time() - 1_000))
        assert files.read("00") is not None, "somebody asks for it all the time"
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MEGABYTE * 17 / 16
    assert files.read("59") is not None
    assert files.read("01") is None
    files.write("large", Kept(pl.DataFrame({"a": [os.urandom(200_000)]}), USE, MADE), time.time())
    assert files.read("large") is None, "more than an eighth of all"


def test_what_nobody_asks_for_goes_and_so_does_what_a_crash_left(folder: Path) -> None:
    files = ResultFiles(folder, MEGABYTE)
    for name in ("used", "unused"):
        files.write(name, Kept(FRAME, USE, MADE), time.time())
    (folder / ".half.1234").write_bytes(b"half")
    (folder / ".now.1234").write_bytes(b"half")
    old = time.time() - UNUSED_SECONDS - 1
    for name in ("unused.result", ".half.1234"):
        os.utime(folder / name, (old, old))
    assert files.tidy() == 1
    assert {path.name for path in folder.iterdir()} == {"used.result", ".now.1234"}
    assert ResultFiles(folder / "none", MEGABYTE).tidy() == 0


def test_a_folder_that_cannot_be_written_to_keeps_nothing_and_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    engine = Counting()
    kept = remembering(engine, tmp_path / "file" / "results")
    assert [kept.run(COUNT, Parts.of(ROWS)).frame.height for _ in range(2)] == [2, 2]
    assert engine.asked == 1, "memory has it"


WRITER = """
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
import polars as pl
from workbench.compute import EngineUse
from workbench.compute.results.files import Kept, ResultFiles
use = EngineUse("local", "2", False, 0, 0, 1, 1)
for number in range(int(sys.argv[2])):
    rows = pl.DataFrame({"a": [number] * 1000})
    ResultFiles(Path(sys.argv[1]), 8 << 20).write("k", Kept(rows, use, datetime.now(UTC)), time.time())
"""


def write(folder: Path, times: int, failpoint: str | None = None) -> int:
    wanted = {} if failpoint is None else {"WORKBENCH_FAILPOINT": failpoint}
    found = subprocess.run(
        [sys.executable, "-c", WRITER, str(folder), str(times)], env=os.environ | wanted, check=False
    )
    return found.returncode


@pytest.mark.parametrize("before", [0, 3])
def test_a_writer_that_is_killed_leaves_the_older_result_or_none(folder: Path, before: int) -> None:
    assert write(folder, before) == 0
    assert write(folder, 9, f"results.before_rename@{before + 5}") == -signal.SIGKILL
    found = ResultFiles(folder, MEGABYTE).read("k")
    assert found is not None
    assert found.frame["a"].unique().to_list() == [before + 3]


def test_processes_that_write_and_read_at_once_see_whole_results(folder: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(folder), "200"]) for _ in range(2)]
    files, seen = ResultFiles(folder, 8 * MEGABYTE), 0
    while any(writer.poll() is None for writer in writers):
        found = files.read("k")
        if found is not None:
            seen += 1
            assert found.frame.height == 1_000
            assert found.frame["a"].n_unique() == 1
    assert seen
    assert [writer.returncode for writer in writers] == [0, 0]
    assert [path.name for path in folder.iterdir()] == ["k.result"]


def test_one_process_has_one_cache_of_a_folder(folder: Path) -> None:
    make: Callable[[], ResultCache] = lambda: ResultCache.at(folder, 8)  # noqa: E731
    with ThreadPoolExecutor(4) as pool:
        assert len({id(found) for found in pool.map(lambda _: make(), range(20))}) == 1


def test_results_of_files_that_went_for_good_go_too(folder: Path, tmp_path: Path) -> None:
    homes = []
    for name in ("a", "b"):
        homes.append(tmp_path / name)
        homes[-1].mkdir()
        ROWS.write_parquet(homes[-1] / "rows.parquet")
    parts = [Parts((Part(files=(str(home / "rows.parquet"),), schema=dict(ROWS.schema), rows=3),)) for home in homes]
    mine, other = Counting(), Counting()
    cache = ResultCache(folder, 8)
    kept = Remembering(mine, cache, "code")
    for one in parts:
        kept.run(COUNT, one)
    (folder / "damaged.result").write_bytes(b"damaged")
    assert cache.forget(homes[0]) == 1
    assert [kept.run(COUNT, one).use.cached is None for one in parts] == [True, False], "memory forgot it, too"
    cache.forget(homes[0])
    assert [remembering(other, folder).run(COUNT, one).use.cached is None for one in parts] == [True, False]


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "another process"])
def test_what_is_being_computed_when_its_files_go_is_given_and_not_kept(
    folder: Path, tmp_path: Path, elsewhere: bool
) -> None:
    home = tmp_path / "home"
    of = frozenset({str(home)})
    cache = ResultCache(folder, 8)
    forgetting = ResultCache(folder, 8) if elsewhere else cache

    def computed() -> Computed:
        assert forgetting.forget(home) == 0
        return Computed(FRAME, USE)

    assert_frame_equal(cache.get("k", computed, of).frame, FRAME)
    assert list(folder.glob("*.result")) == []
    time.sleep(0.05)
    cache.get("k", lambda: Computed(FRAME, USE), of)
    assert [path.name for path in folder.glob("*.result")] == ["k.result"], "a later one is kept again"
    assert cache.get("k", lambda: Computed(FRAME.clear(), USE), of).use.cached is not None
