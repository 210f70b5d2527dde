"""A shop's few events, small enough to count by hand: three people who looked, two carts after it, one purchase."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from workbench import Workbench
from workbench.data.lake import EventLayout

__all__ = ["EVENTS", "LAYOUT", "fill"]

LAYOUT = EventLayout(subject="who", event="what", time="at", id="id", buckets=2)
_ROWS: list[tuple[Any, ...]] = [
    ("ada", "view", datetime(2024, 3, 4, 10, 0, tzinfo=UTC), 1, "DE", 0),
    ("ada", "cart", datetime(2024, 3, 4, 10, 5, tzinfo=UTC), 2, "DE", 150),
    ("ada", "buy", datetime(2024, 3, 4, 10, 10, tzinfo=UTC), 3, "DE", 150),
    ("bob", "view", datetime(2024, 3, 4, 11, 0, tzinfo=UTC), 4, "DE", 0),
    ("bob", "cart", datetime(2024, 3, 4, 11, 30, tzinfo=UTC), 5, "DE", 50),
    ("cyd", "view", datetime(2024, 3, 5, 12, 0, tzinfo=UTC), 6, "US", 0),
    ("cyd", "view", datetime(2024, 3, 12, 12, 0, tzinfo=UTC), 7, "US", 0),
    ("dan", "cart", datetime(2024, 3, 5, 12, 0, tzinfo=UTC), 8, "US", 20),
    (None, "view", datetime(2024, 3, 5, 12, 0, tzinfo=UTC), 9, "US", 0),
]
EVENTS = pl.DataFrame(
    _ROWS,
    schema={
        "who": pl.String,
        "what": pl.String,
        "at": pl.Datetime("us", "UTC"),
        "id": pl.Int64,
        "country": pl.String,
        "amount": pl.Int64,
    },
    orient="row",
)


def fill(home: Path) -> None:
    """Makes the dataset `events` in a workspace, and `plain`: the same rows without a layout."""
    with Workbench.open(home) as wb:
        wb.datasets.create("events", EVENTS, layout=LAYOUT)
        wb.datasets.create("plain", EVENTS)
