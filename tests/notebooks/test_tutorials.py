"""The tutorial does what it says: its ten cells leave a dataset that is kept up to date, checked and scheduled."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flights import ON_FLIGHTS, Ran

from workbench import Workbench
from workbench.foundation.errors import CheckFailed

pytestmark = ON_FLIGHTS

TUTORIAL = "notebooks/tutorials/first-dataset.ipynb"


@pytest.fixture
def home(ran_flights: Ran, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ran_flights.home, tmp_path / "flights", symlinks=True))


@pytest.fixture
def database(home: Path, tmp_path: Path) -> Path:
    """Two days of the airline's database, which the test may change."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ATTACH ? AS whole", (str(home / "sources" / "operations.db"),))
        (made,) = connection.execute("SELECT sql FROM whole.sqlite_master WHERE name = 'flights'").fetchone()
        connection.execute(made)
        connection.execute("INSERT INTO flights SELECT * FROM whole.flights WHERE month = 1 AND day < 3")
    return path


def test_it_has_ten_cells_at_most_and_ends_in_a_scheduled_checked_dataset(home: Path, database: Path) -> None:
    cells = json.loads((home / TUTORIAL).read_text())["cells"]
    assert len([cell for cell in cells if cell["cell_type"] == "code"]) <= 10
    with Workbench.open(home) as wb:
        run = wb.notebooks.run(TUTORIAL, {"url": f"sqlite:///{database}"})
        assert run.status == "succeeded"
        assert wb.datasets["departed"].info.rows == 842 + 943
        first, second, third = reversed(wb.sources.history("departed"))
        assert [one.rows for one in (first, second, third)] == [1_785, 0, 0]
        assert {edge.name for edge in wb.runs.receipt(first.run).read if edge.kind == "source"} != set()
        departs(database, "2013-01-05T00:00:00Z", 12)
        wb.pipelines.run("departed")
        assert wb.sources.history("departed")[0].rows == 1
        assert wb.quality.check("departed").passed
        suite = home / "expectations" / "departed.yaml"
        suite.write_text(suite.read_text() + "  - {expect: between, column: dep_delay, max: 1440}\n")
        departs(database, "2013-01-06T00:00:00Z", 2_000_000)
        version = wb.datasets["departed"].version
        with pytest.raises(CheckFailed, match="dep_delay"):
            wb.sources.sync("departed")
        assert wb.datasets["departed"].version == version


def departs(database: Path, time_hour: str, delay: int) -> None:
    """A flight of that hour, otherwise like the first one."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TEMP TABLE one AS SELECT * FROM flights WHERE rowid = 1")
        connection.execute("UPDATE one SET time_hour = ?, dep_delay = ?", (time_hour, delay))
        connection.execute("INSERT INTO flights SELECT * FROM one")
