"""How long analyses of millions of events take, against what one would otherwise write.

    python -m benchmarks.product [--rows 10000000] [--runs 5] [--folder DIR] [--only funnel ...] [--slow]

Ours reads the store that our own writer left (see `benchmarks.events`); the peers read plain files of the same rows,
with text ids as users have them, or with a 64-bit hash beside them. `--slow` lets pandas and dask.dataframe take part,
once. The floor is decoding the columns that are needed from our files, and no more.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from benchmarks import dedup
from benchmarks import pandas_peers as slow
from benchmarks import product_peers as peers
from benchmarks.contest import Answer, Question, compare
from benchmarks.events import DAY_US, DAYS, LAYOUT, START, Store, store
from workbench import Workbench
from workbench.analytics.product import (
    EventColumns,
    Exclusion,
    Funnel,
    Retention,
    Sessions,
    SessionSummary,
    Step,
)
from workbench.analytics.product.periods import Every
from workbench.compute import SUBJECT_HASH, Analysis, LocalEngine, Parts, compiled

COLUMNS = EventColumns(LAYOUT.subject, LAYOUT.event, LAYOUT.time, LAYOUT.id)
WEEK = 7 * DAY_US
END = START + timedelta(days=DAYS)
METRICS = [
    {"name": "events", "aggregation": "count"},
    {"name": "people", "aggregation": "count_distinct", "column": "user_id"},
    {"name": "amount", "aggregation": "sum", "column": "amount"},
    {"name": "middle", "aggregation": "median", "column": "amount"},
    {"name": "high", "aggregation": "percentile", "column": "amount", "percentile": 95},
    {"name": "about_middle", "aggregation": "median", "column": "amount", "approximate": True},
    {"name": "about_high", "aggregation": "percentile", "column": "amount", "percentile": 95, "approximate": True},
]
STEPS = tuple(map(Step, peers.STEPS))
FIRST_TOUCH = Funnel(COLUMNS, STEPS, WEEK, entry="first", breakdown="country")
ANY_START = Funnel(
    COLUMNS, STEPS, WEEK, step_windows=(DAY_US,) * 3, exclusions=(Exclusion(Step("error"), 1, 4),), entry="any"
)
LAST_DAYS = Funnel(COLUMNS, STEPS, DAY_US, entry="first", start=END - timedelta(days=7), end=END)
SESSIONS = SessionSummary(Sessions(COLUMNS))
RETENTION = Retention(COLUMNS, Step("view"), Step("view"), START, END, 14, every=Every("week"))
Plan = Callable[[pl.LazyFrame, str], pl.LazyFrame]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keeps the generated events there, and takes them from there")
    parser.add_argument("--only", nargs="*", default=[], help="questions with one of these words in their titles")
    parser.add_argument(
        "--without", nargs="*", default=[], help="leaves peers out that have one of these in their names"
    )
    parser.add_argument("--plans", action="store_true", help="without compiled code, as a process is at first")
    parser.add_argument("--slow", action="store_true", help="pandas and dask.dataframe, too")
    given = parser.parse_args()
    print(machine(given.rows, given.runs))
    if not given.plans:
        compiled.load()
    with tempfile.TemporaryDirectory() as temporary:
        made = store(given.folder or Path(temporary), given.rows)
        _writing(made)
        ask = Asked(made)
        for question in questions(made, ask):
            if not given.only or any(word in question.title for word in given.only):
                compare(question.without(given.without), given.runs, slow=given.slow)


def machine(rows: int, runs: int) -> str:
    """What a figure is worth: where it was taken, with what, on how much."""
    return (
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores; polars {pl.__version__}, "
        f"duckdb {duckdb.__version__}, pandas {pd.__version__}; {rows:,} events, {runs} rounds\n"
    )


def _writing(made: Store) -> None:
    if not made.written:
        return
    print(
        f"writing, a day at a time: {made.rows / made.append_seconds:,.0f} rows/s appended, folding took "
        f"{made.fold_seconds:.1f} s; {made.appended / made.received:.2f} bytes written per byte received, "
        f"{made.written / made.received:.2f} with folding"
    )


def questions(made: Store, ask: Asked) -> list[Question]:
    answers = Written(made.plain)
    return [
        Question(
            "funnel of 4 steps, 7 days, first touch, by country",
            ask.product(FIRST_TOUCH, lambda frame: _wide(frame, "breakdown")),
            answers.everywhere(peers.FIRST_TOUCH, peers.first_touch),
            ask.floor(SUBJECT_HASH, "time", "event", "country"),
            slow.in_both(made.plain, ["user_id", "time", "event", "country"], slow.first_touch, ["breakdown"]),
        ),
        Question(
            "funnel of 4 steps from any start, a day for each, exclusions",
            ask.product(ANY_START, _wide),
            answers.sql(peers.ANY_START),
            ask.floor(SUBJECT_HASH, "time", "event"),
        ),
        Question(
            "funnel of the last 7 days, a day, first touch",
            ask.product(LAST_DAYS, _wide, since=END - timedelta(days=7)),
            answers.everywhere(peers.LAST_DAYS, peers.last_days),
            ask.floor(SUBJECT_HASH, "time", "event", since=END - timedelta(days=7)),
            slow.in_both(made.plain, ["user_id", "time", "event"], slow.last_days),
        ),
        Question(
            "sessions, 30 minutes",
            ask.product(SESSIONS, lambda frame: frame.select("sessions", "events", "took")),
            answers.everywhere(peers.SESSIONS, peers.sessions),
            ask.floor(SUBJECT_HASH, "time"),
            slow.in_both(made.plain, ["user_id", "time"], slow.sessions),
        ),
        Question(
            "weekly retention",
            ask.product(RETENTION, _grid),
            answers.everywhere(peers.RETENTION, peers.retention),
            ask.floor(SUBJECT_HASH, "time", "event"),
            slow.in_both(made.plain, ["user_id", "time", "event"], slow.retention, ["week", "offset"]),
        ),
        Question(
            "daily count, sum and distinct subjects, by country",
            ask.metrics(["events", "amount", "people"], by="country", grain="day"),
            answers.everywhere(peers.DAILY, peers.daily),
            ask.floor(SUBJECT_HASH, "time", "country", "amount"),
            slow.in_both(made.plain, ["user_id", "time", "country", "amount"], slow.daily, ["time", "country"]),
        ),
        Question(
            "median and 95th percentile, by event",
            ask.metrics(["middle", "high"], by="event"),
            answers.everywhere(peers.QUANTILES, peers.quantiles, [LAYOUT.subject]),
            ask.floor("event", "amount"),
            slow.in_both(made.plain, ["event", "amount"], slow.quantiles, ["event"], by="event"),
        ),
        Question(
            "median and 95th percentile, by event, approximate",
            ask.metrics(["about_middle", "about_high"], by="event"),
            answers.everywhere(peers.QUANTILES, peers.quantiles, [LAYOUT.subject]),
            ask.floor("event", "amount"),
            tolerance=0.01,
        ),
        dedup.question(ask, lambda query: answers.duckdb(query, LAYOUT.subject), made.plain),
    ]


class Asked:
    """How we answer."""

    def __init__(self, made: Store) -> None:
        self._made = made
        (made.plain.parent / "workbench.toml").touch()
        self._workbench = Workbench.open(made.plain.parent)
        for one in METRICS:
            if one["name"] not in self._workbench.metrics:
                dimensions = [{"name": "country"}, {"name": "event"}]
                self._workbench.metrics.define({"dataset": "events", "time": "time", "dimensions": dimensions, **one})

    def product(
        self, analysis: Analysis, shown: Callable[[pl.DataFrame], pl.DataFrame], since: datetime | None = None
    ) -> Answer:
        def answer() -> pl.DataFrame:
            return shown(LocalEngine().run(analysis, self.parts(since)).frame)

        return answer

    def metrics(self, names: list[str], *, by: str, grain: str | None = None) -> Answer:
        return lambda: self._workbench.metrics.query(names, by=by, grain=grain, cache="off", rollups="off").frame

    def warm(self) -> dict[str, Answer]:
        metrics, product = self._workbench.metrics, self._workbench.product
        if "daily" not in [one.rollup.name for one in metrics.rollups]:
            kept = {"name": "daily", "metrics": ["events", "amount"], "grain": "day"}
            metrics.rollups.define({**kept, "dimensions": ["country", "event"]})
        metrics.rollups.refresh("daily")
        asked = {"by": "country", "grain": "day"}
        return {
            "daily count and sum, kept": lambda: metrics.query(["events", "amount"], rollups="off", **asked).frame,
            "daily count and sum, rollup": lambda: (
                metrics.query(["events", "amount"], rollups="only", cache="off", **asked).frame
            ),
            "funnel by country, kept": lambda: (
                product.funnel("events", list(peers.STEPS), window="7 days", breakdown="country").frame
            ),
        }

    def floor(self, *columns: str, since: datetime | None = None) -> Answer:
        def answer() -> pl.DataFrame:
            files = sorted({path for part in self.parts(since).parts for path in part.files})
            return pl.scan_parquet(files).select(columns).select(pl.all().null_count()).collect(engine="streaming")

        return answer

    def parts(self, since: datetime | None = None) -> Parts:
        window = None if since is None else (LAYOUT.time, since, None)
        return self._made.lake.parts("events", self._made.actor, subject=LAYOUT.subject, window=window)[0]


class Written:
    """How the peers answer, with text ids and with hashes."""

    def __init__(self, plain: Path) -> None:
        self._plain = plain
        self._connection = duckdb.connect()

    def everywhere(
        self, query: str, plan: Plan, subjects: Sequence[str] = (LAYOUT.subject, SUBJECT_HASH)
    ) -> dict[str, Answer]:
        return self.sql(query, subjects) | {
            f"Polars, {engine}, {_said(subject)}": self._polars(plan, subject, engine)
            for subject in subjects
            for engine in ("streaming", "in-memory")
        }

    def sql(self, query: str, subjects: Sequence[str] = (LAYOUT.subject, SUBJECT_HASH)) -> dict[str, Answer]:
        return {f"DuckDB, {_said(subject)}": self.duckdb(query, subject) for subject in subjects}

    def duckdb(self, query: str, subject: str) -> Answer:
        text = query.replace("SUBJECT", subject).replace("EVENTS", f"read_parquet('{self._plain}/*.parquet')")
        return lambda: pl.DataFrame(self._connection.sql(text).to_arrow_table())

    def _polars(self, plan: Plan, subject: str, engine: str) -> Answer:
        return lambda: plan(pl.scan_parquet(self._plain / "*.parquet"), subject).collect(engine=engine)  # type: ignore[call-overload]


def _said(subject: str) -> str:
    return "text ids" if subject == LAYOUT.subject else "with hash"


def _wide(frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """A funnel's counts as a row per group: s1, s2, ..."""
    counts = [
        pl.col("subjects").filter(pl.col("step") == step).sum().cast(pl.Int64).alias(f"s{step}")
        for step in range(1, len(peers.STEPS) + 1)
    ]
    return frame.group_by(keys).agg(counts) if keys else frame.select(counts)


def _grid(frame: pl.DataFrame) -> pl.DataFrame:
    """Retention's cells that have somebody."""
    return frame.filter(pl.col("subjects") > 0).select(
        pl.col("cohort").alias("week"), pl.col("offset").cast(pl.Int64), pl.col("subjects").alias("n")
    )


if __name__ == "__main__":
    main()
