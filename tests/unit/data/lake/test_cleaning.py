from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import deltalake
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.lake import Lake
from workbench.data.lake.cleaning import Lifetime, unneeded
from workbench.data.lake.datafiles import second_name
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Invalid, NotFound
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Security

DAY = 24 * 3600


def numbers(*values: int) -> pl.DataFrame:
    return pl.DataFrame({"k": list(values)})


def folder_of(lake: Lake) -> Path:
    (folder,) = (path for path in lake.root.iterdir() if path.is_dir())
    return folder


def age(path: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def test_a_pinned_version_outlives_clean_up_and_the_others_say_that_they_are_gone(
    lake: Lake, admin: Actor, in_run: Callable[[], Actor], runs: Runs
) -> None:
    lake.create("t", numbers(0), admin)
    for value in range(1, 6):
        lake.overwrite("t", numbers(value), admin)
    inside = in_run()
    lake.read("t", inside, version=2)
    report = lake.clean("t", admin, keep_days=0)
    assert report.files == 4
    assert report.pinned == (2,)
    assert report.complete_from == 5
    assert "pinned 2 kept" in str(report)
    assert lake.read("t", admin).collect().rows() == [(5,)]
    assert lake.read("t", admin, version=2).collect().rows() == [(2,)]
    for version in (0, 1, 3, 4):
        with pytest.raises(NotFound, match=f"version {version} of 't' was cleaned away") as caught:
            lake.read("t", admin, version=version)
        assert caught.value.hint == "versions from 5 on are complete"
    assert lake.clean("t", admin, keep_days=0).files == 0


def test_young_versions_stay(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin)
    lake.overwrite("t", numbers(1), admin)
    assert lake.clean("t", admin).files == 0
    assert lake.read("t", admin, version=0).collect().rows() == [(0,)]


def test_how_long_versions_are_kept_is_a_number_of_days(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin)
    lake.overwrite("t", numbers(1), admin)
    for days in (1e9, 1e12, float("inf")):
        assert lake.clean("t", admin, keep_days=days).files == 0
    for days in (-1, float("nan")):
        with pytest.raises(Invalid, match="0 days or more"):
            lake.clean("t", admin, keep_days=days)


def test_a_pin_holds_across_delta_checkpoints_and_old_log_entries(
    lake: Lake, admin: Actor, in_run: Callable[[], Actor]
) -> None:
    lake.create("t", numbers(0), admin)
    lake.read("t", in_run())
    log = folder_of(lake) / "_delta_log"
    for value in range(1, 205):
        lake.overwrite("t", numbers(value), admin)
        if value == 150:  # Delta's own clean-up would remove entries older than 30 days at the next checkpoint
            for entry in log.glob("*"):
                age(entry, 60)
    assert len(list(log.glob("*.checkpoint.parquet"))) == 2
    assert len(list(log.glob("0*.json"))) == 205
    deltalake.DeltaTable(str(folder_of(lake))).create_checkpoint()
    report = lake.clean("t", admin, keep_days=0)
    assert report.files == 203
    fresh = Lake(lake.root, lake._store._catalog, lake._runs, lake._security)
    assert fresh.read("t", admin, version=0).collect().rows() == [(0,)]
    assert fresh.read("t", admin).collect().rows() == [(204,)]
    assert fresh.checkpoint("t", "a", "b") is None
    with pytest.raises(NotFound, match="cleaned away"):
        fresh.read("t", admin, version=100)
    assert len(fresh.versions("t", admin)) == 205


def test_what_crashed_writes_and_deleted_datasets_left_is_removed_once_it_is_old(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin)
    folder = folder_of(lake)
    young, old = folder / "part-0-0-young.parquet", folder / "part-0-0-old.parquet"
    for path in (young, old):
        path.write_bytes(b"half a file")
    age(old, 2)
    begun, abandoned = lake.root / "begun", lake.root / "abandoned"
    for path in (begun, abandoned):
        path.mkdir()
    age(abandoned, 2)
    report = lake.clean("t", admin)
    assert report.files == 1
    assert report.leftovers == 1
    assert young.exists()
    assert begun.exists()
    assert not old.exists()
    assert not abandoned.exists()


@pytest.mark.parametrize("begun", ["create", "append"])
def test_files_of_a_commit_in_progress_are_nobodys_leftovers(
    lake: Lake, admin: Actor, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    """The writer is stopped before its commit, as if the machine had slept for days, and somebody cleans meanwhile."""
    lake.create("t", numbers(1, 2), admin, key="k")
    for path in folder_of(lake).glob("*.parquet"):
        age(path, 2)  # the links that keep these files in an evolved version are as old as they

    def others_clean(name: str) -> None:
        if name == "lake.commit.before_delta":
            for path in (*lake.root.iterdir(), *lake.root.glob("*/*.parquet")):
                age(path, 2)
            Lake(lake.root, lake._store._catalog, lake._runs, lake._security).clean("t", admin, keep_days=0)

    monkeypatch.setattr("workbench.data.lake.deltalog.failpoint", others_clean)
    monkeypatch.setattr("workbench.data.lake.datafiles.time.time_ns", lambda: int((time.time() - 2 * DAY) * 1e9))
    if begun == "create":
        lake.create("u", numbers(3), admin)
        assert lake.read("u", admin).collect().rows() == [(3,)]
    else:
        lake.append("t", pl.DataFrame({"k": [3], "w": [1]}), admin, evolve=True)
        assert sorted(lake.read("t", admin).collect().rows()) == [(1, None), (2, None), (3, 1)]


def test_a_link_is_as_young_as_its_name(lake: Lake, admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.create("t", numbers(1), admin)
    (file,) = folder_of(lake).glob("*.parquet")
    age(file, 2)
    link = file.with_name(second_name(file.name))
    os.link(file, link)
    assert lake.clean("t", admin).files == 0
    assert link.exists()
    monkeypatch.setattr("workbench.data.lake.cleaning.STRAY_SECONDS", -1)
    assert lake.clean("t", admin).files == 1
    assert not link.exists()
    assert lake.read("t", admin).collect().rows() == [(1,)]


def test_who_loses_the_race_to_evolve_takes_nothing_of_the_winner(
    lake: Lake, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.create("t", numbers(1), admin)
    other = Lake(lake.root, lake._store._catalog, lake._runs, lake._security)
    raced = []

    def overtake(name: str) -> None:
        if name == "lake.commit.before_delta" and not raced:
            raced.append(name)
            other.append("t", pl.DataFrame({"k": [2], "w": [2]}), admin, evolve=True)

    monkeypatch.setattr("workbench.data.lake.deltalog.failpoint", overtake)
    lake.append("t", pl.DataFrame({"k": [3], "x": [3]}), admin, evolve=True)
    assert sorted(lake.read("t", admin).collect().select("k").to_series()) == [1, 2, 3]
    assert other.read("t", admin, version=1).collect().height == 2
    assert lake.clean("t", admin, keep_days=0).files > 0
    assert lake.read("t", admin).collect().height == 3


def test_a_dataset_that_another_catalog_knows_is_left_alone_however_old(
    lake: Lake, admin: Actor, tmp_path: Path
) -> None:
    lake.create("theirs", numbers(1), admin)
    (theirs,) = (path for path in lake.root.iterdir() if path.is_dir())
    other = Catalog(f"sqlite:///{tmp_path / 'other.db'}")
    other.prepare()
    mine = Lake(lake.root, other, Runs(other, Settings(home=tmp_path)), Security(other))
    mine.create("t", numbers(0), admin)
    damaged = lake.root / "damaged"
    (damaged / "_delta_log").mkdir(parents=True)
    (damaged / "_delta_log" / "00000000000000000000.json").write_text("no json")
    begun = lake.root / "begun"
    (begun / "_delta_log").mkdir(parents=True)
    (begun / "_delta_log" / "00000000000000000000.json").touch()
    for path in (theirs, damaged, begun):
        age(path, 60)
    report = mine.clean("t", admin)
    assert set(report.unknown) == set(mine.unknown_folders()) == {theirs, damaged}
    assert report.leftovers == 1
    assert "2 folders of datasets that the catalog does not know were left alone" in str(report)
    assert not begun.exists()
    assert lake.read("theirs", admin).collect().rows() == [(1,)]
    lake.delete("theirs", admin)
    other.close()


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=3),
        st.tuples(st.integers(0, 8), st.none() | st.integers(1, 8)),
        max_size=8,
    ),
    st.sets(st.integers(0, 9), min_size=1),
)
def test_exactly_the_files_of_no_kept_version_are_unneeded(
    files: dict[str, tuple[int, int | None]], kept: set[int]
) -> None:
    lives = {
        path: Lifetime(added, None if length is None else added + length) for path, (added, length) in files.items()
    }
    gone = unneeded(lives, kept)
    for path, life in lives.items():
        end = life.removed if life.removed is not None else 100
        assert (path in gone) == (not kept & set(range(life.added, end)))
