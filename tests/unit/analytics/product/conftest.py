from __future__ import annotations

from collections.abc import Iterator

import pytest
from product_shop import fill

from workbench import Workbench


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workspace with both datasets. Its cohorts are named by the tests that save them."""
    home = tmp_path_factory.mktemp("shop")
    (home / "workbench.toml").write_text("")
    with Workbench.open(home) as wb:
        fill(wb)
        yield wb
