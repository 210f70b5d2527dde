"""Datasets whose rows are sorted: in every file after every load, from file to file after optimize."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from workbench.data.lake import EventLayout, Lake, Mode, compacting, datafiles, sorting
from workbench.foundation.errors import Invalid
from workbench.governance.runs import Actor

SCHEMA = {"k": pl.Int64, "city": pl.String, "part": pl.String}


def some(begin: int, rows: int = 40, *, seed: int = 1) -> pl.DataFrame:
    order = random.Random(seed + begin)
    keys = list(range(begin, begin + rows))
    order.shuffle(keys)
    cities = [order.choice(["Bergen", "Aarhus", "Porto", None]) for _ in keys]
    return pl.DataFrame({"k": keys, "city": cities, "part": [f"p{key % 2}" for key in keys]}, schema=SCHEMA)


def files(lake: Lake, admin: Actor) -> list[pl.DataFrame]:
    return [plan.collect() for plan in lake.plans("t", admin)]


def check_sorted(lake: Lake, admin: Actor, *by: str) -> None:
    for rows in files(lake, admin):
        assert rows.select(by).equals(rows.select(by).sort(by))


def test_every_load_sorts_the_rows_of_a_file(lake: Lake, admin: Actor) -> None:
    lake.create("t", some(0), admin, key="k", sort_by=["city", "k"])
    check_sorted(lake, admin, "city", "k")
    lake.append("t", some(100), admin)
    lake.load("t", some(200).lazy(), admin, mode=Mode.APPEND)
    lake.upsert("t", some(0, seed=9), admin)
    check_sorted(lake, admin, "city", "k")
    assert (
        lake.read("t", admin).collect().sort("k").equals(pl.concat([some(0, seed=9), some(100), some(200)]).sort("k"))
    )
    lake.overwrite("t", some(300), admin)
    check_sorted(lake, admin, "city", "k")
    assert lake.info("t", admin).sort_by == ("city", "k")


@pytest.mark.parametrize("partition_by", [[], ["part"]])
def test_optimize_sorts_from_file_to_file_and_says_when_nothing_is_left(
    lake: Lake, admin: Actor, monkeypatch: pytest.MonkeyPatch, partition_by: list[str]
) -> None:
    for module in (datafiles, sorting):
        monkeypatch.setattr(module, "ROWS_PER_FILE", 50)
    monkeypatch.setattr(sorting, "ROWS_AT_ONCE", 120)
    rows = some(0, 400)
    lake.create("t", rows.head(40), admin, sort_by="k", partition_by=partition_by)
    for begin in range(40, 400, 40):
        lake.append("t", rows.slice(begin, 40), admin)
    parts = 2 if partition_by else 1
    assert lake.layout("t", admin).overlapping > 2
    lake.optimize("t", admin)
    told = lake.layout("t", admin)
    assert (told.sort_by, told.overlapping if not partition_by else 0) == (("k",), 0)
    assert "sorted by k" in str(told)
    check_sorted(lake, admin, "k")
    for part in range(parts):
        of_part = [one for one in files(lake, admin) if not partition_by or one["part"][0] == f"p{part}"]
        spans = sorted((one["k"].min(), one["k"].max()) for one in of_part)
        assert all(before[1] < after[0] for before, after in pairwise(spans))  # type: ignore[operator]
        assert len(spans) > 2
    assert lake.read("t", admin).collect().sort("k").equals(rows.sort("k"))
    for _ in range(2):
        lake.optimize("t", admin)
    version = lake.version("t")
    assert lake.optimize("t", admin).number == version
    lake.append("t", some(1000, 10), admin)
    lake.optimize("t", admin)
    assert lake.read("t", admin).collect().height == 410


def test_rows_without_a_value_stay_when_ranges_are_cut(
    lake: Lake, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "ROWS_AT_ONCE", 16)
    lake.create("t", some(0), admin, sort_by="city")
    for begin in range(40, 160, 40):
        lake.append("t", some(begin), admin)
    lake.optimize("t", admin)
    wanted = pl.concat([some(begin) for begin in range(0, 160, 40)])
    assert lake.read("t", admin).collect().sort("k").equals(wanted.sort("k"))
    assert lake.read("t", admin).collect()["city"].null_count() == wanted["city"].null_count()
    check_sorted(lake, admin, "city")


def test_files_without_a_value_are_merged_where_small_and_then_left(lake: Lake, admin: Actor) -> None:
    lake.create("t", some(0).with_columns(city=pl.lit(None, pl.String)), admin, sort_by="city")
    lake.append("t", some(40).with_columns(city=pl.lit(None, pl.String)), admin)
    version = lake.optimize("t", admin).number
    assert (lake.info("t", admin).files, version) == (1, 2)
    assert lake.optimize("t", admin).number == version


def test_full_files_are_not_merged_again(lake: Lake, admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compacting.datafiles, "ROWS_PER_FILE", 50)
    lake.create("t", some(0, 150), admin)
    version = lake.version("t")
    assert lake.info("t", admin).files == 3
    assert lake.optimize("t", admin).number == version


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"sort_by": "ctiy"}, "no column 'ctiy'; did you mean 'city'"),
        ({"sort_by": "list"}, "cannot be sorted by 'list'"),
        ({"sort_by": "city", "layout": EventLayout("k", "time", "city")}, "cannot be sorted by 'city'"),
    ],
)
def test_orders_that_cannot_be_are_refused(lake: Lake, admin: Actor, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        lake.create("t", some(0).with_columns(list=pl.concat_list("k")), admin, **asked)
    lake.create("t", some(0), admin, sort_by="city")
    with pytest.raises(Invalid, match="sorted by column 'city'"):
        lake.overwrite("t", some(0).drop("city"), admin, evolve=True)
