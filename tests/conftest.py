from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from workbench import Workbench


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace of its own, and the current folder."""
    home = tmp_path / "workspace"
    home.mkdir()
    (home / "workbench.toml").write_text("")
    for name in ("WORKBENCH_HOME", "WORKBENCH_RUN_ID", "WORKBENCH_REPLAY_OF", "WORKBENCH_FAILPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def wb(workspace: Path) -> Iterator[Workbench]:
    """A workbench on that workspace, as its owner."""
    from workbench import Workbench

    opened = Workbench.open(workspace)
    yield opened
    opened.close()
