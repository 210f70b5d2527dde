"""An answer beside that of an earlier time range: which range that is, and what stands beside what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.metrics.comparing import compared
from workbench.analytics.metrics.windows import previous
from workbench.foundation.errors import Invalid

Ask = Callable[..., Any]
NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("between", "compare", "before"),
    [
        (("2013-02-01", "2013-02-15"), "previous period", (date(2013, 1, 18), date(2013, 2, 1))),
        (("2013-03-01", "2013-04-01"), "previous period", (date(2013, 2, 1), date(2013, 3, 1))),
        (("2013-01-01", "2013-04-01"), "previous period", (date(2012, 10, 1), date(2013, 1, 1))),
        (("2013-02-01", "2013-02-15"), "previous year", (date(2012, 2, 1), date(2012, 2, 15))),
        (("2016-02-29", "2016-03-01"), "previous year", (date(2015, 2, 28), date(2015, 3, 1))),
        (("2016-02-28", "2016-02-29"), "previous year", (date(2015, 2, 28), date(2015, 3, 1))),
    ],
)
def test_which_range_it_is_compared_with(between: Any, compare: str, before: Any) -> None:
    assert previous(between, compare, NEW_YORK) == before


def test_hours_before_are_hours_and_days_before_are_days_where_the_clock_is_changed() -> None:
    hours = previous(("2013-03-10T12:00:00Z", "2013-03-11T12:00:00Z"), "previous period", NEW_YORK)
    assert [time.astimezone(UTC).isoformat() for time in hours] == [
        "2013-03-09T12:00:00+00:00", "2013-03-10T12:00:00+00:00",
    ]  # fmt: skip
    days = previous(("2013-03-11", "2013-03-12T04:00:00Z"), "previous period", NEW_YORK)
    assert [time.astimezone(UTC).isoformat() for time in days] == [
        "2013-03-10T05:00:00+00:00", "2013-03-11T04:00:00+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize("between", [None, ("2013-01-01", None), (None, None), "2013"])
def test_a_range_without_an_end_has_none_before_it(ask: Ask, between: Any) -> None:
    with pytest.raises(Invalid, match="needs a time range with two ends"):
        ask("flights", between=between, compare="previous period")
    with pytest.raises(Invalid, match="did you mean 'previous year'"):
        ask("flights", between=("2013-01-01", "2013-01-02"), compare="previous yaer")


def test_each_metric_has_what_it_was_and_how_much_it_changed(ask: Ask) -> None:
    result = ask(["flights", "mean_delay"], between=("2013-01-02", "2013-01-03"), compare="previous period")
    assert result.frame.to_dicts() == [
        {
            "flights": 4, "flights_before": 4, "flights_change": 0.0,
            "mean_delay": 50 / 3, "mean_delay_before": 7.0, "mean_delay_change": pytest.approx(50 / 21 - 1),
        }
    ]  # fmt: skip
    assert result.before == ("2013-01-01", "2013-01-02")
    assert result.labels["flights_before"] == "Flights before"
    assert result.units == {"mean_delay": "min", "mean_delay_before": "min"}
    assert result.formats["mean_delay_change"] == "+.1%"
    assert result.tiles()
    assert "Flights, change" in repr(result)


def test_groups_of_either_range_are_there(ask: Ask) -> None:
    result = ask("flights", by="carrier", between=("2013-01-02", "2013-01-03"), compare="previous period")
    assert result.frame.rows() == [("AA", 1, 2, -0.5), ("UA", 2, 2, 0.0), (None, 1, None, None)]
    back = ask("flights", by="carrier", between=("2013-01-01", "2013-01-02"), compare="previous period")
    assert back.frame.rows() == [("AA", 2, None, None), ("UA", 2, None, None)]
    least = ask(
        "flights", by="carrier", between=("2013-01-02", "2013-01-03"), compare="previous period",
        having="flights_change < 0", order="-flights_before", limit=1,
    )  # fmt: skip
    assert least.frame["carrier"].to_list() == ["AA"]


def test_days_stand_beside_each_other_by_their_place(ask: Ask) -> None:
    result = ask("flights", grain="day", between=("2013-01-02", "2013-01-03"), compare="previous period")
    assert result.frame.rows() == [(date(2013, 1, 2), 4, 4, 0.0)]
    assert result.chart().x == "time"
    hours = ask(
        "flights", grain="hour", between=("2013-01-02T00:00:00Z", "2013-01-03T00:00:00Z"), compare="previous period"
    )
    assert hours.frame["flights_before"].to_list() == [1, 1, 1, 1]
    assert hours.frame["time"][0] == datetime(2013, 1, 2, 3, tzinfo=UTC)


def test_hours_stand_beside_each_other_where_one_is_there_twice(room: Any) -> None:
    times = [datetime(2013, 11, 3, hour, 30, tzinfo=UTC) for hour in (4, 5, 6, 7)]
    before = [time - timedelta(days=1) for time in times]
    room.lake.create("late", pl.DataFrame({"at": [*times, *before]}), room.owner)
    late = "- {name: late, dataset: late, aggregation: count, time: at, time_zone: America/New_York}"
    ask = room.metrics(definitions=late).query
    frame = ask("late", grain="hour", between=("2013-11-03", "2013-11-04"), compare="previous period").frame
    assert frame["time"].dt.convert_time_zone("UTC").dt.hour().to_list() == [4, 5, 6, 7]
    assert frame["late_before"].to_list() == [1, 1, 1, 1]


def test_a_comparison_reads_one_version(room: Any) -> None:
    result = room.metrics().query("flights", between=("2013-01-02", "2013-01-03"), compare="previous period")
    assert result.versions == {"flights": 0}
    assert len(result.engines) == 2


FIGURES = st.dictionaries(
    st.tuples(st.integers(0, 40), st.sampled_from(["a", "b", None])), st.none() | st.integers(-3, 3), max_size=12
)


@examples(25, 120)
@given(now=FIGURES, before=FIGURES)
def test_what_stands_beside_what(
    now: dict[tuple[int, str | None], int | None], before: dict[tuple[int, str | None], int | None]
) -> None:
    first, last = date(2013, 3, 1), date(2013, 3, 31)
    first_before = date(2013, 2, 1)

    def frame(figures: dict[tuple[int, str | None], int | None], start: date) -> pl.DataFrame:
        rows = [(start + timedelta(days=day), kind, value) for (day, kind), value in figures.items()]
        return pl.DataFrame(rows, schema={"time": pl.Date, "k": pl.String, "m": pl.Int64}, orient="row")

    now = {key: value for key, value in now.items() if key[0] <= 30}
    found = compared(
        frame(now, first), frame(before, first_before), ["k"], ["m"], "day",
        [(first, last), (first_before, date(2013, 2, 28))],
    )  # fmt: skip
    expected = {}
    for day, kind in {*now, *before}:
        if day <= 30:
            value, was = now.get((day, kind)), before.get((day, kind))
            change = None if value is None or not was else (value - was) / abs(was)
            expected[first + timedelta(days=day), kind] = (value, was, change)
    assert {row[:2]: row[2:] for row in found.rows()} == expected
    assert found.height == len(expected)
