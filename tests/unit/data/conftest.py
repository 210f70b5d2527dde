from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.data.lake import Datasets, Lake
from workbench.foundation.catalog import Catalog
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, RunKind, Runs
from workbench.governance.security import Principal, Role, Security


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(f"sqlite:///{tmp_path / 'state' / 'catalog.db'}")
    made.prepare()
    yield made
    made.close()


@pytest.fixture
def security(catalog: Catalog) -> Security:
    return Security(catalog)


@pytest.fixture
def runs(catalog: Catalog, tmp_path: Path) -> Runs:
    return Runs(catalog, Settings(home=tmp_path))


@pytest.fixture
def lake(tmp_path: Path, catalog: Catalog, runs: Runs, security: Security) -> Lake:
    return Lake(tmp_path / "lake", catalog, runs, security)


@pytest.fixture
def admin() -> Actor:
    return Actor(Principal("ada", Role.ADMIN))


@pytest.fixture
def datasets(lake: Lake, admin: Actor, tmp_path: Path) -> Datasets:
    return Datasets(lake, admin, base=tmp_path)


@pytest.fixture
def in_run(runs: Runs, admin: Actor) -> Callable[[], Actor]:
    """Starts a run and gives who acts inside it."""

    def start() -> Actor:
        run = runs.start(RunKind.NOTEBOOK, "a.ipynb", actor=admin, parameters={})
        return Actor(admin.principal, run.id)

    return start
