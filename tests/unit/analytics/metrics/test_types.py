"""What metrics made of others refuse, and in which words."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from workbench.foundation.errors import Invalid, NotFound, WorkbenchError

MORE = """
- {name: ever, type: cumulative, metric: flights}
- {name: year, type: cumulative, metric: flights, window: 1 year}
- {name: hours, type: cumulative, metric: flights, window: 36 hours}
- {name: to_week, type: cumulative, metric: flights, grain_to_date: week}
- {name: to_hour, type: cumulative, metric: flights, grain_to_date: hour}
- {name: month_before, type: derived, expr: flights, inputs: [{metric: flights, offset: 1 month}]}
- {name: mixed, type: derived, expr: flights - farthest}
- {name: farthest, dataset: flights, aggregation: max, column: origin, time: time_hour}
- {name: cut, type: derived, expr: flights, inputs: [{metric: flights, filter: orign = 'JFK'}]}
- {name: followed, type: conversion, base_metric: flights, conversion_metric: cancelled, entity: carrer}
- {name: apart, type: conversion, base_metric: flights, conversion_metric: others, entity: carrier}
- {name: others, dataset: others, aggregation: count, time: at}
- {name: opening, dataset: flights, aggregation: first, column: dep_delay, tie: carrie, time: time_hour}
"""


@pytest.fixture
def metrics(room: Any) -> Any:
    times = pl.Series("at", [0]).cast(pl.Datetime("us", "UTC"))
    room.lake.create("others", pl.DataFrame({"carrier": [1], "at": times}), room.owner)
    return room.metrics(definitions=(room.folder / "flights.yaml").read_text() + MORE)


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"metrics": "ever", "grain": "minute"}, Invalid, "is over all time, which is too long for each minute"),
        ({"metrics": "year", "grain": "minute"}, Invalid, "is over 1 year, which is too long for each minute"),
        ({"metrics": "year", "grain": "hour"}, Invalid, "so its grain has to be day or longer"),
        ({"metrics": "hours", "grain": "day"}, Invalid, "goes back 36 hours, which is no number of days"),
        ({"metrics": "to_hour", "grain": "day"}, Invalid, "starts again each hour, so its grain cannot be day"),
        ({"metrics": "month_before"}, Invalid, "taken 1 month earlier, so it needs a grain or a time range"),
        ({"metrics": "month_before", "grain": "week"}, Invalid, "taken 1 month earlier, which is no number of weeks"),
        ({"metrics": "mixed"}, Invalid, "the expr of metric 'mixed', flights - farthest, mixes types"),
        ({"metrics": "cut"}, Invalid, "no column 'orign'; did you mean 'origin'"),
        ({"metrics": "followed"}, Invalid, "called 'carrer'; did you mean 'carrier'"),
        ({"metrics": "apart"}, Invalid, "'carrier' is String of metric 'flights' and Int64 of 'others'"),
        ({"metrics": "opening"}, Invalid, "called 'carrie'; did you mean 'carrier'"),
        ({"metrics": "ever", "by": "orign"}, NotFound, "did you mean 'origin'"),
    ],
)
def test_what_does_not_fit_is_refused(
    metrics: Any, asked: dict[str, Any], error: type[WorkbenchError], says: str
) -> None:
    with pytest.raises(error, match=says):
        metrics.query(asked.pop("metrics"), **asked)


def test_what_does_not_fit_is_told_before_it_is_asked_for(metrics: Any) -> None:
    told = "\n".join(metrics.misfits())
    assert "metric 'mixed': the expr of metric 'mixed', flights - farthest, mixes types" in told
    assert "metric 'cut': no column 'orign'; did you mean 'origin'" in told
    assert "metric 'followed': no column in dataset 'flights' called 'carrer'; did you mean 'carrier'" in told
    assert "metric 'opening': no column in dataset 'flights' called 'carrie'" in told


def test_types_stand_beside_each_other_in_one_answer(metrics: Any) -> None:
    result = metrics.query(
        ["flights", "ever", "to_week", "month_before", "cancellation_rate"], grain="day", by="origin"
    )
    assert result.frame.columns == [
        "time", "origin", "flights", "ever", "to_week", "month_before", "cancellation_rate",
    ]  # fmt: skip
    last = result.frame.filter(pl.col("time") == date(2013, 1, 2))
    assert last.select(pl.col("ever", "to_week").sum()).row(0) == (8, 8)
    assert metrics.query("flights", grain="default").grain == "day"


def test_a_dataset_without_rows_has_no_period_and_one_total(room: Any, metrics: Any) -> None:
    empty = room.lake.read("flights", room.owner).collect().clear()
    room.lake.create("none", empty, room.owner)
    text = (room.folder / "flights.yaml").read_text().replace("dataset: flights", "dataset: none")
    ask = room.metrics(definitions=text).query
    assert ask(["ever", "to_week", "flights"], grain="day").frame.is_empty()
    assert ask(["flights", "cancellation_rate"]).frame.rows() == [(0, None)]
    assert ask("ever").frame.height == 1
    compared = ask("flights", between=("2013-01-02", "2013-01-03"), compare="previous period")
    assert compared.frame.rows() == [(0, 0, None)]
