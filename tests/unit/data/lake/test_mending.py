"""What a power cut may tear, torn by hand."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from workbench.data.lake import Lake
from workbench.data.lake import disk as disk_module
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import IntegrityError
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Security


def numbers(*values: int) -> pl.DataFrame:
    return pl.DataFrame({"k": list(values)})


@pytest.fixture
def reopened(tmp_path: Path, catalog: Catalog, runs: Runs, security: Security) -> Lake:
    """The same lake as a process that starts later sees it."""
    return Lake(tmp_path / "lake", catalog, runs, security)


def log_of(lake: Lake) -> Path:
    (folder,) = (path for path in lake.root.iterdir() if path.is_dir())
    return folder / "_delta_log"


@pytest.mark.parametrize("torn", [b"", b"\0" * 100, b'{"commitInfo": {"opera'])
def test_a_torn_entry_that_nobody_was_told_of_is_set_aside(
    lake: Lake, reopened: Lake, admin: Actor, torn: bytes
) -> None:
    lake.create("t", numbers(0), admin)
    lake.append("t", numbers(1), admin)
    (log_of(lake) / f"{2:020d}.json").write_bytes(torn)
    assert reopened.read("t", admin).collect().height == 2
    assert reopened.append("t", numbers(2), admin).number == 2
    assert lake.read("t", admin).collect().height == 3


def test_a_process_that_is_open_already_mends_too(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin)
    lake.read("t", admin)
    (log_of(lake) / f"{1:020d}.json").write_bytes(b"")
    assert lake.read("t", admin).collect().height == 1
    assert lake.append("t", numbers(1), admin).number == 1


def test_a_damaged_entry_that_a_writer_was_told_of_is_never_dropped(lake: Lake, reopened: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin)
    lake.append("t", numbers(1), admin)
    entry = log_of(lake) / f"{1:020d}.json"
    entry.write_bytes(b"")
    with pytest.raises(
        IntegrityError, match=r"the dataset 't' is damaged: its log entry .*0001\.json is not what"
    ) as caught:
        reopened.read("t", admin)
    assert "backup" in str(caught.value.hint)
    assert entry.exists()


def test_a_torn_checkpoint_is_removed_since_the_entries_say_it_all(lake: Lake, reopened: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin)
    for value in range(1, 105):
        lake.append("t", numbers(value), admin)
    (checkpoint,) = log_of(lake).glob("*.checkpoint.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    assert reopened.read("t", admin).collect().height == 105
    assert reopened.append("t", numbers(105), admin).number == 105


def test_files_that_are_gone_are_one_sentence(lake: Lake, reopened: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin)
    log_of(lake).rename(lake.root / "elsewhere")
    with pytest.raises(IntegrityError, match="'t' is damaged: its files are gone"):
        reopened.read("t", admin)


def test_everything_a_commit_consists_of_is_synced_before_it_is_acknowledged(
    lake: Lake, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    real = disk_module.os.fsync

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").resolve()
        committed = any(entry.stem.isdigit() and int(entry.stem) == expected for entry in log.glob("0*.json"))
        synced.append((path.name, committed))
        real(handle)

    lake.create("t", numbers(0), admin)
    log, expected = log_of(lake), 1
    before = set(log.parent.glob("part-*"))
    monkeypatch.setattr(disk_module.os, "fsync", fsync)
    lake.append("t", numbers(1), admin)
    (data,) = set(log.parent.glob("part-*")) - before
    of_the_lake = [entry for entry in synced if not entry[0].startswith("catalog")]
    assert of_the_lake == [
        (data.name, False),  # the rows and their folder, before any log entry names them
        (log.parent.name, False),
        (f"{1:020d}.json", True),
        ("_delta_log", True),
    ]
