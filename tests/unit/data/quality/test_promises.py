"""A promise of freshness is judged day by day: rows of an old day that come late make no other day look fresh."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from waiting import day_that_lasts

from workbench.data.lake import Lake
from workbench.data.quality import Quality, Suite, check
from workbench.data.quality.promising import Arrived
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Security

NOW = datetime(2013, 3, 10, 9, 30, tzinfo=UTC)


class At:
    """Around a frame, at a time."""

    now = NOW

    def rows_of(self, dataset: str | None, version: int | None = None) -> pl.LazyFrame:
        raise AssertionError

    def changed(self) -> datetime:
        raise AssertionError

    def answered(self, sql: str, most: int) -> tuple[int, list[dict[str, Any]]]:
        raise AssertionError


def judged(days: list[date], **keys: Any) -> Any:
    suite = Suite.model_validate(
        {"dataset": "sales", "expectations": [{"expect": "arrived", "column": "day", "by": "08:00", **keys}]}
    )
    (outcome,) = check(pl.DataFrame({"day": days}, schema={"day": pl.Date}), suite, At()).outcomes
    return outcome


TODAY = NOW.date()


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_todays_rows_are_due_from_the_time_on() -> None:
    assert judged([TODAY]).passed
    late = judged([ago(1), ago(30)])
    assert not late.passed
    assert late.problem == "2013-03-10 has 0, 1:30:00 after the time; the newest day up to then is 2013-03-09"
    assert judged([ago(1)], by="09:31").passed  # not due yet
    assert judged([ago(1)], behind=1).passed
    assert not judged([TODAY], rows=2).passed
    assert not judged([]).passed


def test_a_backfill_of_an_old_day_makes_no_other_day_look_fresh() -> None:
    assert not judged([ago(5)] * 1_000).passed
    assert not judged([TODAY + timedelta(days=1)]).passed  # nor do rows of a day that is still to come


@pytest.mark.parametrize(("zone", "passed"), [("America/New_York", True), ("Asia/Tokyo", False)])
def test_a_day_is_that_of_its_zone(zone: str, passed: bool) -> None:
    # 9:30 in London is 5:30 in New York, where the day's rows are not due yet, and 18:30 in Tokyo.
    assert judged([ago(1)], time_zone=zone).passed is passed


@examples(100, 1_000)
@given(
    st.datetimes(datetime(2012, 1, 1), datetime(2014, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  (made UTC)
    st.times().map(lambda at: at.strftime("%H:%M")),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
    st.integers(0, 3),
)
def test_the_day_that_is_due_is_the_newest_whose_time_has_come(now: datetime, by: str, zone: str, behind: int) -> None:
    due, since = Arrived(expect="arrived", column="day", by=by, time_zone=zone, behind=behind).due(now)
    hour, minute = map(int, by.split(":"))

    def time_of(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    said = due + timedelta(days=behind)
    assert since == time_of(said) <= now
    assert now < time_of(said + timedelta(days=1))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"by": "8"}, "write '08:00'"),
        ({"by": "25:00"}, "write '08:00'"),
        ({"time_zone": "Mars"}, "no time zone 'Mars'"),
    ],
)
def test_what_is_no_promise_is_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        judged([], **keys)


def test_yaml_may_have_the_time_without_quotes() -> None:
    assert Arrived.model_validate({"expect": "arrived", "column": "day", "by": 8 * 60 + 30}).by == "08:30"


def test_a_promise_is_kept_listed_and_taken_back(
    make_quality: Callable[..., Quality], lake: Lake, security: Security, admin: Actor
) -> None:
    quality = make_quality()
    today = day_that_lasts().date()
    lake.create("sales", pl.DataFrame({"day": [today - timedelta(days=1)] * 3, "n": [1, 2, 3]}), admin)
    with pytest.raises(NotFound, match="nothing is promised of the freshness of 'sales'"):
        quality.promises.look("sales")
    told = quality.promises.make("sales", column="day", by="00:00", rows=2)
    assert (told.kept, [(day.day, day.rows, day.kept) for day in told.days[:2]]) == (
        False,
        [(today, 0, False), (today - timedelta(days=1), 3, True)],
    )
    lake.append("sales", pl.DataFrame({"day": [today - timedelta(days=9)] * 5, "n": 1}), admin)
    assert not quality.promises.look("sales").kept
    lake.append("sales", pl.DataFrame({"day": [today] * 2, "n": 1}), admin)
    assert quality.promises.look("sales").kept
    lake.rename("sales", "shop", admin)
    assert [(one.dataset, one.kept) for one in quality.promises.list()] == [("shop", True)]
    # What changed is kept, and nothing else.
    assert [quality.promises.keep_watch() for _ in range(2)] == [1, 0]
    assert [(one.suite, one.passed) for one in quality.history("shop")] == [("promise", True)]
    lake.overwrite("shop", pl.DataFrame({"day": [today], "n": [1]}), admin)
    assert quality.promises.keep_watch() == 1
    assert [one.passed for one in quality.history("shop")] == [False, True]
    lake.overwrite(
        "shop", pl.DataFrame({"day": [today - timedelta(days=1)] * 2 + [today] * 2, "n": [2, 2, 1, 1]}), admin
    )
    # Each sees it as their rows have it.
    viewer = Actor(Principal("vic", Role.VIEWER))
    security.set_policy(Policy(dataset="shop", role=Role.VIEWER, row_filter="n > 1"), by=admin.principal)
    assert [(one.kept, one.days[1].rows) for one in make_quality(viewer).promises.list()] == [(False, 2)]
    with pytest.raises(Forbidden):
        make_quality(viewer).promises.remove("shop")
    quality.promises.make("shop", column="day", within="3 days")
    assert quality.promises.look("shop").promise == "the newest day is at most 3 days ago"
    quality.promises.remove("shop")
    assert quality.promises.list() == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"column": "dai", "by": "08:00"}, "did you mean 'day'"),
        ({"column": "n", "by": "08:00"}, "is not a time"),
        ({"column": "day"}, "either a time of day or a length of time"),
        ({"column": "day", "within": "soon"}, "no length of time"),
    ],
)
def test_what_a_dataset_cannot_promise_is_refused(
    make_quality: Callable[..., Quality], lake: Lake, admin: Actor, keys: dict[str, Any], said: str
) -> None:
    lake.create("sales", pl.DataFrame({"day": [TODAY], "n": [1]}), admin)
    with pytest.raises(Invalid, match=said):
        make_quality().promises.make("sales", **keys)
    assert make_quality().promises.list() == []
