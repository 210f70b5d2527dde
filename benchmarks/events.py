"""Events to compare on: made once, as our own writer keeps them and as plain files for the peers.

Zipf-distributed subjects with text ids, eight names of events, 90 days, 30 countries. The store is written a day at a
time and folded after each day, as the scheduler would; the peers get a file per day, in the order of time, with the
64-bit hash of the subject beside its id for those who can use it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from workbench.compute import SUBJECT_HASH, hash_of
from workbench.data.lake import EventLayout, Lake
from workbench.foundation.catalog import Catalog
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Principal, Role, Security

__all__ = ["DAYS", "DAY_US", "START", "Store", "days", "store"]

DAYS = 90
DAY_US = 86_400_000_000
START = datetime(2025, 1, 1, tzinfo=UTC)
NAMES = ["view", "search", "cart", "checkout", "buy", "share", "login", "error"]
SHARES = [0.40, 0.20, 0.10, 0.06, 0.04, 0.06, 0.10, 0.04]
SKEW = 0.6
LAYOUT = EventLayout(subject="user_id", time="time", event="event", id="event_id")


@dataclass(frozen=True)
class Store:
    """The same events twice.

    Attributes:
        plain: A Parquet file per day.
        append_seconds: What writing the days took, folding apart.
        received: Bytes of the plain files without the hash, which is what came in.
        written: Bytes of everything that the lake wrote.
    """

    lake: Lake
    actor: Actor
    plain: Path
    rows: int
    append_seconds: float = 0.0
    fold_seconds: float = 0.0
    received: int = 0
    written: int = 0


def days(rows: int, subjects: int = 500_000, seed: int = 1) -> Iterator[pl.DataFrame]:
    """A frame per day, in the order of time."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, subjects + 1) ** SKEW
    upto = np.cumsum(weights / weights.sum())
    countries = 1 / np.arange(1, 31)
    home = rng.choice(30, subjects, p=countries / countries.sum())
    for day in range(DAYS):
        size = rows // DAYS
        who = np.searchsorted(upto, rng.random(size))
        begin = int(START.timestamp() * 1e6) + day * DAY_US
        yield pl.DataFrame(
            {
                "event_id": rng.integers(0, 2**63 - 1, size),
                "user_id": pl.Series((who * 2_654_435_761) % 2**32).cast(pl.String).str.zfill(10),
                "event": pl.Series(rng.choice(len(NAMES), size, p=SHARES)).replace_strict(
                    range(len(NAMES)), NAMES, return_dtype=pl.String
                ),
                "time": pl.Series(np.sort(rng.integers(0, DAY_US, size)) + begin).cast(pl.Datetime("us", "UTC")),
                "country": pl.Series(home[who]).cast(pl.String).str.zfill(2),
                "amount": rng.integers(100, 100_000, size).astype(np.int32),
            }
        ).with_columns(user_id="user-" + pl.col("user_id"), country="C" + pl.col("country"))


def store(folder: Path, rows: int) -> Store:
    """The events in a folder; made there unless they are there already."""
    settings = Settings(home=folder)
    catalog = Catalog(settings.catalog_url)
    catalog.prepare()
    lake = Lake(settings.lake_root, catalog, Runs(catalog, settings), Security(catalog))
    actor = Actor(Principal("bench", Role.ADMIN))
    plain = folder / "plain"
    if lake.exists("events"):
        return Store(lake, actor, plain, rows)
    plain.mkdir(parents=True, exist_ok=True)
    appended = folded = 0.0
    received = 0
    for number, day in enumerate(days(rows)):
        if number == 0:
            lake.create("events", day.clear(), actor, layout=LAYOUT)
        began = time.perf_counter()
        lake.append("events", day, actor)
        between = time.perf_counter()
        lake.fold("events", actor)
        appended, folded = appended + between - began, folded + time.perf_counter() - between
        path = plain / f"day-{number:03d}.parquet"
        day.write_parquet(path, compression="zstd", compression_level=3)
        received += path.stat().st_size
        day.with_columns(hash_of(day["user_id"]).alias(SUBJECT_HASH)).write_parquet(
            path, compression="zstd", compression_level=3
        )
    written = sum(path.stat().st_size for path in settings.lake_root.rglob("part-*.parquet"))
    return Store(lake, actor, plain, rows, appended, folded, received, written)
