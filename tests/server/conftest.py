"""A workspace with people, a policy and reports, and the real processes over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from site_of_servers import Site, made, running


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The process `api` over a workspace of its own. Tests add to it, and change nothing that is there."""
    home = tmp_path_factory.mktemp("site") / "team"
    wb = made(home)
    with running("api", home) as url:
        yield Site(url, wb)
    wb.close()


@pytest.fixture(scope="session")
def lab(site: Site) -> Iterator[Site]:
    """The process `lab` over the same workspace."""
    with running("lab", site.home) as url:
        yield Site(url, site.wb)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Site]:
    """Another workspace and its `api`, for a test that changes or breaks what others need."""
    wb = made(tmp_path / "team")
    with running("api", tmp_path / "team") as url:
        yield Site(url, wb)
    wb.close()
