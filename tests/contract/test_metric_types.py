"""Cumulative and derived metrics equal plain Python over all rows, and are the same bits in whatever parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_events import BY, FAST, ROWS, ZONE, Row, asked, local, same

from workbench.analytics.metrics import converting
from workbench.compute import Analysis, Computed, Parts, engines


def cut(day: date, grain: str) -> date:
    if grain == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if grain == "month" else day


def figure(metric: str, rows: Sequence[Row]) -> Any:
    """A simple metric of some rows."""
    amounts = sorted(row["amount"] for row in rows if row["amount"] is not None)
    match metric:
        case "users":
            return len({row["user"] for row in rows} - {None})
        case "amount":
            positive = [amount for amount in amounts if amount > 0]
            return sum(positive) if positive else None
        case "middle":
            middle = len(amounts) // 2
            odd = len(amounts) % 2
            return None if not amounts else amounts[middle] if odd else (amounts[middle - 1] + amounts[middle]) / 2
        case "closing":
            there = [row for row in rows if row["user"] is not None]
            # A missing tie comes after all others, which of the last is before them.
            ranked = [(row["at"], row["what"] is not None, row["what"] or "", row["user"]) for row in there]
            return max(ranked)[-1] if ranked else None
    return len(rows)


def month_before(day: date) -> date:
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(last, day.day))
        except ValueError:
            continue
    raise AssertionError


WINDOWS: dict[str, tuple[str, Callable[[date, date], bool]]] = {
    "users_all": ("users", lambda row, day: True),
    "users_mtd": ("users", lambda row, day: cut(row, "month") == cut(day, "month")),
    "users_3d": ("users", lambda row, day: row > day - timedelta(days=3)),
    "users_1m": ("users", lambda row, day: row > month_before(day)),
    "amount_mtd": ("amount", lambda row, day: cut(row, "month") == cut(day, "month")),
    "middle_wtd": ("middle", lambda row, day: cut(row, "week") == cut(day, "week")),
    "closing_3d": ("closing", lambda row, day: row > day - timedelta(days=3)),
}


def daily(metric: str, rows: Sequence[Row], by: Sequence[str], between: tuple[date, date] | None) -> dict[Any, Any]:
    """A cumulative metric of each day, as simply as it can be said."""
    simple, within = WINDOWS[metric]
    dated = [(local(row["at"]), row) for row in rows if row["at"] is not None]
    if between is not None:
        dated = [(day, row) for day, row in dated if day < between[1]]
    if not dated:
        return {}
    first, last = min(day for day, _ in dated), max(day for day, _ in dated)
    if between is not None:
        first, last = between[0], between[1] - timedelta(days=1)
    found = {}
    for place in range((last - first).days + 1):
        day = first + timedelta(days=place)
        groups: dict[Any, list[Row]] = {}
        for other, row in dated:
            if other <= day and within(other, day):
                groups.setdefault(tuple(row[name] for name in by), []).append(row)
        found |= {(day, *group): figure(simple, members) for group, members in groups.items()}
    return found


@BY
@pytest.mark.parametrize("metric", WINDOWS)
@pytest.mark.parametrize("between", [None, (date(2013, 2, 1), date(2013, 3, 12))])
@FAST
@given(rows=ROWS)
def test_a_cumulative_metric_of_each_day(
    metric: str, by: tuple[str, ...], between: tuple[date, date] | None, rows: list[Row]
) -> None:
    assert same(asked(rows, metric, by, "day", between), daily(metric, rows, by, between))


@BY
@pytest.mark.parametrize(("metric", "agg"), [("users_all", "first"), ("users_1m", "last"), ("amount_mtd", "average")])
@pytest.mark.parametrize("grain", ["week", "month", None])
@FAST
@given(rows=ROWS)
def test_a_cumulative_metric_of_a_longer_period_is_one_of_its_days_or_their_mean(
    metric: str, agg: str, grain: str | None, by: tuple[str, ...], rows: list[Row]
) -> None:
    days = daily(metric, rows, by, None)
    last = max((key[0] for key in days), default=None)
    expected: dict[Any, Any] = {} if by or grain else {(): None}
    periods: dict[Any, list[tuple[date, Any]]] = {}
    for (day, *group), value in days.items():
        if grain is not None:
            periods.setdefault((cut(day, grain), *group), []).append((day, value))
        elif day == last:
            expected[tuple(group)] = value
    for key, values in periods.items():
        of_days = [value for _, value in sorted(values, key=lambda pair: pair[0])]
        there = [value for value in of_days if value is not None]
        mean = sum(there) / len(there) if there else None
        expected[key] = {"first": of_days[0], "last": of_days[-1], "average": mean}[agg]
    found = asked(rows, metric, by, grain)
    if grain is None and not by and not days:
        assert found in ({(): None}, {(): 0})
    else:
        assert same(found, expected)


@BY
@FAST
@given(rows=ROWS)
def test_a_derived_metric_sees_its_inputs_filtered_and_of_an_earlier_period(
    by: tuple[str, ...], rows: list[Row]
) -> None:
    periods: dict[Any, list[Row]] = {}
    for row in rows:
        if row["at"] is not None:
            key = (cut(local(row["at"]), "week"), *(row[name] for name in by))
            periods.setdefault(key, []).append(row)
    later = {(week + timedelta(days=7), *group) for week, *group in periods}
    expected = {}
    unknown = [row for row in rows if row["at"] is None]
    groups = {(None, *(row[name] for name in by)) for row in unknown}
    for key in {*periods, *later, *groups}:
        here = periods.get(key, [])
        earlier = len(periods.get((key[0] - timedelta(days=7), *key[1:]), [])) if key[0] is not None else 0
        growth = (len(here) - earlier) / earlier if earlier and here else 0
        if key[0] is None:
            here = [row for row in unknown if tuple(row[name] for name in by) == key[1:]]
        bought = sum(1 for row in here if row["what"] == "buy")
        amount = figure("amount", here)
        expected[key] = growth + amount / bought if bought and amount is not None else None
    assert same(asked(rows, "per_buy", by, "week"), expected)


@FAST
@given(rows=ROWS)
def test_a_month_before_is_the_same_day_or_the_last_of_a_shorter_month(rows: list[Row]) -> None:
    days: dict[date, list[Row]] = {}
    for row in rows:
        if row["at"] is not None:
            days.setdefault(local(row["at"]), []).append(row)
    calendar = [date(2013, 1, 1) + timedelta(days=place) for place in range(120)]
    expected = {(day,): figure("amount", days[month_before(day)]) for day in calendar if month_before(day) in days}
    assert same(asked(rows, "last_month", (), "day"), expected)
    between = (date(2013, 3, 30), date(2013, 4, 10))
    within = {key: value for key, value in expected.items() if between[0] <= key[0] < between[1]}
    assert same(asked(rows, "last_month", (), "day", between), within)


def clock_hour(time: datetime) -> datetime:
    return time.astimezone(ZoneInfo(ZONE)).replace(minute=0, second=0, microsecond=0)


@pytest.mark.parametrize("metric", ["users_all", "users_3d", "amount_mtd", "middle_wtd", "closing_3d", "conversions"])
@FAST
@given(rows=ROWS, places=st.lists(st.integers(0, 30), max_size=3), order=st.randoms(use_true_random=False))
def test_every_bit_is_the_same_in_whatever_order_and_parts_the_rows_come(
    metric: str, rows: list[Row], places: list[int], order: Any
) -> None:
    class Cutting:
        """Computes the same rows in parts, which an analysis by subject needs cut by subject."""

        name = "cutting"

        def run(self, analysis: Analysis, parts: Parts) -> Computed:
            frame = parts.parts[0].lazy().collect()
            if analysis.by_subject:
                cut = frame.partition_by(converting.ENTITY) or [frame]
            else:
                edges = [0, *sorted(min(place, frame.height) for place in places), frame.height]
                cut = [frame.slice(a, b - a) for a, b in pairwise(edges)]
            return engines.get("local").run(analysis, Parts.of(*cut, by_subject=analysis.by_subject))

    shuffled = list(rows)
    order.shuffle(shuffled)
    one = asked(rows, metric, ("kind",), "day")
    other = asked(shuffled, metric, ("kind",), "day", engine=Cutting())
    assert repr(sorted(one.items(), key=repr)) == repr(sorted(other.items(), key=repr))


# Hours around both changes of the clock.
EDGES = st.lists(
    st.one_of(
        st.integers(-6, 200).map(lambda hours: datetime(2013, 3, 8, tzinfo=UTC) + timedelta(hours=hours)),
        st.integers(-6, 200).map(lambda hours: datetime(2013, 11, 1, tzinfo=UTC) + timedelta(hours=hours)),
    ),
    max_size=12,
)


AROUND = pytest.mark.parametrize("between", [None, (date(2013, 11, 2), date(2013, 11, 9))])


def within(hour: datetime, between: tuple[date, date] | None) -> bool:
    return between is None or between[0] <= local(hour) < between[1]


@AROUND
@FAST
@given(times=EDGES)
def test_hours_of_a_week_before_are_those_of_the_same_clock(
    between: tuple[date, date] | None, times: list[datetime]
) -> None:
    rows = [{"user": "ann", "at": time, "kind": None, "amount": 1.0, "what": None} for time in times]
    counts: dict[datetime, int] = {}
    for time in times:
        hour = clock_hour(time).astimezone(UTC)
        counts[hour] = counts.get(hour, 0) + 1
    expected: dict[Any, Any] = {(hour,): None for hour in counts}
    start, end = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 12, 1, tzinfo=UTC)
    for place in range(int((end - start).total_seconds()) // 3600):
        hour = start + timedelta(hours=place)
        clock = hour.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None) - timedelta(days=7)
        before = clock.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)  # the first of two, where a clock's hour is twice
        if before.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None) != clock or before not in counts:
            continue  # there is no such hour, or nothing in it
        expected[hour,] = (counts[hour] - counts[before]) / counts[before] if hour in counts else None
    found = asked(rows, "growth", (), "hour", between)
    assert same(found, {key: value for key, value in expected.items() if within(key[0], between)})


@AROUND
@FAST
@given(times=EDGES)
def test_a_window_over_hours_is_of_so_many_hours(between: tuple[date, date] | None, times: list[datetime]) -> None:
    rows = [{"user": str(n % 3), "at": time, "kind": None, "amount": 1.0, "what": None} for n, time in enumerate(times)]
    hours = sorted({clock_hour(time).astimezone(UTC) for time in times})
    if between is not None:
        rows = [row for row in rows if local(row["at"]) < between[1]]
        hours = [datetime(2013, 11, 2, 4, tzinfo=UTC), datetime(2013, 11, 9, 4, tzinfo=UTC)]
    expected = {}
    for place in range(int((hours[-1] - hours[0]).total_seconds()) // 3600 + 1 if hours else 0):
        hour = hours[0] + timedelta(hours=place)
        there = [
            row["user"] for row in rows if hour - timedelta(days=3) < clock_hour(row["at"]).astimezone(UTC) <= hour
        ]
        if there:
            expected[hour,] = len(set(there))
    found = asked(rows, "users_3d", (), "hour", between)
    assert same(found, expected)
