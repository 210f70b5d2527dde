"""Cumulative, derived and compared metrics, and first and last, equal plain Python over all rows; conversions, SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.analytics.metrics import converting
from workbench.analytics.metrics.answering import Answering
from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.planning import Plan, Question, dimension_of
from workbench.analytics.metrics.sources import Sources
from workbench.compute import Analysis, Computed, Engine, Parts, engines

ZONE = "America/New_York"
START = datetime(2013, 1, 26, 22, tzinfo=UTC)
SCHEMA = {
    "user": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "kind": pl.String(),
    "amount": pl.Float64(),
    "what": pl.String(),
}
DEFINITIONS = """
- {name: events, dataset: events, aggregation: count, time: at, dimensions: &by [kind]}
- {name: users, dataset: events, aggregation: count_distinct, column: user, time: at, dimensions: *by}
- {name: amount, dataset: events, aggregation: sum, column: amount, filter: amount > 0, time: at, dimensions: *by}
- {name: middle, dataset: events, aggregation: median, column: amount, time: at, dimensions: *by}
- {name: closing, dataset: events, aggregation: last, column: user, tie: what, time: at, dimensions: *by}
- {name: users_all, type: cumulative, metric: users}
- {name: users_mtd, type: cumulative, metric: users, grain_to_date: month}
- {name: users_3d, type: cumulative, metric: users, window: 3 days}
- {name: users_1m, type: cumulative, metric: users, window: 1 month, period_agg: last}
- {name: amount_mtd, type: cumulative, metric: amount, grain_to_date: month, period_agg: average}
- {name: middle_wtd, type: cumulative, metric: middle, grain_to_date: week}
- {name: closing_3d, type: cumulative, metric: closing, window: 3 days}
- {name: visits, dataset: events, aggregation: count, filter: what = 'visit', time: at, dimensions: *by}
- {name: buys, dataset: events, aggregation: count, filter: what = 'buy', time: at, dimensions: *by}
- {name: conversions, type: conversion, base_metric: visits, conversion_metric: buys, entity: user, window: 2 days,
   calculation: conversions}
- {name: conversion_rate, type: conversion, base_metric: visits, conversion_metric: buys, entity: user, window: 2 days}
- {name: buyers, dataset: events, aggregation: count_distinct, column: user, filter: what = 'buy', time: at}
- {name: same_kind, type: conversion, base_metric: visits, conversion_metric: buyers, entity: user,
   calculation: conversions, constant_properties: [kind]}
- name: growth
  type: derived
  expr: (events - earlier) / earlier
  inputs: [{metric: events, alias: earlier, offset: 1 week}]
- name: per_buy
  type: derived
  expr: COALESCE(growth, 0) + amount / bought
  inputs: [{metric: events, alias: bought, filter: what = 'buy'}]
- name: last_month
  type: derived
  expr: amount
  inputs: [{metric: amount, offset: 1 month}]
"""

Row = dict[str, Any]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "user": st.sampled_from(["ann", "bob", "cyd", None]),
            "at": st.none()
            | st.integers(0, 45 * 24).map(lambda hours: START + timedelta(hours=hours))
            | st.sampled_from([START, START + timedelta(days=3), datetime(2013, 3, 10, 6, 59, 59, tzinfo=UTC)]),
            "kind": st.sampled_from(["a", "b", None]),
            "amount": st.none() | st.sampled_from([0.1, 0.2, -1.0, 3.0]),
            "what": st.sampled_from(["visit", "buy", None]),
        }
    ),
    max_size=30,
)
BY = pytest.mark.parametrize("by", [(), ("kind",)])
FAST = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Frames(Sources):
    """Rows that are at hand, in place of a lake's."""

    def __init__(self, **frames: pl.DataFrame) -> None:
        self._frames = frames
        self._schemas = {}
        self.versions = {}

    def rows(self, dataset: str) -> pl.LazyFrame:
        return self._frames[dataset].lazy()

    def telling(self, dataset: str) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "events.yaml").write_text(DEFINITIONS)
    definitions = Definitions.load(Path(folder))
    assert definitions.problems == ()
    return definitions


Between = tuple[Any, Any] | None


def asked(
    known: Definitions,
    rows: Sequence[Row],
    metric: str,
    by: Sequence[str] = (),
    grain: str | None = None,
    between: Between = None,
    engine: Engine | None = None,
) -> dict[Any, Any]:
    """Key -> the metric's figure."""
    metrics = [known.get(metric)]
    dimensions = tuple(dimension_of(metrics, name) for name in by)
    question = Question(dimensions, grain, None, (), ZONE, 1)
    sources = Frames(events=pl.DataFrame(rows, schema=SCHEMA))
    frame = Answering(sources, engine or engines.get("local"), question, Plan.of(metrics, known)).frame(between)
    frame = frame.select(*question.names, metric)
    if grain == "hour":  # two times of one zone are equal to Python where its clock shows the same
        frame = frame.with_columns(pl.col("time").dt.convert_time_zone("UTC"))
    found = {row[:-1]: row[-1] for row in frame.rows()}
    assert len(found) == frame.height
    return found


def local(time: datetime) -> date:
    return time.astimezone(ZoneInfo(ZONE)).date()


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


def same(found: dict[Any, Any], expected: dict[Any, Any]) -> bool:
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), key
    return True


@BY
@pytest.mark.parametrize("metric", WINDOWS)
@pytest.mark.parametrize("between", [None, (date(2013, 2, 1), date(2013, 3, 12))])
@FAST
@given(rows=ROWS)
def test_a_cumulative_metric_of_each_day(
    known: Definitions, metric: str, by: tuple[str, ...], between: tuple[date, date] | None, rows: list[Row]
) -> None:
    assert same(asked(known, rows, metric, by, "day", between), daily(metric, rows, by, between))


@BY
@pytest.mark.parametrize(("metric", "agg"), [("users_all", "first"), ("users_1m", "last"), ("amount_mtd", "average")])
@pytest.mark.parametrize("grain", ["week", "month", None])
@FAST
@given(rows=ROWS)
def test_a_cumulative_metric_of_a_longer_period_is_one_of_its_days_or_their_mean(
    known: Definitions, metric: str, agg: str, grain: str | None, by: tuple[str, ...], rows: list[Row]
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
    found = asked(known, rows, metric, by, grain)
    if grain is None and not by and not days:
        assert found in ({(): None}, {(): 0})
    else:
        assert same(found, expected)


@BY
@FAST
@given(rows=ROWS)
def test_a_derived_metric_sees_its_inputs_filtered_and_of_an_earlier_period(
    known: Definitions, by: tuple[str, ...], rows: list[Row]
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
    assert same(asked(known, rows, "per_buy", by, "week"), expected)


@FAST
@given(rows=ROWS)
def test_a_month_before_is_the_same_day_or_the_last_of_a_shorter_month(known: Definitions, rows: list[Row]) -> None:
    days: dict[date, list[Row]] = {}
    for row in rows:
        if row["at"] is not None:
            days.setdefault(local(row["at"]), []).append(row)
    calendar = [date(2013, 1, 1) + timedelta(days=place) for place in range(120)]
    expected = {(day,): figure("amount", days[month_before(day)]) for day in calendar if month_before(day) in days}
    assert same(asked(known, rows, "last_month", (), "day"), expected)
    between = (date(2013, 3, 30), date(2013, 4, 10))
    within = {key: value for key, value in expected.items() if between[0] <= key[0] < between[1]}
    assert same(asked(known, rows, "last_month", (), "day", between), within)


def clock_hour(time: datetime) -> datetime:
    return time.astimezone(ZoneInfo(ZONE)).replace(minute=0, second=0, microsecond=0)


@pytest.mark.parametrize("metric", ["users_all", "users_3d", "amount_mtd", "middle_wtd", "closing_3d", "conversions"])
@FAST
@given(rows=ROWS, places=st.lists(st.integers(0, 30), max_size=3), order=st.randoms(use_true_random=False))
def test_every_bit_is_the_same_in_whatever_order_and_parts_the_rows_come(
    known: Definitions, metric: str, rows: list[Row], places: list[int], order: Any
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
    one = asked(known, rows, metric, ("kind",), "day")
    other = asked(known, shuffled, metric, ("kind",), "day", engine=Cutting())
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
    known: Definitions, between: tuple[date, date] | None, times: list[datetime]
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
    found = asked(known, rows, "growth", (), "hour", between)
    assert same(found, {key: value for key, value in expected.items() if within(key[0], between)})


@AROUND
@FAST
@given(times=EDGES)
def test_a_window_over_hours_is_of_so_many_hours(
    known: Definitions, between: tuple[date, date] | None, times: list[datetime]
) -> None:
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
    found = asked(known, rows, "users_3d", (), "hour", between)
    assert same(found, expected)


CONVERSIONS = """
WITH numbered AS (SELECT *, row_number() OVER () AS row FROM events),
pairs AS (
  SELECT b.row AS conversion, b.user AS who, v.*,
         row_number() OVER (PARTITION BY b.row ORDER BY v."at" DESC, v.kind DESC NULLS LAST) AS place
  FROM numbered b JOIN numbered v
    ON v.user = b.user AND v."at" <= b."at" {and_same} AND v.what = 'visit' AND b.what = 'buy'
)
SELECT {keys} {counted} FROM pairs WHERE place = 1 {within} GROUP BY ALL
"""


def sql_conversions(
    rows: Sequence[Row], metric: str, by: Sequence[str], grain: str | None, between: tuple[date, date] | None
) -> dict[Any, Any]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    connection.register("events", pl.DataFrame(rows, schema=SCHEMA).to_arrow())
    keys = [*([f"date_trunc('{grain}', \"at\")::date"] if grain else []), *by]
    same_kind = metric == "same_kind"
    found = connection.execute(
        CONVERSIONS.format(
            and_same="AND v.kind = b.kind" if same_kind else 'AND v."at" > b."at" - INTERVAL 48 HOUR',
            keys="".join(f"{key}," for key in keys),
            counted="count(DISTINCT who)" if same_kind else "count(*)",
            within="" if between is None else f"AND \"at\" >= '{between[0]}'::DATE AND \"at\" < '{between[1]}'::DATE",
        )
    ).fetchall()
    return {row[:-1]: row[-1] for row in found}


@BY
@pytest.mark.parametrize("grain", [None, "week"])
@pytest.mark.parametrize("metric", ["conversions", "same_kind"])
@pytest.mark.parametrize("between", [None, (date(2013, 2, 1), date(2013, 3, 1))])
@FAST
@given(rows=ROWS)
def test_conversions_are_given_to_the_nearest_base_event(
    known: Definitions,
    metric: str,
    by: tuple[str, ...],
    grain: str | None,
    between: tuple[date, date] | None,
    rows: list[Row],
) -> None:
    expected = sql_conversions(rows, metric, by, grain, between)
    found = asked(known, rows, metric, by, grain, between)
    if not by and grain is None:
        expected.setdefault((), 0)
    assert {key: value for key, value in found.items() if value or not grain} == expected


@FAST
@given(rows=ROWS)
def test_a_conversion_rate_is_conversions_per_base_event(known: Definitions, rows: list[Row]) -> None:
    expected = sql_conversions(rows, "conversions", ["kind"], "week", None)
    visits = asked(known, rows, "visits", ["kind"], "week")
    found = asked(known, rows, "conversion_rate", ["kind"], "week")
    assert same(
        {key: value for key, value in found.items() if value is not None},
        {key: expected[key] / count for key, count in visits.items() if count and key in expected},
    )
