"""A disk that runs full in the middle of a write: one clear error, everything as it was, and on with the work."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from scripted_api import Reply, serving

from workbench import Workbench
from workbench.compute import ResultCache
from workbench.data.connectors import open_source
from workbench.data.lake import Checkpoint, Datasets, Lake
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Unavailable
from workbench.foundation.observability import configure, logger
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Principal, Role, Security

ADMIN = Actor(Principal("ada", Role.ADMIN))
DISK_BYTES = 12 << 20
NOISE = pl.DataFrame({"k": range(1, 400_001)}).with_columns(v=pl.col("k").hash(7).cast(pl.String))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 12 MB."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a small disk can only be mounted by root on Linux")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    # Lazily: a handle that is about to be collected must not keep it here.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def lake(disk: Path) -> Iterator[Lake]:
    """A lake and its catalog, both on the small disk."""
    catalog = Catalog(f"sqlite:///{disk / 'catalog.db'}")
    catalog.prepare()
    made = Lake(disk / "lake", catalog, Runs(catalog, Settings(home=disk)), Security(catalog))
    made.create("t", pl.DataFrame({"k": [0], "v": ["v0"]}), ADMIN, key=["k"])
    yield made
    catalog.close()


def fill(disk: Path, leaving: int) -> Path:
    """Takes all space but so many bytes."""
    found = os.statvfs(disk)
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(found.f_bavail * found.f_frsize - leaving, 1))
    return ballast


def files(disk: Path) -> set[str]:
    return {str(path) for path in (disk / "lake").rglob("*") if path.is_file()}


def audit(disk: Path) -> list[str]:
    catalog = Catalog(f"sqlite:///{disk / 'catalog.db'}")
    try:
        return [f"{entry.action} {entry.thing}" for entry in Security(catalog).audit(limit=1000)]
    finally:
        catalog.close()


@pytest.mark.parametrize("leaving", [0, 8 << 10, 64 << 10, 512 << 10, 1 << 20, 2 << 20])
@pytest.mark.parametrize("doing", ["create", "append", "overwrite", "upsert", "evolve"])
def test_a_write_that_does_not_fit_changes_nothing(disk: Path, lake: Lake, doing: str, leaving: int) -> None:
    def write() -> None:
        done = Checkpoint("s", "x", 1)
        match doing:
            case "create":
                lake.create("u", NOISE, ADMIN)
            case "append":
                lake.append("t", NOISE, ADMIN, checkpoint=done)
            case "overwrite":
                lake.overwrite("t", NOISE, ADMIN, checkpoint=done)
            case "upsert":
                lake.upsert("t", NOISE, ADMIN, checkpoint=done)
            case "evolve":
                lake.append("t", NOISE.with_columns(x=1), ADMIN, evolve=True, checkpoint=done)

    before, told = files(disk), audit(disk)
    ballast = fill(disk, leaving)
    with pytest.raises(Unavailable, match="no space left") as caught:
        write()
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert lake.read("t", ADMIN).collect().rows() == [(0, "v0")]
    ballast.unlink()
    assert files(disk) == before
    assert audit(disk) == told
    assert lake.version("t") == 0
    assert lake.checkpoint("t", "s", "x") is None
    assert not lake.exists("u")
    write()
    expected = {"append": 400_001, "evolve": 400_001, "upsert": 400_001}.get(doing, 400_000)
    name = "u" if doing == "create" else "t"
    assert lake.read(name, ADMIN).select(pl.len()).collect().item() == expected
    assert len(audit(disk)) == len(told) + 1


def test_a_small_write_on_a_nearly_full_disk_is_whole_or_nothing(disk: Path, lake: Lake) -> None:
    kept = 1
    for leaving in range(0, 3 << 20, 128 << 10):
        ballast = fill(disk, leaving)
        before = audit(disk)
        try:
            lake.append("t", pl.DataFrame({"k": [leaving + 1], "v": ["x"]}), ADMIN)
            kept += 1
            assert len(audit(disk)) == len(before) + 1
        except Unavailable:
            assert audit(disk) == before
        finally:
            ballast.unlink()
        assert lake.read("t", ADMIN).collect().height == kept
        assert lake.version("t") == kept - 1
    assert kept > 2


def test_a_disk_without_a_byte_left_can_be_read_by_who_comes_anew(disk: Path) -> None:
    (disk / "workbench.toml").write_text("")
    with Workbench.open(disk) as wb:
        wb.datasets.create("t", pl.DataFrame({"k": [1]}))
    ballast = fill(disk, 0)
    with Workbench.open(disk) as one, Workbench.open(disk) as other:
        for wb in (one, other):
            assert [item.name for item in wb.datasets.search().items] == ["t"]
            assert wb.sql("SELECT k FROM t").to_dicts() == [{"k": 1}]
            assert wb.datasets["t"].preview().height == 1
            with pytest.raises(Unavailable, match="no space left"):
                wb.datasets["t"].append(pl.DataFrame({"k": [2]}))
        ballast.unlink()
        other.datasets["t"].append(pl.DataFrame({"k": [2]}))
        assert one.datasets["t"].to_polars().height == 2


def test_a_full_disk_keeps_no_results_and_answers_all_the_same(disk: Path) -> None:
    (disk / "workbench.toml").write_text("")
    rows = pl.DataFrame({"k": ["a", "b", "a"]})
    with Workbench.open(disk) as wb:
        wb.datasets.create("t", rows)
        wb.metrics.define({"name": "n", "dataset": "t", "aggregation": "count", "dimensions": ["k"]})
    ballast = fill(disk, 0)
    for _ in range(2):
        ResultCache._open.clear()  # as another process: nothing is in memory
        with Workbench.open(disk) as wb:
            found = [wb.metrics.query("n", by="k") for _ in range(2)]
            assert [one.frame.rows() for one in found] == [[("a", 2), ("b", 1)]] * 2
            assert [one.engines[0].cached is None for one in found] == [True, False]
    assert not list((disk / ".workbench").glob("results/*"))
    ballast.unlink()
    ResultCache._open.clear()
    with Workbench.open(disk) as wb:
        wb.metrics.query("n", by="k")
        assert len(list((disk / ".workbench" / "results").glob("*.result"))) == 1


def test_a_log_line_that_does_not_fit_is_no_error_of_the_reader(disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(disk, 0)
    configure(disk)
    logger("lake").info("x" * 100_000)
    configure(disk.parent)
    assert capsys.readouterr().err == ""


def test_an_export_that_does_not_fit_leaves_the_older_file(disk: Path, lake: Lake) -> None:
    lake.append("t", NOISE, ADMIN)
    target = disk / "out.csv"
    target.write_text("older")
    fill(disk, 64 << 10)
    with pytest.raises(Unavailable, match="no space left"):
        Datasets(lake, ADMIN).get("t").export(target, overwrite=True)
    assert target.read_text() == "older"
    assert not list(disk.glob(".out*"))


def test_a_disk_that_may_only_be_read_is_one_sentence_and_still_readable(disk: Path, tmp_path: Path) -> None:
    catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    catalog.prepare()
    lake = Lake(disk / "lake", catalog, Runs(catalog, Settings(home=tmp_path)), Security(catalog))
    lake.create("t", pl.DataFrame({"k": [0]}), ADMIN)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for write in (
        lambda: lake.create("u", pl.DataFrame({"k": [0]}), ADMIN),
        lambda: lake.append("t", pl.DataFrame({"k": [1]}), ADMIN),
    ):
        with pytest.raises(Unavailable, match="may not be written to") as caught:
            write()
        assert caught.value.hint
    assert not lake.exists("u")
    assert lake.read("t", ADMIN).collect().rows() == [(0,)]
    catalog.close()


def test_a_disk_full_of_an_apis_pages_is_one_sentence_and_free_again(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    page = [{"text": f"{number}{'x' * 1000}"} for number in range(1000)]
    free = os.statvfs(disk).f_bavail
    with serving(lambda asked: Reply([{"page": asked.query["page"]}, *page])) as site:
        source = open_source(f"{site.address}/rows#pages=page&private=yes")
        with pytest.raises(Unavailable, match=f"no space in {disk} for the rows of .*/rows"):
            next(source.batches())
        assert len(site.asked) > 5
    assert os.statvfs(disk).f_bavail == free
