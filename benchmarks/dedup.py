"""The latest row of each event, and how many rows it replaces: ours and what one would otherwise write.

In SQL EVENTS stands for the rows. Both ways are to be had in both languages: a group per id, which is plain, and
looking for the few ids that come twice first, which does less.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import polars as pl

from benchmarks.contest import Answer, Question
from benchmarks.events import LAYOUT
from workbench.analytics.product import Duplicates, EventColumns
from workbench.compute import SUBJECT_HASH

if TYPE_CHECKING:
    from benchmarks.product import Asked

__all__ = ["question"]

COLUMNS = ["event_id", "time", "event", "amount"]

GROUPED = """
SELECT event, count(*) kept, sum(n - 1)::BIGINT duplicates, sum(amount)::BIGINT amount
FROM (SELECT event_id, count(*) n, arg_max(event, time) event, arg_max(amount, time) amount FROM EVENTS GROUP BY ALL)
GROUP BY ALL ORDER BY ALL
"""

WINDOWED = """
SELECT event, count(*) kept, sum(n - 1)::BIGINT duplicates, sum(amount)::BIGINT amount
FROM (SELECT event, amount, count(*) OVER (PARTITION BY event_id) n FROM EVENTS
      QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY time DESC) = 1)
GROUP BY ALL ORDER BY ALL
"""

FEW_FIRST = """
WITH twice AS MATERIALIZED (SELECT event_id FROM EVENTS GROUP BY ALL HAVING count(*) > 1),
again AS MATERIALIZED (SELECT event_id, time, event, amount FROM EVENTS SEMI JOIN twice USING (event_id)),
latest AS (SELECT event_id, count(*) n, arg_max(event, time) event, arg_max(amount, time) amount
           FROM again GROUP BY ALL),
counted AS (SELECT event, count(*) kept, 0 duplicates, sum(amount) amount FROM EVENTS GROUP BY ALL
            UNION ALL SELECT event, -count(*), 0, -sum(amount) FROM again GROUP BY ALL
            UNION ALL SELECT event, count(*), sum(n - 1), sum(amount) FROM latest GROUP BY ALL)
SELECT event, sum(kept)::BIGINT kept, sum(duplicates)::BIGINT duplicates, sum(amount)::BIGINT amount FROM counted
GROUP BY ALL ORDER BY ALL
"""


def question(ask: Asked, sql: Callable[[str], Answer], plain: Path) -> Question:
    """
    Args:
        sql: Makes an answer of a query in DuckDB.
        plain: The folder of the plain files.
    """
    columns = EventColumns(LAYOUT.subject, LAYOUT.event, LAYOUT.time, LAYOUT.id)
    ours = Duplicates(columns, by=("event",), amount="amount")
    plans = {"a group per id": grouped, "few first": few_first}
    return Question(
        "dedup, keep latest",
        ask.product(ours, lambda frame: frame.select("event", "kept", "duplicates", "amount")),
        {
            "DuckDB, a group per id": sql(GROUPED),
            "DuckDB, windows": sql(WINDOWED),
            "DuckDB, few first": sql(FEW_FIRST),
            **{
                f"Polars, {engine}, {name}": _polars(plan, plain, engine)
                for name, plan in plans.items()
                for engine in ("streaming", "in-memory")
            },
        },
        ask.floor(SUBJECT_HASH, *COLUMNS),
        {"pandas": lambda: in_pandas(plain), "dask.dataframe": lambda: in_dask(plain)},
    )


def grouped(rows: pl.LazyFrame) -> pl.LazyFrame:
    latest = rows.group_by("event_id").agg(pl.len().alias("n"), pl.col("event", "amount").sort_by("time").last())
    return _counted(latest)


def few_first(rows: pl.LazyFrame) -> pl.LazyFrame:
    twice = rows.group_by("event_id").agg(pl.len().alias("n")).filter(pl.col("n") > 1).select("event_id")
    latest = grouped(rows.join(twice, on="event_id", how="semi"))
    rest = rows.join(twice, on="event_id", how="anti").group_by("event")
    once = rest.agg(
        pl.len().cast(pl.Int64).alias("kept"),
        pl.lit(0, pl.Int64).alias("duplicates"),
        pl.col("amount").cast(pl.Int64).sum(),
    )
    return pl.concat([once, latest]).group_by("event").agg(pl.all().sum()).sort("event")


def in_pandas(plain: Path) -> pl.DataFrame:
    rows = pd.read_parquet(plain, columns=COLUMNS)
    return _told(_latest_in_pandas(rows))


def in_dask(plain: Path) -> pl.DataFrame:
    import dask.dataframe as dd

    rows = dd.read_parquet(str(plain), columns=COLUMNS)
    latest = rows.shuffle("event_id").map_partitions(_latest_in_pandas)
    return _told(latest.compute())


def _polars(plan: Callable[[pl.LazyFrame], pl.LazyFrame], plain: Path, engine: str) -> Answer:
    return lambda: plan(pl.scan_parquet(plain / "*.parquet").select(COLUMNS)).collect(engine=engine)  # type: ignore[call-overload]


def _counted(latest: pl.LazyFrame) -> pl.LazyFrame:
    counts = latest.group_by("event").agg(
        pl.len().cast(pl.Int64).alias("kept"),
        (pl.col("n").cast(pl.Int64) - 1).sum().alias("duplicates"),
        pl.col("amount").cast(pl.Int64).sum(),
    )
    return counts.sort("event")


def _latest_in_pandas(rows: pd.DataFrame) -> pd.DataFrame:
    """By event: how many rows are kept, how many they replace, and the amount of those that are kept."""
    latest = rows.sort_values("time").drop_duplicates("event_id", keep="last")
    replaced = latest["event_id"].map(rows["event_id"].value_counts()) - 1
    by_event = latest.assign(replaced=replaced).groupby("event", observed=True)
    return by_event.agg(kept=("amount", "size"), duplicates=("replaced", "sum"), amount=("amount", "sum")).reset_index()


def _told(by_event: pd.DataFrame) -> pl.DataFrame:
    """Added up over the parts that were counted by themselves."""
    whole = by_event.groupby("event", observed=True)[["kept", "duplicates", "amount"]].sum().reset_index()
    whole["event"] = whole["event"].astype(str)
    return pl.from_pandas(whole)
