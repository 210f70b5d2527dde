"""Cutting time to a grain, held against Python's own calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.compute import grains
from workbench.foundation.errors import Invalid

FIRST = datetime(1900, 1, 1, tzinfo=UTC)
TIMES = st.integers(0, 300 * 365 * 86_400_000_000).map(lambda us: FIRST + timedelta(microseconds=us))
# Zone rules are kept until 2037: beyond that Python goes on with the last rule and Polars does not.
RULED_TIMES = st.integers(80 * 365 * 86_400, 137 * 365 * 86_400).map(lambda s: FIRST + timedelta(seconds=s))
TIME = pl.Datetime("us", "UTC")


def start(moment: datetime, grain: str, week_start: int) -> date | datetime:
    day = moment.date()
    match grain:
        case "minute":
            return moment.replace(second=0, microsecond=0)
        case "hour":
            return moment.replace(minute=0, second=0, microsecond=0)
        case "day":
            return day
        case "week":
            return day - timedelta(days=(day.isoweekday() - week_start) % 7)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1)


@pytest.mark.parametrize("grain", grains.GRAINS)
@settings(deadline=None)
@given(moments=st.lists(TIMES, min_size=1, max_size=20), week_start=st.integers(1, 7))
def test_a_time_is_cut_to_the_start_of_its_period(grain: str, moments: list[datetime], week_start: int) -> None:
    frame = pl.DataFrame({"t": moments}, schema={"t": TIME})
    cut = frame.select(grains.truncate(pl.col("t"), TIME, grain, week_start=week_start))["t"].to_list()
    assert cut == [start(moment, grain, week_start) for moment in moments]


@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
def test_a_date_is_cut_like_a_time_for_every_day_of_eight_years(grain: str) -> None:
    days = [date(1999, 1, 1) + timedelta(days=n) for n in range(8 * 366)]
    frame = pl.DataFrame({"d": days})
    cut = frame.select(grains.truncate(pl.col("d"), pl.Date(), grain))["d"].to_list()
    assert cut == [start(datetime(d.year, d.month, d.day, tzinfo=UTC), grain, 1) for d in days]


@settings(deadline=None)
@given(moments=st.lists(RULED_TIMES, min_size=1, max_size=20))
def test_days_start_at_the_midnight_of_the_zone_asked_for(moments: list[datetime]) -> None:
    zone = ZoneInfo("America/New_York")
    frame = pl.DataFrame({"t": moments}, schema={"t": TIME})
    cut = frame.select(grains.truncate(pl.col("t"), TIME, "day", time_zone="America/New_York"))["t"].to_list()
    assert cut == [moment.astimezone(zone).date() for moment in moments]


def test_an_hour_that_happens_twice_stays_two_hours() -> None:
    twice = [datetime(2013, 11, 3, 5, 30, tzinfo=UTC), datetime(2013, 11, 3, 6, 30, tzinfo=UTC)]
    frame = pl.DataFrame({"t": twice}, schema={"t": TIME})
    cut = frame.select(grains.truncate(pl.col("t"), TIME, "hour", time_zone="America/New_York"))["t"]
    assert cut.n_unique() == 2
    assert [moment.hour for moment in cut.to_list()] == [1, 1]


def test_an_unknown_time_stays_unknown() -> None:
    frame = pl.DataFrame({"t": [None]}, schema={"t": TIME})
    for grain in grains.GRAINS:
        assert frame.select(grains.truncate(pl.col("t"), TIME, grain))["t"].to_list() == [None]


def test_only_spellings_that_a_gpu_can_run_are_used() -> None:
    for grain in grains.GRAINS:
        written = str(grains.truncate(pl.col("t"), TIME, grain))
        assert "group_by_dynamic" not in written
        assert "truncate" not in written or grain in ("minute", "hour")


@pytest.mark.parametrize(
    ("dtype", "grain", "zone", "week_start", "says"),
    [
        (TIME, "dya", "UTC", 1, "did you mean 'day'"),
        (TIME, "day", "Mars/Olympus", 1, "no time zone 'Mars/Olympus'"),
        (TIME, "week", "UTC", 8, "not 8"),
        (pl.Datetime("us"), "day", "UTC", 1, "no time zone"),
        (pl.Date(), "hour", "UTC", 1, "a date has no hour"),
        (pl.String(), "day", "UTC", 1, "is not a time"),
    ],
)
def test_what_cannot_be_cut_is_refused(dtype: pl.DataType, grain: str, zone: str, week_start: int, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        grains.truncate(pl.col("t"), dtype, grain, time_zone=zone, week_start=week_start)
