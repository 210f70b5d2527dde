"""Retention, held against a loop over subjects that knows Python's calendar and no plan."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from calendar_periods import EVERY, following, later, period
from event_rows import COLUMNS, SCHEMA, computed, event_rows, frame_of, parts_of
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.product import Every, Retention, Step, weighted_mean
from workbench.compute import LocalEngine, hash_of
from workbench.foundation.errors import Invalid

SINCE, UNTIL = datetime(2024, 2, 28, tzinfo=UTC), datetime(2024, 4, 2, 5, 30, tzinfo=UTC)
PLAIN = Retention(COLUMNS, Step("a"), Step("b"), SINCE, UNTIL, length=4)


def did(rows: pl.DataFrame, step: Callable[[dict[str, Any]], bool], r: Retention) -> dict[str, set[Any]]:
    """Subject -> the periods in which it did a step."""
    found: dict[str, set[Any]] = {}
    for row in rows.to_dicts():
        if row["who"] is not None and row["at"] is not None and row["at"] < r.until and step(row):
            found.setdefault(row["who"], set()).add(period(row["at"], r.every))
    return found


def naive(rows: pl.DataFrame, r: Retention) -> dict[tuple[Any, int], set[str]]:
    """Cell -> its subjects, for every cell of the table."""
    began = did(rows, lambda row: row["what"] == "a", r)
    came = did(rows, lambda row: row["what"] == "b", r)
    cells: dict[tuple[Any, int], set[str]] = {}
    cohort, last = period(r.since, r.every), period(r.until - timedelta(microseconds=1), r.every)
    while cohort <= last:
        for offset in range(r.length):
            if later(cohort, offset, r.every) > last:
                break
            cells[cohort, offset] = {
                who
                for who, starts in began.items()
                if (min(starts) == cohort if r.kind == "first time" else cohort in starts)
                and (offset == 0 or _returned(came.get(who, set()), cohort, offset, r))
            }
        cohort = following(cohort, r.every)
    return cells


def _returned(came: set[Any], cohort: Any, offset: int, r: Retention) -> bool:
    offsets = range(offset, r.length) if r.counting == "on or after" else [offset]
    return any(later(cohort, k, r.every) in came for k in offsets)


ASKED = st.builds(
    replace,
    st.just(PLAIN),
    kind=st.sampled_from(["first time", "recurring"]),
    counting=st.sampled_from(["on", "on or after"]),
    length=st.integers(2, 9),
    every=EVERY,
    since=st.sampled_from([SINCE, datetime(2024, 3, 11, tzinfo=UTC)]),
    until=st.sampled_from([UNTIL, datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 4, 1, 4, tzinfo=UTC)]),
)


@examples(60, 300)
@given(rows=event_rows(), asked=ASKED)
def test_the_table_is_that_of_a_loop_over_subjects(rows: pl.DataFrame, asked: Retention) -> None:
    table = computed(asked, rows)
    cells = naive(rows, asked)
    assert {(c, o): n for c, o, _, n, _ in table.rows()} == {cell: len(subjects) for cell, subjects in cells.items()}
    assert all(size == len(cells[cohort, 0]) for cohort, _, size, _, _ in table.rows())
    over = period(asked.until, asked.every)
    assert all(complete == (later(c, o, asked.every) < over) for c, o, _, _, complete in table.rows())
    assert table.select("cohort", "offset").equals(table.select("cohort", "offset").sort("cohort", "offset"))


@examples(25, 120)
@given(rows=event_rows(), asked=ASKED, data=st.data())
def test_a_cell_names_its_subjects(rows: pl.DataFrame, asked: Retention, data: st.DataObject) -> None:
    cells = naive(rows, asked)
    filled = [cell for cell, subjects in cells.items() if subjects] or list(cells)
    cohort, offset = data.draw(st.sampled_from(filled))
    found = computed(asked.subjects(cohort, offset), rows)
    assert found["who"].to_list() == sorted(cells[cohort, offset])
    assert found["_subject_hash"].to_list() == hash_of(found["who"]).to_list()


@examples(20, 80)
@given(rows=event_rows(), kind=st.sampled_from(["first time", "recurring"]))
def test_hours_are_told_apart_where_clocks_are_changed(rows: pl.DataFrame, kind: Any) -> None:
    since, until = datetime(2024, 3, 10, 4, tzinfo=UTC), datetime(2024, 3, 10, 9, 15, tzinfo=UTC)
    every = Every("hour", "America/New_York")
    asked = replace(PLAIN, every=every, since=since, until=until, kind=kind)
    table = computed(asked, rows)
    cells = {cell: len(subjects) for cell, subjects in naive(rows, asked).items()}
    assert {(c.astimezone(UTC), o): n for c, o, _, n, _ in table.rows()} == cells


def test_a_day_that_comes_twice_is_counted_once() -> None:
    # In São Paulo, midnight of 18 February 2018 was put back to 23:00 of the 17th.
    twice = [datetime(2018, 2, 18, 1, 30, tzinfo=UTC) + timedelta(hours=n) for n in range(3)]
    rows = frame_of([("s", "a", twice[0] - timedelta(days=1)), *(("s", "b", at) for at in twice)])
    every = Every("day", "America/Sao_Paulo")
    asked = replace(PLAIN, since=twice[0] - timedelta(days=1), until=twice[2] + timedelta(days=3), every=every)
    assert computed(asked, rows)["subjects"].max() == 1


def test_hours_start_where_the_zone_says() -> None:
    # An hour of Kolkata starts at half past of UTC.
    start = datetime(2024, 3, 10, 4, 30, tzinfo=UTC)
    rows = frame_of(
        [("s", "a", start), ("s", "b", start + timedelta(minutes=59)), ("s", "b", start + timedelta(hours=1))]
    )
    every = Every("hour", "Asia/Kolkata")
    table = computed(replace(PLAIN, since=start, until=start + timedelta(hours=2), every=every), rows)
    assert table["cohort"][0] == start
    assert table["subjects"].to_list() == [1, 1, 0]


WORKED = [
    ("ada", "a", datetime(2024, 3, 4, 9, tzinfo=UTC)),
    ("ada", "b", datetime(2024, 3, 4, 10, tzinfo=UTC)),
    ("ada", "b", datetime(2024, 3, 12, 9, tzinfo=UTC)),
    ("bob", "a", datetime(2024, 3, 6, 9, tzinfo=UTC)),
    ("bob", "a", datetime(2024, 3, 13, 9, tzinfo=UTC)),
    ("bob", "b", datetime(2024, 3, 20, 9, tzinfo=UTC)),
    ("cyd", "a", datetime(2024, 3, 14, 9, tzinfo=UTC)),
]
WEEKS = replace(
    PLAIN,
    every=Every("week"),
    since=datetime(2024, 3, 4, tzinfo=UTC),
    until=datetime(2024, 3, 22, tzinfo=UTC),
    length=3,
)


@pytest.mark.parametrize(
    ("kind", "counting", "subjects"),
    [
        ("first time", "on", [2, 1, 1, 1, 0, 0]),
        ("first time", "on or after", [2, 2, 1, 1, 0, 0]),
        ("recurring", "on", [2, 1, 1, 2, 1, 0]),
        ("recurring", "on or after", [2, 2, 1, 2, 1, 0]),
    ],
)
def test_the_worked_example_of_the_documentation(kind: Any, counting: Any, subjects: list[int]) -> None:
    table = computed(replace(WEEKS, kind=kind, counting=counting), frame_of(WORKED))
    assert table["subjects"].to_list() == subjects
    assert table["complete"].to_list() == [True, True, False, True, False, False]


def test_the_mean_is_weighted_by_cohorts_and_leaves_out_what_is_not_over() -> None:
    mean = weighted_mean(computed(WEEKS, frame_of(WORKED)))
    assert mean.rows() == [(0, 2, 3, 3, 1.0), (1, 1, 2, 1, 0.5)]


def test_no_rows_give_a_table_of_zeros() -> None:
    table = computed(WEEKS, frame_of([]))
    assert table["subjects"].to_list() == [0] * 6
    assert weighted_mean(table)["share"].to_list() == [None, None]


def test_it_travels() -> None:
    sent = pickle.loads(pickle.dumps(WEEKS))
    assert sent == WEEKS
    assert pickle.loads(pickle.dumps(WEEKS.subjects(date(2024, 3, 4), 1))) == WEEKS.subjects(date(2024, 3, 4), 1)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kind": "firsttime"}, "did you mean 'first time'"),
        ({"counting": "after"}, "no counting of retention 'after'"),
        ({"length": 1}, "2 to 400 periods"),
        ({"length": 10_000}, "2 to 400 periods"),
        ({"since": UNTIL}, "is not after the start"),
        ({"since": datetime(1, 1, 2, tzinfo=UTC)}, "a result has at most 5,000"),
        ({"since": datetime(2024, 3, 1)}, "has no time zone"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_meant_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        replace(PLAIN, **changed)


def test_a_period_that_is_none_is_refused() -> None:
    for wrong in ({"grain": "year"}, {"time_zone": "Mars/Olympus"}, {"week_start": 0}):
        with pytest.raises(Invalid):
            Every(**wrong)  # type: ignore[arg-type]


def test_a_cell_that_is_not_there_is_refused() -> None:
    with pytest.raises(Invalid, match="no cohort 2025-01-01"):
        PLAIN.subjects(date(2025, 1, 1), 0)
    with pytest.raises(Invalid, match="offsets 0 to 3, not 4"):
        PLAIN.subjects(date(2024, 3, 1), 4)
    with pytest.raises(Invalid, match="a date has no hour"):
        replace(PLAIN, every=Every("hour")).subjects(date(2024, 3, 1), 0)


def test_columns_that_are_not_there_are_named() -> None:
    with pytest.raises(Invalid, match="did you mean 'what'"):
        replace(PLAIN, columns=replace(COLUMNS, event="waht")).check(pl.Schema(SCHEMA), "visits")
    with pytest.raises(Invalid, match="did you mean 'country'"):
        replace(PLAIN, back=Step("b", "coutry = 'de'")).check(pl.Schema(SCHEMA), "visits")


def test_a_condition_of_a_step_counts() -> None:
    rows = frame_of([("s", "a", SINCE, 1, "de"), ("s", "b", SINCE + timedelta(days=1), 2, "fr")])
    asked = replace(PLAIN, back=Step("b", "country = 'de'"))
    assert LocalEngine().run(asked, parts_of(rows)).frame["subjects"].sum() == 1
