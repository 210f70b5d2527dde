"""Derived columns and groups, against naive loops."""

from __future__ import annotations

import math
import statistics
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.etl import bins, date_parts, group, lag, log, one_hot, ratio, select, where
from workbench.foundation.errors import Conflict, Invalid, NotFound

TIMES = st.lists(st.none() | st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)), max_size=9)
NUMBERS = st.lists(st.none() | st.integers(-20, 20) | st.just(math.nan), max_size=25)
PARTS = ["year", "quarter", "month", "week", "day", "weekday", "day_of_year", "is_weekend", "hour", "minute"]


def column(values: list[Any]) -> pl.DataFrame:
    return pl.DataFrame({"x": [None if v is None else float(v) for v in values]}, schema={"x": pl.Float64()})


def missing(value: float | None) -> bool:
    return value is None or math.isnan(value)


@settings(deadline=None)
@given(times=TIMES, zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]))
def test_parts_of_times_are_those_of_the_clock_there(times: list[datetime | None], zone: str) -> None:
    made = date_parts(
        pl.DataFrame({"at": times}, schema={"at": pl.Datetime("us", "UTC")}), "at", parts=PARTS, time_zone=zone
    )
    for at, row in zip(times, made.to_dicts(), strict=True):
        there = None if at is None else at.astimezone(ZoneInfo(zone))
        expected = there and [
            there.year, (there.month + 2) // 3, there.month, there.isocalendar().week, there.day, there.isoweekday(),
            there.timetuple().tm_yday, there.isoweekday() >= 6, there.hour, there.minute,
        ]  # fmt: skip
        assert [row[f"at_{part}"] for part in PARTS] == (expected or [None] * len(PARTS))


def test_parts_that_are_not_there_are_refused() -> None:
    frame = pl.DataFrame({"day": [date(2026, 1, 1)], "n": [1], "at": [datetime(2026, 1, 1, tzinfo=UTC)]})
    assert date_parts(frame, "day", parts="weekday")["day_weekday"].to_list() == [4]
    for given_, says in (
        ({"column": "day", "parts": "hour"}, "dates, which have no hour"),
        ({"column": "day", "parts": "wekday"}, "did you mean 'weekday'"),
        ({"column": "n"}, "'n' is Int64, which has no parts"),
        ({"column": "at", "time_zone": "Europe/Berln"}, "no time zone 'Europe/Berln'"),
    ):
        with pytest.raises(Invalid, match=says):
            date_parts(frame, **given_)
    with pytest.raises(Conflict, match="'day_month' already"):
        date_parts(frame.with_columns(day_month=1), "day")


@given(values=st.lists(st.tuples(st.none() | st.integers(-3, 3), st.none() | st.integers(-3, 3)), max_size=20))
def test_a_ratio_is_null_where_there_is_none(values: list[tuple[int | None, int | None]]) -> None:
    frame = pl.DataFrame(values, schema={"a": pl.Int64, "b": pl.Int64}, orient="row")
    expected = [None if a is None or not b else a / b for a, b in values]
    assert ratio(frame, into="r", of="a", to="b")["r"].to_list() == expected


@given(
    rows=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.none() | st.integers(0, 9)), max_size=20),
    count=st.sampled_from([-2, -1, 1, 3]),
    grouped=st.booleans(),
)
def test_an_earlier_row_is_the_one_before_in_order(rows: list[tuple[str, int, Any]], count: int, grouped: bool) -> None:
    frame = pl.DataFrame(rows, schema={"g": pl.String, "o": pl.Int64, "x": pl.Int64}, orient="row")
    made = lag(frame, "x", order="o", by="g" if grouped else (), rows=count, into="l")
    expected: list[int | None] = [None] * len(rows)
    for key in "ab" if grouped else " ":
        mine = [at for at in sorted(range(len(rows)), key=lambda at: rows[at][1]) if not grouped or rows[at][0] == key]
        for place, at in enumerate(mine):
            if 0 <= place - count < len(mine):
                expected[at] = rows[mine[place - count]][2]
    assert made["l"].to_list() == expected
    assert made.drop("l").equals(frame)


@given(values=NUMBERS, count=st.integers(1, 6))
def test_bins_hold_what_a_loop_puts_there(values: list[Any], count: int) -> None:
    frame = column(values)
    there = [float(value) for value in values if not missing(value)]
    by_width = bins(frame, "x", into="b", count=count)["b"].to_list()
    by_rows = bins(frame, "x", into="b", count=count, how="quantile")["b"].to_list()
    for value, width, rows in zip(values, by_width, by_rows, strict=True):
        if missing(value):
            assert (width, rows) == (None, None)
            continue
        low, high = min(there), max(there)
        share = (value - low) / (high - low) if high > low else 0.0
        assert width == min(math.floor(share * count), count - 1) + 1
        assert rows == sum(other < value for other in there) * count // len(there) + 1


@given(values=st.lists(st.none() | st.sampled_from(["a", "b", "c d"]), max_size=12))
def test_indicators_are_one_where_the_value_is(values: list[str | None]) -> None:
    frame = pl.DataFrame({"x": values}, schema={"x": pl.String})
    made = one_hot(frame, "x")
    assert made.columns == [f"x_{value}" for value in sorted({value for value in values if value is not None})]
    fixed = one_hot(frame, "x", values=["c d", "z"], keep=True)
    assert fixed["x_c d"].to_list() == [int(value == "c d") for value in values]
    assert fixed["x_z"].sum() == 0
    assert fixed["x"].equals(frame["x"])


def test_too_many_indicators_are_refused() -> None:
    with pytest.raises(Invalid, match="'x' has 101 values"):
        one_hot(pl.DataFrame({"x": range(101)}), "x")
    with pytest.raises(Invalid, match="'a' does not fit the column 'x'"):
        one_hot(pl.DataFrame({"x": [1]}), "x", values=["a"])


@given(values=NUMBERS, base=st.sampled_from(["e", 2, 10]), plus=st.sampled_from([0, 1]))
def test_a_logarithm_is_null_where_there_is_none(values: list[Any], base: Any, plus: int) -> None:
    made = log(column(values), "x", base=base, plus=plus)["x_log"].to_list()
    number = math.e if base == "e" else base
    expected = [None if missing(v) or v + plus <= 0 else math.log(v + plus) / math.log(number) for v in values]
    assert made == pytest.approx(expected)


@given(rows=st.lists(st.tuples(st.none() | st.sampled_from("ab"), st.none() | st.integers(-9, 9)), max_size=20))
def test_groups_have_the_figures_that_a_loop_finds(rows: list[tuple[str | None, int | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"g": pl.String, "x": pl.Int64}, orient="row")
    made = group(
        frame, "g", rows="count()", there="count(x)", kinds="distinct(x)", sum="sum(x)", mean="mean(x)",
        median="median(x)", std="std(x)", least="min(x)", most="max( x )",
    )  # fmt: skip
    keys = sorted({g for g, _ in rows if g is not None}) + ([None] if any(g is None for g, _ in rows) else [])
    assert made["g"].to_list() == keys
    for row in made.to_dicts():
        every = [x for g, x in rows if g == row["g"]]
        there = [x for x in every if x is not None]
        assert (row["rows"], row["there"], row["kinds"]) == (len(every), len(there), len(set(there)))
        assert row["sum"] == sum(there)
        assert row["mean"] == (pytest.approx(statistics.fmean(there)) if there else None)
        assert row["median"] == (statistics.median(there) if there else None)
        assert row["std"] == (pytest.approx(statistics.stdev(there)) if len(there) > 1 else None)
        assert (row["least"], row["most"]) == ((min(there), max(there)) if there else (None, None))


def test_rows_and_columns_are_chosen() -> None:
    frame = pl.DataFrame({"a": [1, 2, None], "b": ["x", "y", "z"]})
    assert where(frame, "a > 1 OR b = 'z'")["b"].to_list() == ["y", "z"]
    assert select(frame, "b", "a", "b").columns == ["b", "a"]
    with pytest.raises(Invalid, match="did you mean 'a'"):
        where(frame, "aa > 1")
    with pytest.raises(NotFound, match="no column 'c'"):
        select(frame, "c")
    for text, says in (("avg(a)", "no figure 'avg'"), ("a", "should be like mean"), ("sum()", "needs a column")):
        with pytest.raises(Invalid, match=says):
            group(frame, "b", n=text)
    with pytest.raises(Invalid, match="'b' is String, which has no sum"):
        group(frame, "a", n="sum(b)")
    with pytest.raises(Invalid, match="cannot be a figure, too"):
        group(frame, "b", b="count()")


def test_days_in_a_row_are_a_day_apart() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in (2, 0, 1)]
    made = lag(pl.DataFrame({"day": days, "n": [3, 1, 2]}), "n", order="day")
    assert made["n_lag_1"].to_list() == [2, None, 1]
    with pytest.raises(Invalid, match="0 rows before"):
        lag(made, "n", order="day", rows=0)
    with pytest.raises(Conflict, match="'n_lag_1' already"):
        lag(made, "n", order="day")
