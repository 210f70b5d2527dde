from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.data.lake import Lake
from workbench.data.quality import Quality
from workbench.data.sql import Limits, SqlDoor
from workbench.foundation.catalog import Catalog
from workbench.governance.runs import Actor, Runs


@pytest.fixture
def make_quality(catalog: Catalog, lake: Lake, runs: Runs, tmp_path: Path, admin: Actor) -> Callable[..., Quality]:
    """`wb.quality` as somebody sees it, with suites in a folder that the test may write to."""
    (folder := tmp_path / "expectations").mkdir()
    sql, held = SqlDoor(lake, Limits(60, 2_000)), tmp_path / "held"
    return lambda actor=admin: Quality(catalog, lake, runs, actor, folder, sql, held)
