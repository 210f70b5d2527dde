"""What one would write without the workbench: each question in DuckDB's SQL and in Polars.

In SQL, SUBJECT and EVENTS stand for the subject's column and for the rows. Of several ways to write a query, the one
that was quickest at ten million rows is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

STEPS = ("view", "cart", "checkout", "buy")

FIRST_TOUCH = """
WITH a AS (SELECT SUBJECT h, min(time) t0, arg_min(country, time) c FROM EVENTS WHERE event = 'view' GROUP BY ALL),
w AS (SELECT a.h, t, e FROM a JOIN (SELECT SUBJECT h, time t, event e FROM EVENTS
      WHERE event IN ('cart','checkout','buy')) s USING (h) WHERE t > t0 AND t <= t0 + INTERVAL 7 DAY),
b AS (SELECT h, min(t) t1 FROM w WHERE e = 'cart' GROUP BY h),
d AS (SELECT h, min(t) t2 FROM w JOIN b USING (h) WHERE e = 'checkout' AND t > t1 GROUP BY h),
f AS (SELECT h, min(t) t3 FROM w JOIN d USING (h) WHERE e = 'buy' AND t > t2 GROUP BY h)
SELECT c breakdown, count(*) s1, count(t1) s2, count(t2) s3, count(t3) s4
FROM a LEFT JOIN b USING (h) LEFT JOIN d USING (h) LEFT JOIN f USING (h) GROUP BY ALL ORDER BY ALL
"""

# Windows over each subject's rows: the latest start of a chain that came to each step, carried along.
ANY_START = """
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

SESSIONS = """
WITH s AS (SELECT SUBJECT h, time t, lag(time) OVER (PARTITION BY SUBJECT ORDER BY time) b FROM EVENTS)
SELECT (count(*) FILTER (b IS NULL OR t - b > INTERVAL 30 MINUTE))::BIGINT sessions, count(*)::BIGINT events,
       (coalesce(sum(epoch_us(t) - epoch_us(b)) FILTER (t - b <= INTERVAL 30 MINUTE), 0))::BIGINT took FROM s
"""

RETENTION = """
WITH s AS (SELECT DISTINCT SUBJECT h, date_trunc('week', time AT TIME ZONE 'UTC')::DATE w
           FROM EVENTS WHERE event = 'view'),
f AS (SELECT h, min(w) first FROM s GROUP BY h)
SELECT first AS week, ((w - first) // 7)::BIGINT AS "offset", count(*) n FROM s JOIN f USING (h)
GROUP BY ALL ORDER BY ALL
"""


def first_touch(rows: pl.LazyFrame, subject: str) -> pl.LazyFrame:
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


def sessions(rows: pl.LazyFrame, subject: str) -> pl.LazyFrame:
    ordered = rows.select(subject, pl.col("time").cast(pl.Int64)).sort(subject, "time")
    apart = pl.col("time") - pl.col("time").shift(1)
    same = (pl.col(subject) == pl.col(subject).shift(1)) & (apart <= 30 * 60 * 1_000_000)
    ends = ordered.select(same.fill_null(value=False).alias("same"), apart.alias("apart"))
    return ends.select(
        (~pl.col("same")).sum().cast(pl.Int64).alias("sessions"),
        pl.len().cast(pl.Int64).alias("events"),
        pl.when("same").then("apart").sum().alias("took"),
    )


def retention(rows: pl.LazyFrame, subject: str) -> pl.LazyFrame:
    week = pl.col("time").dt.truncate("1w").dt.date().alias("w")
    pairs = rows.filter(pl.col("event") == "view").select(subject, week).unique()
    first = pairs.group_by(subject).agg(pl.col("w").min().alias("week"))
    offset = ((pl.col("w") - pl.col("week")).dt.total_days() // 7).alias("offset")
    return pairs.join(first, on=subject).group_by("week", offset).agg(pl.len().alias("n")).sort("week", "offset")


LAST_DAYS = """
WITH a AS (SELECT SUBJECT h, min(time) t0 FROM EVENTS
           WHERE event = 'view' AND time >= TIMESTAMPTZ '2025-03-25 00:00:00+00' GROUP BY ALL),
w AS (SELECT a.h, t, e FROM a JOIN (SELECT SUBJECT h, time t, event e FROM EVENTS
      WHERE event IN ('cart','checkout','buy') AND time >= TIMESTAMPTZ '2025-03-25 00:00:00+00') s USING (h)
      WHERE t > t0 AND t <= t0 + INTERVAL 1 DAY),
b AS (SELECT h, min(t) t1 FROM w WHERE e = 'cart' GROUP BY h),
d AS (SELECT h, min(t) t2 FROM w JOIN b USING (h) WHERE e = 'checkout' AND t > t1 GROUP BY h),
f AS (SELECT h, min(t) t3 FROM w JOIN d USING (h) WHERE e = 'buy' AND t > t2 GROUP BY h)
SELECT count(*) s1, count(t1) s2, count(t2) s3, count(t3) s4
FROM a LEFT JOIN b USING (h) LEFT JOIN d USING (h) LEFT JOIN f USING (h)
"""

DAILY = """
SELECT date_trunc('day', time AT TIME ZONE 'UTC')::DATE "time", country, count(*) events, sum(amount)::BIGINT amount,
       count(DISTINCT SUBJECT) people FROM EVENTS GROUP BY ALL ORDER BY ALL
"""

QUANTILES = """
SELECT event, quantile_cont(amount, 0.5) middle, quantile_cont(amount, 0.95) high FROM EVENTS
GROUP BY ALL ORDER BY ALL
"""


def last_days(rows: pl.LazyFrame, subject: str) -> pl.LazyFrame:
    some = rows.filter(pl.col("event").is_in(STEPS), pl.col("time") >= datetime(2025, 3, 25, tzinfo=UTC))
    some = some.select(subject, "time", "event")
    found = some.filter(pl.col("event") == "view").group_by(subject).agg(pl.col("time").min().alias("t1"))
    for number, step in enumerate(STEPS[1:], 2):
        inside = (pl.col("time") > pl.col(f"t{number - 1}")) & (pl.col("time") <= pl.col("t1") + pl.duration(days=1))
        joined = some.filter(pl.col("event") == step).join(found, on=subject).filter(inside)
        found = found.join(
            joined.group_by(subject).agg(pl.col("time").min().alias(f"t{number}")), on=subject, how="left"
        )
    return found.select(pl.col(f"t{n}").count().cast(pl.Int64).alias(f"s{n}") for n in range(1, 5))


def daily(rows: pl.LazyFrame, subject: str) -> pl.LazyFrame:
    day = pl.col("time").dt.date().alias("time")
    counted = rows.group_by(day, "country").agg(
        pl.len().cast(pl.Int64).alias("events"),
        pl.col("amount").cast(pl.Int64).sum(),
        pl.col(subject).n_unique().cast(pl.Int64).alias("people"),
    )
    return counted.sort("time", "country")


def quantiles(rows: pl.LazyFrame, subject: str) -> pl.LazyFrame:
    amount = pl.col("amount")
    found = rows.group_by("event").agg(
        amount.quantile(0.5, "linear").alias("middle"), amount.quantile(0.95, "linear").alias("high")
    )
    return found.sort("event")
