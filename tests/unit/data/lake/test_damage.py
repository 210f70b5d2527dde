"""A dataset whose files are damaged: one sentence that names it and says what to do, and the others go on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from workbench.foundation.errors import IntegrityError
from workbench.governance.security import Policy, Principal, Role
from workbench.starters import examine

if TYPE_CHECKING:
    from workbench import Workbench

FIRST = f"{0:020d}.json"


def first_file(folder: Path) -> Path:
    return min(folder.glob("*.parquet"))


def overwrite(path: Path, *, but_footer: bool) -> None:
    content = path.read_bytes()
    kept = int.from_bytes(content[-8:-4], "little") + 8 if but_footer else 0
    path.write_bytes(b"\xff" * (len(content) - kept) + content[len(content) - kept :])


HARM: dict[str, Callable[[Path], object]] = {
    "junk": lambda folder: first_file(folder).write_bytes(b"junk"),
    "junk of the same size": lambda folder: overwrite(first_file(folder), but_footer=False),
    "junk in the middle": lambda folder: overwrite(first_file(folder), but_footer=True),
    "a file is gone": lambda folder: first_file(folder).unlink(),
    "the folder is gone": shutil.rmtree,
    "a junk log entry": lambda folder: (folder / "_delta_log" / FIRST).write_text("junk"),
    "another log entry": lambda folder: (folder / "_delta_log" / FIRST).write_text('{"add": {}}'),
    "a log entry is gone": lambda folder: (folder / "_delta_log" / FIRST).unlink(),
}


@pytest.fixture
def harmed(wb: Workbench, workspace: Path) -> Callable[[str], Workbench]:
    """Two datasets and a metric of each; the function harms one and opens the workspace anew."""
    frame = pl.DataFrame({"id": range(1000), "v": [1] * 1000})
    (workspace / "metrics").mkdir()
    for name in ("bad", "good"):
        wb.datasets.create(name, frame, key="id").append(frame.with_columns(pl.col("id") + 1000))
        (workspace / "metrics" / f"{name}.yaml").write_text(
            f"- {{name: sum_{name}, dataset: {name}, aggregation: sum, column: v}}"
        )
    viewer = Policy(dataset="bad", role=Role.VIEWER, row_filter="id = 1")
    wb.security.set_policy(viewer, by=wb.actor.principal)

    def harm(how: str) -> Workbench:
        HARM[how](wb.lake.root / wb.datasets["bad"].info.id)
        return type(wb).open(workspace)

    return harm


@pytest.mark.parametrize("how", HARM)
def test_every_door_names_the_dataset_and_says_what_to_do(
    harmed: Callable[[str], Workbench], workspace: Path, how: str
) -> None:
    with harmed(how) as wb:
        bad = wb.datasets["bad"]
        doors: list[Callable[[], object]] = [
            bad.preview,
            bad.to_polars,
            bad.to_pandas,
            bad.to_arrow,
            lambda: bad.export(workspace / "x.csv"),
            lambda: wb.metrics.query("sum_bad"),
            lambda: wb.sql("SELECT sum(v) FROM bad"),
            bad.optimize,
            lambda: bad.upsert(pl.DataFrame({"id": [5], "v": [7]})),
        ]
        if how != "junk in the middle":
            doors.append(lambda: bad.info)
        for door in doors:
            with pytest.raises(IntegrityError, match=r"the dataset 'bad' is damaged: .*/") as caught:
                door()
            assert "\n" not in str(caught.value)
            assert "workbench dataset delete bad" in str(caught.value.hint)
        assert not (workspace / "x.csv").exists()


@pytest.mark.parametrize("how", HARM)
def test_other_datasets_and_lists_go_on_and_it_can_be_deleted(
    harmed: Callable[[str], Workbench], workspace: Path, how: str
) -> None:
    with harmed(how) as wb:
        assert [item.name for item in wb.datasets.search().items] == ["bad", "good"]
        vera = wb.acting_as(Principal("vera", Role.VIEWER))
        assert [item.name for item in vera.datasets.search().items] == ["bad", "good"]
        assert "good" in repr(wb.datasets)
        assert wb.datasets["good"].to_polars().height == 2000
        assert wb.metrics.query("sum_good").to_polars().item() == 2000
        wb.datasets["good"].upsert(pl.DataFrame({"id": [5], "v": [7]}))
        found = [finding for finding in examine(workspace) if finding.what == "datasets"]
        if how != "junk in the middle":
            assert [finding.state for finding in found] == ["wrong", "ok"]
            assert "the dataset 'bad' is damaged" in found[0].said
            assert found[1].said == "1 readable"
        wb.datasets.delete("bad")
        assert "bad" not in wb.datasets
        wb.datasets.create("bad", pl.DataFrame({"id": [1]}))
        assert wb.datasets["bad"].to_polars().height == 1


def test_a_whole_version_of_a_damaged_dataset_is_read_and_overwriting_helps(wb: Workbench, workspace: Path) -> None:
    frame = pl.DataFrame({"id": [1]})
    dataset = wb.datasets.create("t", frame)
    dataset.append(frame)
    max((wb.lake.root / dataset.info.id).glob("*.parquet")).unlink()
    with pytest.raises(IntegrityError, match="is gone") as caught:
        dataset.to_polars()
    assert "older version" in str(caught.value.hint)
    assert dataset.at(version=0).to_polars().height == 1
    dataset.overwrite(frame)
    assert dataset.to_polars().height == 1
