"""The same questions in pandas, and in dask.dataframe: what pandas says of rows that are shuffled by their subject.

Each function takes rows and gives numbers that add up over subjects, so that one way of writing it serves both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import polars as pl

from benchmarks.contest import Answer
from benchmarks.product_peers import STEPS

__all__ = ["daily", "first_touch", "in_both", "last_days", "quantiles", "retention", "sessions"]

Counted = Callable[[pd.DataFrame], pd.DataFrame]
LAST = pd.Timestamp("2025-03-25", tz="UTC")


def in_both(
    plain: Path, columns: Sequence[str], counted: Counted, keys: Sequence[str] = (), by: str = "user_id"
) -> dict[str, Answer]:
    """
    Args:
        columns: Those to read.
        keys: What the numbers are told apart by.
        by: Rows of the same one have to be together.
    """

    def in_pandas() -> pl.DataFrame:
        return _added(counted(pd.read_parquet(plain, columns=list(columns))), keys)

    def of_part(rows: pd.DataFrame) -> pd.DataFrame:
        return counted(rows.reset_index(drop=True))

    def in_dask() -> pl.DataFrame:
        import dask.dataframe as dd

        rows = dd.read_parquet(str(plain), columns=list(columns)).shuffle(by)
        like = of_part(rows._meta_nonempty).head(0)
        return _added(rows.map_partitions(of_part, meta=like).compute(), keys)

    return {"pandas": in_pandas, "dask.dataframe": in_dask}


def first_touch(rows: pd.DataFrame) -> pd.DataFrame:
    found = _steps(rows, pd.Timedelta(days=7))
    names = {f"t{n}": f"s{n}" for n in range(1, 5)}
    counts = found.groupby("country")[list(names)].count().reset_index()
    return counts.rename(columns={"country": "breakdown", **names})


def last_days(rows: pd.DataFrame) -> pd.DataFrame:
    found = _steps(rows[rows["time"] >= LAST], pd.Timedelta(days=1))
    return pd.DataFrame({f"s{n}": [int(found[f"t{n}"].count())] for n in range(1, 5)})


def sessions(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values(["user_id", "time"])
    apart = rows["time"].diff()
    same = (rows["user_id"] == rows["user_id"].shift()) & (apart <= pd.Timedelta(minutes=30))
    took = int((apart[same] // pd.Timedelta(microseconds=1)).sum())
    return pd.DataFrame({"sessions": [int((~same).sum())], "events": [len(rows)], "took": [took]})


def retention(rows: pd.DataFrame) -> pd.DataFrame:
    views = rows[rows["event"] == "view"]
    day = views["time"].dt.floor("D").dt.tz_localize(None)
    week = day - pd.to_timedelta(day.dt.dayofweek, unit="D")
    pairs = pd.DataFrame({"user_id": views["user_id"], "w": week}).drop_duplicates()
    pairs["week"] = pairs.groupby("user_id")["w"].transform("min")
    pairs["offset"] = (pairs["w"] - pairs["week"]).dt.days // 7
    return pairs.groupby(["week", "offset"]).size().rename("n").reset_index()


def daily(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(time=rows["time"].dt.floor("D").dt.tz_localize(None), amount=rows["amount"].astype("int64"))
    grouped = rows.groupby(["time", "country"], observed=True)
    return grouped.agg(events=("amount", "size"), amount=("amount", "sum"), people=("user_id", "nunique")).reset_index()


def quantiles(rows: pd.DataFrame) -> pd.DataFrame:
    found = rows.groupby("event", observed=True)["amount"].quantile([0.5, 0.95]).unstack()
    return found.rename(columns={0.5: "middle", 0.95: "high"}).reset_index()


def _steps(rows: pd.DataFrame, window: pd.Timedelta) -> pd.DataFrame:
    """When each subject came to each step: t1, t2, ...; and the country of the first."""
    views = rows[rows["event"] == "view"].sort_values("time").drop_duplicates("user_id")
    found = views.set_index("user_id").rename(columns={"time": "t1"}).drop(columns="event")
    for number, step in enumerate(STEPS[1:], 2):
        some = rows.loc[rows["event"] == step, ["user_id", "time"]].merge(found.reset_index(), on="user_id")
        inside = (some["time"] > some[f"t{number - 1}"]) & (some["time"] <= some["t1"] + window)
        found[f"t{number}"] = some[inside].groupby("user_id")["time"].min()
    return found


def _added(numbers: pd.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Those of all parts together; times and texts as Polars has them."""
    whole = numbers.groupby(list(keys), observed=True).sum().reset_index() if keys else numbers.sum().to_frame().T
    found = pl.from_pandas(whole.astype({name: str for name in keys if whole[name].dtype == "category"}))
    return found.with_columns(pl.col(pl.Datetime).dt.date())
