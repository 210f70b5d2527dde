"""Segments, held against a predicate over each subject's rows."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from calendar_periods import EVERY, following, period
from event_rows import COLUMNS, SCHEMA, computed, event_rows, frame_of, moments, parts_of
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.product import Segment, Step, Stickiness, Within
from workbench.analytics.product.conditions import (
    All,
    AnyOf,
    Condition,
    Did,
    FirstDid,
    InState,
    Listed,
    Not,
    OneEvent,
    Window,
)
from workbench.compute import LocalEngine, Parts, hash_of
from workbench.foundation.errors import Invalid

Row = dict[str, Any]

WINDOWS = st.tuples(st.none() | moments(20), st.integers(1, 20 * 24 * 60), st.booleans()).map(
    lambda it: Window(it[0], it[0] + timedelta(minutes=it[1]) if it[0] is not None and it[2] else None)
)
STEPS = st.sampled_from([Step("a"), Step("b"), Step(), Step("a", "country = 'de'"), Step(None, "amount > 0")])
LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Did, STEPS, st.just("at least"), st.integers(1, 3), WINDOWS),
    st.builds(Did, STEPS, st.sampled_from(["at most", "exactly"]), st.integers(0, 3), WINDOWS),
    st.builds(FirstDid, STEPS, WINDOWS),
    st.builds(OneEvent, st.sampled_from(["first", "last"]), STEPS, st.just("amount > 0"), WINDOWS),
    st.builds(InState, st.sampled_from(["new", "returning", "resurrecting", "dormant"]), STEPS, moments(), EVERY),
    st.builds(Listed, st.lists(st.sampled_from(["s0", "s1", "s9"]), max_size=2).map(tuple)),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=4,
)


def of_step(rows: Sequence[Row], step: Step) -> list[Row]:
    named = [row for row in rows if step.event is None or row["what"] == step.event]
    if step.where == "country = 'de'":
        return [row for row in named if row["country"] == "de"]
    if step.where == "amount > 0":
        return [row for row in named if row["amount"] is not None and row["amount"] > 0]
    return named


def within(rows: Sequence[Row], window: Window) -> list[Row]:
    return [
        row
        for row in rows
        if (window.since is None or row["at"] >= window.since) and (window.until is None or row["at"] < window.until)
    ]


def meets(rows: Sequence[Row], it: Any) -> bool:
    """Whether the one whose rows these are meets a condition."""
    match it:
        case All():
            return all(meets(rows, inner) for inner in it.conditions)
        case AnyOf():
            return any(meets(rows, inner) for inner in it.conditions)
        case Not():
            return not meets(rows, it.condition)
        case Listed():
            return rows[0]["who"] in it.subjects
        case Did():
            times = len(within(of_step(rows, it.step), it.window))
            at_least, at_most = it.compared != "at most", it.compared != "at least"
            return (not at_least or times >= it.times) and (not at_most or times <= it.times)
        case FirstDid():
            done = of_step(rows, it.step)
            return bool(done) and bool(within([min(done, key=lambda row: row["at"])], it.window))
        case OneEvent():
            done = sorted(within(of_step(rows, it.step), it.window), key=lambda row: (row["at"], row["id"]))
            chosen = done[-1 if it.which == "last" else 0] if done else None
            return chosen is not None and chosen["amount"] is not None and chosen["amount"] > 0
    assert isinstance(it, InState)
    active = {period(row["at"], it.every) for row in of_step(rows, it.step)}
    this = period(it.period, it.every) if isinstance(it.period, datetime) else it.period
    now, before = this in active, any(following(when, it.every) == this for when in active)
    ever = any(when < this for when in active)
    return {
        "new": now and not ever,
        "returning": now and before,
        "resurrecting": now and ever and not before,
        "dormant": before and not now,
    }[it.state]


def naive(rows: pl.DataFrame, condition: Condition) -> list[str]:
    by_subject: dict[str, list[Row]] = {}
    for row in rows.to_dicts():
        if row["who"] is not None and row["at"] is not None:
            by_subject.setdefault(row["who"], []).append(row)
    return sorted(who for who, theirs in by_subject.items() if meets(theirs, condition))


@examples(80, 400)
@given(rows=event_rows(subjects=4), condition=CONDITIONS)
def test_the_members_are_those_who_meet_the_condition(rows: pl.DataFrame, condition: Condition) -> None:
    found = computed(Segment(COLUMNS, condition), rows)
    assert found["who"].to_list() == naive(rows, condition)
    assert found["_subject_hash"].to_list() == hash_of(found["who"]).to_list()


@examples(25, 120)
@given(rows=event_rows(subjects=3), leaf=LEAVES)
def test_each_condition_alone(rows: pl.DataFrame, leaf: Condition) -> None:
    assert computed(Segment(COLUMNS, leaf), rows)["who"].to_list() == naive(rows, leaf)


@examples(20, 80)
@given(rows=event_rows(), leaf=LEAVES)
def test_members_narrow_what_another_analysis_sees(rows: pl.DataFrame, leaf: Condition) -> None:
    since, until = datetime(2024, 2, 28, tzinfo=UTC), datetime(2024, 4, 2, tzinfo=UTC)
    asked = Stickiness(COLUMNS, Step(), since, until)
    parts = parts_of(rows)
    members = LocalEngine().run(Segment(COLUMNS, leaf), parts).frame
    shape = pickle.loads(pickle.dumps(Within(members)))
    narrowed = Parts(tuple(part.shaped(shape) for part in parts.parts), by_subject=True)
    for part in narrowed.parts:
        for run in part.frames:
            frame = replace(part, frames=(run,)).lazy().collect(engine="streaming")
            assert frame.equals(frame.sort("_subject_hash", "at", maintain_order=True))
    only = rows.filter(pl.col("who").is_in(naive(rows, leaf)))
    assert LocalEngine().run(asked, narrowed).frame.equals(computed(asked, only))


def test_subjects_may_be_numbers() -> None:
    rows = pl.DataFrame(
        {"who": [7, 7, 8], "what": ["a", "a", "a"], "at": [datetime(2024, 3, n, tzinfo=UTC) for n in (1, 2, 3)]}
    ).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))
    columns = replace(COLUMNS, id=None)
    twice = All((Did(Step("a"), "exactly", 2), Listed((7, 9))))
    assert computed(Segment(columns, twice), rows)["who"].to_list() == [7]
    with pytest.raises(Invalid, match="the list has others"):
        Segment(columns, Listed(("7",))).check(rows.schema, "visits")


def test_it_travels() -> None:
    segment = Segment(COLUMNS, All((Did(Step("a")), Not(Listed(("s",))))))
    assert pickle.loads(pickle.dumps(segment)) == segment


def test_what_is_not_there_is_named() -> None:
    for condition in (
        Did(Step("a", "contry = 'de'")),
        OneEvent("last", Step("a"), "contry = 'de'"),
        Not(AnyOf((Did(Step("a")), FirstDid(Step("a", "contry = 'de'"), Window())))),
    ):
        with pytest.raises(Invalid, match="did you mean 'country'"):
            Segment(COLUMNS, condition).check(pl.Schema(SCHEMA), "visits")


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: Did(Step("a"), "at lest", 1), "did you mean 'at least'"),
        (lambda: Did(Step("a"), "at least", 0), "at least 1 to"),
        (lambda: Did(Step("a"), "exactly", -1), "exactly 0 to"),
        (lambda: OneEvent("lst", Step("a"), "amount > 0"), "did you mean 'last'"),
        (lambda: InState("dormnt", Step("a"), date(2024, 3, 1)), "did you mean 'dormant'"),
        (lambda: Window(datetime(2024, 3, 2, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)), "is not after"),
        (lambda: Window(datetime(2024, 3, 2)), "has no time zone"),  # noqa: DTZ001
        (lambda: Listed(("a", 1)), "either texts or whole numbers"),
        (lambda: All(()), "needs at least one"),
    ],
)
def test_what_cannot_be_meant_is_refused(made: Any, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        made()


def test_no_rows_have_no_members() -> None:
    assert computed(Segment(COLUMNS, Did(Step("a"), "at most", 3)), frame_of([])).is_empty()
