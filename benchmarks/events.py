"""Events to compare on: made once, as our own writer keeps them and as plain files for the peers.

Zipf-distributed subjects with text ids, eight names of events, 90 days, 30 countries; one row in a hundred is sent
again some minutes later with another amount, and where it is asked for, one comes up to three days late. The store is
written a day at a time and folded after each day, as the scheduler would; the peers get a file per day, in the order of
time, with the 64-bit hash of the subject beside its id for those who can use it.
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
LATEST = 3 * DAY_US
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
        appended: Bytes that the lake wrote as they came in.
        written: Bytes of everything that the lake wrote, folding included.
    """

    lake: Lake
    actor: Actor
    plain: Path
    rows: int
    append_seconds: float = 0.0
    fold_seconds: float = 0.0
    received: int = 0
    appended: int = 0
    written: int = 0


def days(
    rows: int, days: int = DAYS, *, late: bool = False, subjects: int = 500_000, seed: int = 1
) -> Iterator[pl.DataFrame]:
    """A frame per day that rows came in, in the order of time."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, subjects + 1) ** SKEW
    upto = np.cumsum(weights / weights.sum())
    countries = 1 / np.arange(1, 31)
    home = rng.choice(30, subjects, p=countries / countries.sum())
    size = rows // days
    few = size // 100
    for day in range(days):
        begin = int(START.timestamp() * 1e6) + day * DAY_US
        who = np.searchsorted(upto, rng.random(size))
        ids = rng.integers(0, 2**63 - 1, size)
        names = rng.choice(len(NAMES), size, p=SHARES)
        times = rng.integers(0, DAY_US, size) + begin
        if late:
            times[:few] = np.maximum(times[:few] - rng.integers(0, LATEST, few), int(START.timestamp() * 1e6))
        again, sent = slice(few, 2 * few), slice(2 * few, 3 * few)
        for column in (who, ids, names):
            column[again] = column[sent]
        times[again] = np.minimum(times[sent] + rng.integers(1_000_000, 600_000_000, few), begin + DAY_US - 1)
        yield (
            pl.DataFrame(
                {
                    "event_id": ids,
                    "user_id": pl.Series((who * 2_654_435_761) % 2**32).cast(pl.String).str.zfill(10),
                    "event": pl.Series(names).replace_strict(range(len(NAMES)), NAMES, return_dtype=pl.String),
                    "time": pl.Series(times).cast(pl.Datetime("us", "UTC")),
                    "country": pl.Series(home[who]).cast(pl.String).str.zfill(2),
                    "amount": rng.integers(100, 100_000, size).astype(np.int32),
                }
            )
            .with_columns(user_id="user-" + pl.col("user_id"), country="C" + pl.col("country"))
            .sort("time")
        )


def store(folder: Path, rows: int, of_days: int = DAYS, *, late: bool = False, unfolded: int = 0) -> Store:
    """The events in a folder; made there unless they are there already.

    Args:
        unfolded: So many of the last days are not folded, and those before them are merged fully.
    """
    settings = Settings(home=folder)
    catalog = Catalog(settings.catalog_url)
    catalog.prepare()
    lake = Lake(settings.lake_root, catalog, Runs(catalog, settings), Security(catalog))
    actor = Actor(Principal("bench", Role.ADMIN))
    plain = folder / "plain"
    if lake.exists("events"):
        return Store(lake, actor, plain, rows)
    plain.mkdir(parents=True, exist_ok=True)
    appending = folding = 0.0
    received = appended = 0
    for number, day in enumerate(days(rows, of_days, late=late)):
        if number == 0:
            lake.create("events", day.clear(), actor, layout=LAYOUT)
        before = _written(settings)
        began = time.perf_counter()
        lake.append("events", day, actor)
        between = time.perf_counter()
        appended += _written(settings) - before
        resumed = time.perf_counter()
        if number < of_days - unfolded:
            lake.fold("events", actor)
        if unfolded and number == of_days - unfolded - 1:
            lake.optimize("events", actor)
        appending, folding = appending + between - began, folding + time.perf_counter() - resumed
        path = plain / f"day-{number:03d}.parquet"
        day.write_parquet(path, compression="zstd", compression_level=3)
        received += path.stat().st_size
        day.with_columns(hash_of(day["user_id"]).alias(SUBJECT_HASH)).write_parquet(
            path, compression="zstd", compression_level=3
        )
    return Store(lake, actor, plain, rows, appending, folding, received, appended, _written(settings))


def _written(settings: Settings) -> int:
    """Bytes of all data files there are, those included that a fold replaced."""
    return sum(path.stat().st_size for path in settings.lake_root.rglob("part-*.parquet"))
