"""Times and dates at the ends of the calendar, and beyond what Python has days for."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from workbench.data.lake import Lake
from workbench.foundation.errors import Conflict
from workbench.governance.runs import Actor

TIME = pl.Datetime("us", "UTC")
LAST = dt.datetime(9999, 12, 31, 23, 59, 59, 999999, dt.UTC)
EDGES = {
    "the last microsecond": pl.Series([dt.datetime(2013, 1, 1, tzinfo=dt.UTC), LAST], dtype=TIME),
    "the first years": pl.Series(
        [dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(800, 1, 1, tzinfo=dt.UTC)], dtype=TIME
    ),
    "times beyond the calendar": pl.Series([-(2**60), 2**62]).cast(TIME),
    "dates beyond the calendar": pl.Series([-(2**30), 2**30], dtype=pl.Int32).cast(pl.Date),
}


@pytest.mark.parametrize("edge", EDGES)
def test_the_ends_of_the_calendar_are_kept_and_found_again(lake: Lake, admin: Actor, edge: str) -> None:
    keys = EDGES[edge]
    frame = pl.DataFrame({"k": keys, "v": [1, 2]})
    middle = pl.DataFrame({"k": pl.Series([-400_000], dtype=pl.Int32).cast(pl.Date).cast(keys.dtype), "v": [3]})
    lake.create("t", frame, admin, key="k")
    lake.append("t", middle, admin)
    for place in (0, 1):
        lake.upsert("t", frame[place : place + 1].with_columns(v=pl.col("v") * 10), admin)
    found = lake.read("t", admin).collect().sort("v")
    assert found["v"].to_list() == [3, 10, 20]
    assert found["k"][1:].to_physical().to_list() == keys.to_physical().to_list()
    start = middle["k"].to_physical()[0]
    later = lake.read("t", admin).filter(pl.col("k") > pl.lit(middle["k"]).first()).collect()
    assert sorted(later["v"]) == sorted(found.filter(pl.col("k").to_physical() > start)["v"])
    with pytest.raises(Conflict, match="1 of 1 rows have a key"):
        lake.append("t", frame.head(1), admin)
    lake.optimize("t", admin)
    assert lake.read("t", admin).collect().sort("v").equals(found)
