"""The sentence says what the chart shows, and its numbers are those of the data."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from workbench.charts import Chart

MIN = {"delay": "min"}


def bars(rows: list[tuple[str | None, float | None]], **given: object) -> Chart:
    frame = pl.DataFrame(rows, schema={"carrier": pl.String, "delay": pl.Float64}, orient="row")
    return Chart(frame, "bar", "carrier", "delay", "Delay by carrier", units=MIN, formats={"delay": ",.1f"}, **given)


def test_it_names_the_highest_and_the_lowest_with_their_values_and_units(flights: pl.DataFrame) -> None:
    means = flights.group_by("carrier").agg(delay=pl.col("dep_delay").mean()).sort("carrier")
    chart = Chart(means, "bar", "carrier", "delay", "Delay", labels={"delay": "Mean delay"}, units=MIN)
    highest, lowest = means.sort("delay").row(-1), means.sort("delay").row(0)
    assert chart.alt == (
        f"Bar chart of mean delay by carrier: highest {highest[0]} ({highest[1]:.1f}\N{NO-BREAK SPACE}min), "
        f"lowest {lowest[0]} ({lowest[1]:.1f}\N{NO-BREAK SPACE}min)."
    )
    assert (highest[0], lowest[0]) == ("F9", "US")


def test_it_tells_a_day_with_one_peak(flights: pl.DataFrame) -> None:
    hours = flights.group_by("hour").agg(delay=pl.col("dep_delay").mean()).sort("hour").drop_nulls()
    alt = Chart(hours, "bar", "hour", "delay", "Delay", units=MIN, formats={"delay": ",.1f"}).alt
    assert "highest hour 19 (24.8" in alt
    assert "Rises from 0.7\N{NO-BREAK SPACE}min at 5 to 24.8\N{NO-BREAK SPACE}min at 19, then falls to" in alt


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1.0, 2.0, 3.0, 4.0], "Rises from 1.0 on 2013-01-02 to 4.0 on 2013-01-05."),
        ([4.0, 3.0, 2.0, 1.0], "Falls from 4.0 on 2013-01-02 to 1.0 on 2013-01-05."),
        ([2.0, 9.0, 1.0, 3.0], "Goes from 2.0 on 2013-01-02 to 3.0 on 2013-01-05 without a steady trend."),
    ],
)
def test_it_tells_the_direction_along_time(values: list[float], told: str) -> None:
    frame = pl.DataFrame({"day": [date(2013, 1, 2 + index) for index in range(4)], "delay": values})
    chart = Chart(frame, "line", "day", "delay", "Delay", formats={"delay": ".1f"})
    assert chart.alt.endswith(told)


def test_each_series_has_its_own_direction() -> None:
    days = [date(2013, 1, 2 + index) for index in range(4)]
    frame = pl.DataFrame(
        {"day": days * 2, "delay": [1, 2, 3, 4, 8, 7, 6, 5], "origin": ["EWR"] * 4 + ["JFK"] * 4},
    )
    alt = Chart(frame, "line", "day", "delay", "Delay", color="origin").alt
    assert "EWR rises from 1 on 2013-01-02 to 4 on 2013-01-05; JFK falls from 8" in alt
    assert "highest 2013-01-02, JFK (8), lowest 2013-01-02, EWR (1)" in alt


def test_points_are_told_by_their_correlation() -> None:
    frame = pl.DataFrame({"wind": [1, 2, 3, 4], "delay": [10.0, 11.0, 13.0, 15.0]})
    alt = Chart(frame, "point", "wind", "delay", "Wind and delay", units=MIN).alt
    assert "Tends to be higher where wind is higher (correlation 0.99)." in alt


def test_a_heatmap_is_told_by_both_places() -> None:
    frame = pl.DataFrame({"hour": [5, 6], "day": ["Monday", "Tuesday"], "delay": [1.0, 2.0]})
    alt = Chart(frame, "heatmap", "hour", "day", "Delay", color="delay").alt
    assert alt == "Heatmap of delay by hour and day: highest hour 6, Tuesday (2.00), lowest hour 5, Monday (1.00)."


def test_missing_values_are_counted() -> None:
    assert bars([("UA", 3.0), ("AA", None), ("DL", 1.0)]).alt.endswith("1 of 3 has no value.")


def test_not_a_number_is_no_extreme() -> None:
    assert "highest UA (3.0" in bars([("UA", 3.0), ("AA", float("nan")), ("DL", 1.0)]).alt


def test_an_empty_frame_a_single_row_and_equal_values_have_sentences_of_their_own() -> None:
    assert bars([]).alt == "Bar chart of delay by carrier: no values to show."
    assert bars([("UA", 3.0)]).alt == "Bar chart of delay by carrier: one value, UA, 3.0\N{NO-BREAK SPACE}min."
    assert bars([("UA", 3.0), ("AA", 3.0)]).alt.endswith(": all 2 at 3.0\N{NO-BREAK SPACE}min.")


def test_two_that_tie_are_both_named() -> None:
    assert "highest UA and AA (3.0\N{NO-BREAK SPACE}min each)" in bars([("UA", 3.0), ("AA", 3.0), ("DL", 1.0)]).alt


def test_shares_are_said_in_percent_once() -> None:
    frame = pl.DataFrame({"carrier": ["UA", "AA"], "late": [0.25, 0.5]})
    alt = Chart(frame, "bar", "carrier", "late", "Late", units={"late": "%"}, formats={"late": ".1%"}).alt
    assert "highest AA (50.0%), lowest UA (25.0%)" in alt


def test_negative_numbers_have_a_minus_sign() -> None:
    assert "lowest DL (−4.0" in bars([("UA", 3.0), ("DL", -4.0)]).alt
