"""How long product analytics takes over millions of events, against what one would otherwise write.

    python -m benchmarks.product [--rows 10000000] [--runs 5] [--folder DIR] [--only funnel ...] [--slow]

Ours reads the store that our own writer left (see `benchmarks.events`); the peers read plain files of the same rows,
with text ids as users have them, or with a 64-bit hash beside them. All answers are compared first; then everybody
takes turns, and medians are printed with their ratio to the quickest peer of each kind. `--slow` lets pandas and
dask.dataframe take part, once. The floor is decoding the columns that are needed from our files, and no more.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from benchmarks.events import DAY_US, DAYS, LAYOUT, START, Store, store
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
from workbench.compute import SUBJECT_HASH, Analysis, LocalEngine

COLUMNS = EventColumns(LAYOUT.subject, LAYOUT.event, LAYOUT.time, LAYOUT.id)
STEPS = ("view", "cart", "checkout", "buy")
WEEK = 7 * DAY_US
Answer = Callable[[], pl.DataFrame]


@dataclass(frozen=True)
class Question:
    """One analysis, and how its peers answer it: with text ids, with the hash, and slowly.

    Attributes:
        columns: Which our files have to give up for it.
    """

    title: str
    ours: Answer
    texts: dict[str, Answer]
    hashes: dict[str, Answer]
    columns: list[str]
    slow: dict[str, Answer] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keeps the generated events there, and takes them from there")
    parser.add_argument("--only", nargs="*", default=[], help="questions with one of these words in their titles")
    parser.add_argument("--slow", action="store_true", help="pandas, too")
    given = parser.parse_args()
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores; polars {pl.__version__}, "
        f"duckdb {duckdb.__version__}, pandas {pd.__version__}; {given.rows:,} events, {given.runs} rounds\n"
    )
    with tempfile.TemporaryDirectory() as temporary:
        made = store(given.folder or Path(temporary), given.rows)
        _writing(made)
        for question in _questions(made):
            if not given.only or any(word in question.title for word in given.only):
                _compare(question, made, given.runs, slow=given.slow)


def _writing(made: Store) -> None:
    if not made.written:
        return
    print(
        f"writing, a day at a time: {made.rows / made.append_seconds:,.0f} rows/s appended, folding took "
        f"{made.fold_seconds:.1f} s; {made.written / made.received:.2f} bytes written per byte received"
    )


def _questions(made: Store) -> list[Question]:
    def ours(analysis: Analysis, shown: Callable[[pl.DataFrame], pl.DataFrame]) -> Answer:
        def answer() -> pl.DataFrame:
            parts, _ = made.lake.parts("events", made.actor, subject=LAYOUT.subject)
            return shown(LocalEngine().run(analysis, parts).frame)

        return answer

    connection = duckdb.connect()

    def sql(query: str, subject: str) -> Answer:
        text = query.replace("SUBJECT", subject).replace("EVENTS", f"read_parquet('{made.plain}/*.parquet')")
        return lambda: pl.DataFrame(connection.sql(text).to_arrow_table())

    def polars(plan: Callable[[pl.LazyFrame, str], pl.LazyFrame], subject: str, engine: str) -> Answer:
        return lambda: plan(pl.scan_parquet(made.plain / "*.parquet"), subject).collect(engine=engine)  # type: ignore[call-overload]

    def everywhere(query: str, plan: Callable[[pl.LazyFrame, str], pl.LazyFrame]) -> tuple[dict[str, Answer], ...]:
        found = []
        for subject in (LAYOUT.subject, SUBJECT_HASH):
            found.append(
                {
                    "DuckDB": sql(query, subject),
                    "Polars, streaming": polars(plan, subject, "streaming"),
                    "Polars, in memory": polars(plan, subject, "in-memory"),
                }
            )
        return tuple(found)

    steps = tuple(map(Step, STEPS))
    first = Funnel(COLUMNS, steps, WEEK, entry="first", breakdown="country")
    texts, hashes = everywhere(_FIRST_TOUCH, _first_touch)
    questions = [
        Question(
            "funnel of 4 steps, 7 days, first touch, by country",
            ours(first, lambda frame: _wide(frame, "breakdown")),
            texts,
            hashes,
            [SUBJECT_HASH, "time", "event", "country"],
            {"pandas": lambda: _first_touch_in_pandas(made.plain)},
        )
    ]
    windows = Funnel(
        COLUMNS, steps, WEEK, step_windows=(DAY_US,) * 3, exclusions=(Exclusion(Step("error"), 1, 4),), entry="any"
    )
    questions.append(
        Question(
            "funnel of 4 steps from any start, a day for each, exclusions",
            ours(windows, lambda frame: _wide(frame)),
            {"DuckDB": sql(_ANY_START, LAYOUT.subject)},
            {"DuckDB": sql(_ANY_START, SUBJECT_HASH)},
            [SUBJECT_HASH, "time", "event"],
        )
    )
    texts, hashes = everywhere(_SESSIONS, _sessions)
    questions.append(
        Question(
            "sessions, 30 minutes",
            ours(SessionSummary(Sessions(COLUMNS)), lambda frame: frame.select("sessions", "events", "took")),
            texts,
            hashes,
            [SUBJECT_HASH, "time"],
            {"pandas": lambda: _sessions_in_pandas(made.plain)},
        )
    )
    end = START + timedelta(days=DAYS)
    retention = Retention(COLUMNS, Step("view"), Step("view"), START, end, 14, every=Every("week"))
    texts, hashes = everywhere(_RETENTION, _retention)
    questions.append(
        Question(
            "weekly retention",
            ours(
                retention,
                lambda frame: frame.filter(pl.col("subjects") > 0).select(
                    pl.col("cohort").alias("week"), pl.col("offset").cast(pl.Int64), pl.col("subjects").alias("n")
                ),
            ),
            texts,
            hashes,
            [SUBJECT_HASH, "time", "event"],
        )
    )
    return questions


_FIRST_TOUCH = """
WITH s AS (SELECT SUBJECT h, time t, event e, country c FROM EVENTS WHERE event IN ('view','cart','checkout','buy')),
a AS (SELECT h, min(t) t0, arg_min(c, t) c FROM s WHERE e = 'view' GROUP BY h),
b AS (SELECT a.h, t0, a.c, min(s.t) t1 FROM a LEFT JOIN s
      ON s.h = a.h AND e = 'cart' AND s.t > t0 AND s.t <= t0 + INTERVAL 7 DAY GROUP BY ALL),
d AS (SELECT b.h, t0, b.c, t1, min(s.t) t2 FROM b LEFT JOIN s
      ON s.h = b.h AND e = 'checkout' AND s.t > t1 AND s.t <= t0 + INTERVAL 7 DAY GROUP BY ALL),
f AS (SELECT d.h, t0, d.c, t1, t2, min(s.t) t3 FROM d LEFT JOIN s
      ON s.h = d.h AND e = 'buy' AND s.t > t2 AND s.t <= t0 + INTERVAL 7 DAY GROUP BY ALL)
SELECT c breakdown, count(t0) s1, count(t1) s2, count(t2) s3, count(t3) s4 FROM f GROUP BY ALL ORDER BY ALL
"""

# Windows over each subject's rows: the latest start of a chain that came to each step, carried along.
_ANY_START = """
WITH s AS (SELECT SUBJECT h, time t, event e FROM EVENTS WHERE event IN ('view','cart','checkout','buy','error')),
n AS (SELECT *, row_number() OVER w r FROM s WINDOW w AS (PARTITION BY h ORDER BY t)),
a AS (SELECT *, max(CASE WHEN e = 'error' THEN r END) OVER w x,
             max(CASE WHEN e = 'view' THEN r END) OVER w p1, max(CASE WHEN e = 'view' THEN t END) OVER w t1
      FROM n WINDOW w AS (PARTITION BY h ORDER BY r ROWS UNBOUNDED PRECEDING)),
b AS (SELECT *, CASE WHEN e = 'cart' AND t - t1 <= INTERVAL 1 DAY AND coalesce(x, 0) < p1 THEN r END ok2 FROM a),
c AS (SELECT *, max(ok2) OVER w p2, max(CASE WHEN ok2 IS NOT NULL THEN t END) OVER w t2
      FROM b WINDOW w AS (PARTITION BY h ORDER BY r ROWS UNBOUNDED PRECEDING)),
d AS (SELECT *, CASE WHEN e = 'checkout' AND t - t2 <= INTERVAL 1 DAY AND coalesce(x, 0) < p2 THEN r END ok3 FROM c),
f AS (SELECT *, max(ok3) OVER w p3, max(CASE WHEN ok3 IS NOT NULL THEN t END) OVER w t3
      FROM d WINDOW w AS (PARTITION BY h ORDER BY r ROWS UNBOUNDED PRECEDING)),
g AS (SELECT h, bool_or(e = 'view') s1, bool_or(ok2 IS NOT NULL) s2, bool_or(ok3 IS NOT NULL) s3,
             bool_or(e = 'buy' AND t - t3 <= INTERVAL 1 DAY AND coalesce(x, 0) < p3) s4 FROM f GROUP BY h)
SELECT count(*) FILTER (s1) s1, count(*) FILTER (s2) s2, count(*) FILTER (s3) s3, count(*) FILTER (s4) s4 FROM g
"""

_SESSIONS = """
WITH s AS (SELECT SUBJECT h, time t, lag(time) OVER (PARTITION BY SUBJECT ORDER BY time) b FROM EVENTS)
SELECT (count(*) FILTER (b IS NULL OR t - b > INTERVAL 30 MINUTE))::BIGINT sessions, count(*)::BIGINT events,
       (coalesce(sum(epoch_us(t) - epoch_us(b)) FILTER (t - b <= INTERVAL 30 MINUTE), 0))::BIGINT took FROM s
"""

_RETENTION = """
WITH s AS (SELECT DISTINCT SUBJECT h, date_trunc('week', time AT TIME ZONE 'UTC')::DATE w
           FROM EVENTS WHERE event = 'view'),
f AS (SELECT h, min(w) first FROM s GROUP BY h)
SELECT first AS week, ((w - first) // 7)::BIGINT AS "offset", count(*) n FROM s JOIN f USING (h)
GROUP BY ALL ORDER BY ALL
"""


def _first_touch(rows: pl.LazyFrame, subject: str) -> pl.LazyFrame:
    some = rows.filter(pl.col("event").is_in(STEPS)).select(subject, "time", "event", "country")
    found = (
        some.filter(pl.col("event") == "view")
        .group_by(subject)
        .agg(pl.col("time").min().alias("t1"), pl.col("country").sort_by("time").first().alias("breakdown"))
    )
    for number, step in enumerate(STEPS[1:], 2):
        before = pl.col(f"t{number - 1}")
        inside = (pl.col("time") > before) & (pl.col("time") <= pl.col("t1") + pl.duration(days=7))
        joined = some.filter(pl.col("event") == step).join(found, on=subject).filter(inside)
        found = found.join(
            joined.group_by(subject).agg(pl.col("time").min().alias(f"t{number}")), on=subject, how="left"
        )
    return (
        found.group_by("breakdown").agg(pl.col(f"t{n}").count().alias(f"s{n}") for n in range(1, 5)).sort("breakdown")
    )


def _sessions(rows: pl.LazyFrame, subject: str) -> pl.LazyFrame:
    ordered = rows.select(subject, pl.col("time").cast(pl.Int64)).sort(subject, "time")
    apart = pl.col("time") - pl.col("time").shift(1)
    same = (pl.col(subject) == pl.col(subject).shift(1)) & (apart <= 30 * 60 * 1_000_000)
    ends = ordered.select(same.fill_null(value=False).alias("same"), apart.alias("apart"))
    return ends.select(
        (~pl.col("same")).sum().cast(pl.Int64).alias("sessions"),
        pl.len().cast(pl.Int64).alias("events"),
        pl.when("same").then("apart").sum().alias("took"),
    )


def _retention(rows: pl.LazyFrame, subject: str) -> pl.LazyFrame:
    week = pl.col("time").dt.truncate("1w").dt.date().alias("w")
    pairs = rows.filter(pl.col("event") == "view").select(subject, week).unique()
    first = pairs.group_by(subject).agg(pl.col("w").min().alias("week"))
    offset = ((pl.col("w") - pl.col("week")).dt.total_days() // 7).alias("offset")
    return pairs.join(first, on=subject).group_by("week", offset).agg(pl.len().alias("n")).sort("week", "offset")


def _first_touch_in_pandas(plain: Path) -> pl.DataFrame:
    rows = pd.read_parquet(plain, columns=["user_id", "time", "event", "country"])
    rows = rows[rows["event"].isin(STEPS)]
    views = rows[rows["event"] == "view"].sort_values("time").drop_duplicates("user_id")
    found = views.set_index("user_id")[["time", "country"]].rename(columns={"time": "t1", "country": "breakdown"})
    for number, step in enumerate(STEPS[1:], 2):
        some = rows[rows["event"] == step].join(found, on="user_id", how="inner")
        inside = (some["time"] > some[f"t{number - 1}"]) & (some["time"] <= some["t1"] + pd.Timedelta(days=7))
        found[f"t{number}"] = some[inside].groupby("user_id")["time"].min()
    counts = found.groupby("breakdown")[[f"t{n}" for n in range(1, 5)]].count().reset_index()
    return pl.from_pandas(counts).rename({f"t{n}": f"s{n}" for n in range(1, 5)})


def _sessions_in_pandas(plain: Path) -> pl.DataFrame:
    rows = pd.read_parquet(plain, columns=["user_id", "time"]).sort_values(["user_id", "time"])
    apart = rows["time"].diff()
    same = (rows["user_id"] == rows["user_id"].shift()) & (apart <= pd.Timedelta(minutes=30))
    took = int(apart[same].dt.total_seconds().sum() * 1e6)
    return pl.DataFrame({"sessions": [int((~same).sum())], "events": [len(rows)], "took": [took]})


def _wide(frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """A funnel's counts as a row per group: s1, s2, ..."""
    named = frame.with_columns(pl.format("s{}", pl.col("step")).alias("step"))
    wide = named.pivot("step", index=list(keys) or None, values="subjects") if keys else None
    if wide is None:
        return pl.DataFrame({row["step"]: [row["subjects"]] for row in named.iter_rows(named=True)})
    return wide.fill_null(0).sort(*keys)


def _compare(question: Question, made: Store, runs: int, *, slow: bool) -> None:
    contenders = {"workbench": question.ours}
    contenders |= {f"{name}, text ids": answer for name, answer in question.texts.items()}
    contenders |= {f"{name}, with hash": answer for name, answer in question.hashes.items()}
    contenders["floor: decode the columns"] = lambda: _decoded(made, question.columns)
    wanted = _told(question.ours())
    for name, answer in contenders.items():
        if not name.startswith("floor"):
            found = _told(answer())
            assert found == wanted, f"{question.title}: {name} says {found[:2]}, we say {wanted[:2]}"
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, answer in contenders.items():
            began = time.perf_counter()
            answer()
            taken[name].append(time.perf_counter() - began)
    if slow:
        for name, answer in question.slow.items():
            began = time.perf_counter()
            assert _told(answer()) == wanted, f"{question.title}: {name} says something else"
            taken[name] = [time.perf_counter() - began]
    print(f"\n{question.title:<46}{'median s':>10}{'lowest':>9}{'highest':>9}{'ours to it':>12}")
    own = statistics.median(taken["workbench"])
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        print(f"  {name:<44}{middle:>10.3f}{min(seconds):>9.3f}{max(seconds):>9.3f}{own / middle:>11.2f}x")


def _told(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return [tuple(int(v) if isinstance(v, int) else str(v) for v in row) for row in frame.sort(frame.columns[0]).rows()]


def _decoded(made: Store, columns: list[str]) -> pl.DataFrame:
    parts, _ = made.lake.parts("events", made.actor, subject=LAYOUT.subject)
    files = sorted({path for part in parts.parts for path in part.files})
    return pl.scan_parquet(files).select(columns).select(pl.all().null_count()).collect(engine="streaming")


if __name__ == "__main__":
    main()
