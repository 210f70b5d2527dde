from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench.foundation.catalog import Catalog

if TYPE_CHECKING:
    from workbench import Workbench


# Servers that serve all tests of a folder, by the fixture that starts them. Whoever asks for one runs in the same of
# pytest's workers, so that it is started once and not once in each.
SHARED = {"server": {"site", "lab"}, "voila": {"server"}, "lab": {"lab"}}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.parent.name
        if SHARED.get(folder, set()) & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(folder))


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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    """An empty catalog at the newest revision: each test that asks for one runs on SQLite and on a real PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'catalog.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    made = Catalog(url)
    made.prepare()
    yield made
    made.close()


@pytest.fixture
def wb(workspace: Path) -> Iterator[Workbench]:
    """A workbench on that workspace, as its owner."""
    from workbench import Workbench

    opened = Workbench.open(workspace)
    yield opened
    opened.close()
