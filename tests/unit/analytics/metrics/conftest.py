from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench.analytics.metrics import Metrics, MetricStore
from workbench.compute import engines
from workbench.data.lake import Lake
from workbench.foundation.catalog import Base, Catalog
from workbench.foundation.settings import load
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Principal, Role, Security

FLIGHTS = pl.DataFrame(
    {
        "time_hour": [datetime(2013, 1, 1, 3, tzinfo=UTC) + timedelta(hours=6 * n) for n in range(8)],
        "carrier": ["UA", "UA", "AA", "AA", "UA", None, "AA", "UA"],
        "origin": ["JFK", "EWR", "JFK", "JFK", "EWR", "EWR", "LGA", "JFK"],
        "dep_time": [517, None, 542, 544, 554, 554, None, 558],
        "dep_delay": [2.0, None, 20.0, -1.0, 30.0, 4.0, None, 16.0],
    },
    schema_overrides={"time_hour": pl.Datetime("us", "UTC")},
)
DEFINITIONS = """
- name: flights
  dataset: flights
  aggregation: count
  time: time_hour
  dimensions: &dimensions
    - carrier
    - {name: origin, label: Origin airport}
    - {name: late, sql: dep_delay > 15}
- name: cancelled
  dataset: flights
  aggregation: count
  filter: dep_time IS NULL
  time: time_hour
  dimensions: *dimensions
- {name: cancellation_rate, type: ratio, numerator: cancelled, denominator: flights, format: ".1%"}
- name: mean_delay
  label: Mean departure delay
  dataset: flights
  aggregation: mean
  column: dep_delay
  unit: min
  format: ",.1f"
  time: time_hour
  dimensions: *dimensions
- {name: p95_delay, dataset: flights, aggregation: percentile, percentile: 95, column: dep_delay, unit: min}
"""


class Room:
    """What metrics stand in: a lake with flights, and definitions in a folder."""

    def __init__(self, home: Path) -> None:
        (home / "workbench.toml").write_text("")
        settings = load(home)
        self.catalog = Catalog(settings.catalog_url)
        Base.metadata.create_all(self.catalog.engine)
        self.runs = Runs(self.catalog, settings)
        self.security = Security(self.catalog)
        self.lake = Lake(settings.lake_root, self.catalog, self.runs, self.security)
        self.owner = Actor(Principal("ada", Role.ADMIN))
        self.folder = home / "metrics"
        self.folder.mkdir()
        (self.folder / "flights.yaml").write_text(DEFINITIONS)
        self.lake.create("flights", FLIGHTS, self.owner)

    def metrics(self, actor: Actor | None = None, definitions: str | None = None) -> Metrics:
        if definitions is not None:
            (self.folder / "flights.yaml").write_text(definitions)
        store = MetricStore(self.catalog, self.security)
        return Metrics(self.lake, self.runs, engines.get("local"), actor or self.owner, self.folder, store)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    for name in ("WORKBENCH_HOME", "WORKBENCH_RUN_ID", "WORKBENCH_REPLAY_OF"):
        monkeypatch.delenv(name, raising=False)
    made = Room(tmp_path)
    yield made
    made.catalog.close()


@pytest.fixture
def ask(room: Room) -> Callable[..., Any]:
    return room.metrics().query
