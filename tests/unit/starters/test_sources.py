from __future__ import annotations

import sqlite3
from pathlib import Path

import polars as pl
import pytest

from workbench.starters import sources
from workbench.starters.sources import FILES, PURCHASES, make_sources


def test_the_sources_are_the_whole_year_and_made_once(flight_sources: Path) -> None:
    with sqlite3.connect(flight_sources / "operations.db") as connection:
        assert connection.execute("SELECT count(*), count(dep_time) FROM flights").fetchone() == (336_776, 328_521)
        assert connection.execute("SELECT DISTINCT typeof(dep_delay) FROM flights ORDER BY 1").fetchall() == [
            ("integer",),
            ("null",),
        ]
    connection.close()
    rows = {name: pl.read_csv(flight_sources / name, infer_schema_length=None).height for name in FILES}
    assert rows == {"airlines.csv": 16, "airports.csv": 1_458, "planes.csv": 3_322, "weather.csv": 26_115}
    purchases = pl.read_csv(flight_sources / PURCHASES)
    assert (purchases.height, purchases["customer"].n_unique()) == (69_659, 23_570)
    assert purchases["dollars"].sum() == pytest.approx(2_500_315.63)
    assert make_sources(flight_sources.parent) == []


def test_a_source_that_could_not_be_finished_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(sources, "_write_database", cut)
    with pytest.raises(KeyboardInterrupt):
        make_sources(tmp_path)
    assert sorted(path.name for path in (tmp_path / "sources").iterdir()) == sorted([*FILES, PURCHASES])
