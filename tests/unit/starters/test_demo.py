from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from filelock import FileLock

from workbench import Workbench
from workbench.foundation.errors import Conflict, Invalid
from workbench.starters import reset_demo, run_demo


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(Invalid, match="holds other things") as caught:
        run_demo(tmp_path)
    assert "empty folder" in str(caught.value.hint)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("act", [run_demo, reset_demo])
def test_a_second_demo_in_the_same_workspace_is_refused(workspace: Path, act: object) -> None:
    (workspace / ".workbench").mkdir()
    with FileLock(workspace / ".workbench" / "demo.lock"), pytest.raises(Conflict, match="a demo is running in"):
        act(workspace)  # type: ignore[operator]


def test_a_reset_stops_at_the_workspace(workspace: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    lake.mkdir()
    (workspace / "workbench.toml").write_text(f'lake_root = "{lake}"\n')
    with pytest.raises(Invalid, match="elsewhere"):
        reset_demo(workspace)


def test_a_reset_forgets_state_and_sources_and_keeps_what_people_wrote(workspace: Path) -> None:
    (workspace / ".workbench" / "lake" / "d1").mkdir(parents=True)
    (workspace / "sources").mkdir()
    (workspace / "notebooks").mkdir()
    reset_demo(workspace)
    assert not (workspace / "sources").exists()
    assert not (workspace / ".workbench" / "lake").exists()
    assert (workspace / "notebooks").is_dir()


def test_a_reset_names_somebodys_own_work_and_leaves_it(wb: Workbench, workspace: Path) -> None:
    wb.datasets.create("orders", pl.DataFrame({"id": [1]}))
    with pytest.raises(Conflict, match="not the demo's: dataset orders"):
        reset_demo(workspace)
    assert wb.datasets.get("orders").to_polars().height == 1
    wb.close()
    reset_demo(workspace, everything=True)
    assert not (workspace / ".workbench" / "lake").exists()
