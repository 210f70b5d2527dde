"""Funnels against a loop over every way there is to take the steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from event_rows import COLUMNS, SCHEMA, computed, event_rows, frame_of
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.analytics.product import Exclusion, Funnel, FunnelCell, Step
from workbench.compute import SUBJECT_HASH
from workbench.foundation.errors import Invalid

HOUR = 3_600_000_000
DAY = 24 * HOUR
A, B, C = Step("a"), Step("b"), Step("c")

Row = dict[str, Any]
Reached = dict[int, tuple[Row, Row, timedelta | None]]
"""Step -> the row at which it is first reached, the row the attempt began with, how long since the step before."""


def subjects(rows: pl.DataFrame) -> Iterator[tuple[str, list[Row]]]:
    known = rows.filter(pl.col("who").is_not_null() & pl.col("at").is_not_null()).sort("at", "id", maintain_order=True)
    for (who,), own in known.partition_by("who", as_dict=True, maintain_order=True).items():
        yield who, own.to_dicts()


def of_step(row: Row, step: Step) -> bool:
    if step.event is not None and row["what"] != step.event:
        return False
    if step.where is None:
        return True
    assert step.where == "amount > 0"
    return row["amount"] is not None and row["amount"] > 0


def reached_in_order(funnel: Funnel, rows: list[Row]) -> Reached:
    """Every chain, by brute force: (number of the row, number of the row it began with, number of the row before)."""
    window = timedelta(microseconds=funnel.window)
    entries = [n for n, row in enumerate(rows) if of_step(row, funnel.steps[0]) and enters(funnel, row)]
    if funnel.entry == "first":
        entries = entries[:1]
    ends: list[list[tuple[int, int, int]]] = [[(n, n, -1) for n in entries]]
    for k in range(1, len(funnel.steps)):
        found = []
        for n, row in enumerate(rows):
            if not of_step(row, funnel.steps[k]):
                continue
            for before, began, _ in ends[k - 1]:
                if before >= n or row["at"] - rows[began]["at"] > window:
                    continue
                if funnel.order == "strict" and before != n - 1:
                    continue
                limit = funnel.step_windows[k - 1] if funnel.step_windows else None
                if limit is not None and row["at"] - rows[before]["at"] > timedelta(microseconds=limit):
                    continue
                if any(
                    of_step(rows[between], exclusion.step)
                    for exclusion in funnel.exclusions
                    if exclusion.after <= k < (exclusion.before or exclusion.after + 1)
                    for between in range(before + 1, n)
                ):
                    continue
                found.append((n, began, before))
        ends.append(found)
    reached: Reached = {}
    for k, found in enumerate(ends):
        if found:
            first = min(n for n, _, _ in found)
            began = max(start for n, start, _ in found if n == first)
            before = max(earlier for n, _, earlier in found if n == first)
            waited = rows[first]["at"] - rows[before]["at"] if k else None
            reached[k + 1] = (rows[first], rows[began], waited)
    return reached


def reached_in_any_order(funnel: Funnel, rows: list[Row]) -> Reached:
    """For every row that is a step: the steps done in the window that ends with it, each by a row of its own."""
    window = timedelta(microseconds=funnel.window)
    rows = [row for row in rows if any(of_step(row, step) for step in funnel.steps)]
    rows = [row for row in rows if funnel.start is None or row["at"] >= funnel.start]
    reached: Reached = {}
    for n, row in enumerate(rows):
        used: list[tuple[Step, int]] = []
        for step in funnel.steps:
            latest = [
                m
                for m in range(n, -1, -1)
                if of_step(rows[m], step) and row["at"] - rows[m]["at"] <= window and (step, m) not in used
            ]
            if latest and all(m > latest[0] for s, m in used if s == step):
                used.append((step, latest[0]))
        # Its own steps have to be among them: a window ends with a step that is done.
        began = min((m for _, m in used), default=None)
        if began is None or (funnel.end is not None and rows[began]["at"] >= funnel.end):
            continue
        for k in range(1, len(used) + 1):
            if k not in reached:
                reached[k] = (row, rows[began], row["at"] - rows[n - 1]["at"] if k > 1 else None)
    return reached


def enters(funnel: Funnel, row: Row) -> bool:
    return (funnel.start is None or row["at"] >= funnel.start) and (funnel.end is None or row["at"] < funnel.end)


def reached_by(funnel: Funnel, rows: list[Row]) -> Reached:
    rows = [row for row in rows if funnel.start is None or row["at"] >= funnel.start]
    if funnel.end is not None:
        rows = [row for row in rows if row["at"] < funnel.end + timedelta(microseconds=funnel.window)]
    return reached_in_any_order(funnel, rows) if funnel.order == "any" else reached_in_order(funnel, rows)


def value_of(funnel: Funnel, reached: Reached) -> Any:
    row, began, _ = reached[max(reached)]
    if funnel.attribution == "first":
        return began["country"]
    if funnel.attribution == "last":
        return row["country"]
    return reached[int(funnel.attribution)][0]["country"] if int(funnel.attribution) in reached else None


def expected(funnel: Funnel, rows: pl.DataFrame) -> list[tuple[Any, ...]]:
    counted: dict[tuple[Any, ...], list[int]] = {}
    for _, own in subjects(rows):
        reached = reached_by(funnel, own)
        if not reached:
            continue
        value = (value_of(funnel, reached),) if funnel.breakdown else ()
        began = reached[max(reached)][1]["at"]
        period = (began.date(),) if funnel.grain else ()
        for k, (row, start, waited) in reached.items():
            sums = counted.setdefault((*value, *period, k), [0, 0, 0])
            sums[0] += 1
            sums[1] += (row["at"] - start["at"]) // timedelta(microseconds=1)
            sums[2] += waited // timedelta(microseconds=1) if waited is not None else 0
    return sorted(((*key, *sums) for key, sums in counted.items()), key=lambda one: [(v is None, v) for v in one])


def seen(funnel: Funnel, rows: pl.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(computed(funnel, rows).rows(), key=lambda one: [(v is None, v) for v in one])


WINDOWS = st.sampled_from([1, HOUR, 12 * HOUR, DAY, 7 * DAY, 60 * DAY])
STEPS = st.lists(
    st.sampled_from([A, B, C, A, Step("b", "amount > 0"), Step(None, "amount > 0")]), min_size=2, max_size=4
)
BOUNDS = st.sampled_from(
    [(None, None), (datetime(2024, 3, 1, tzinfo=UTC), None), (None, datetime(2024, 3, 11, 4, tzinfo=UTC)),
     (datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 17, tzinfo=UTC))]
)  # fmt: skip


@st.composite
def funnels(draw: st.DrawFn) -> Funnel:
    steps = tuple(draw(STEPS))
    start, end = draw(BOUNDS)
    some = Funnel(
        COLUMNS,
        steps,
        draw(WINDOWS),
        start=start,
        end=end,
        breakdown=draw(st.sampled_from([None, "country"])),
        attribution=draw(st.sampled_from(["first", "last", 1, 2])),
        grain=draw(st.sampled_from([None, "day"])),
    )
    order = draw(st.sampled_from(["ordered", "ordered", "strict", "any"]))
    if order == "any":
        distinct = tuple(step for step in steps if step.where is None)
        return replace(
            some, order="any", steps=distinct if len(distinct) > 1 else (A, B, A), grain=None, breakdown=None
        )
    if draw(st.booleans()):  # what has a plan of its own
        return replace(some, entry="first")
    between = draw(st.lists(st.none() | WINDOWS, min_size=len(steps) - 1, max_size=len(steps) - 1))
    exclusions = draw(
        st.lists(
            st.builds(
                Exclusion,
                st.sampled_from([C, Step("b", "amount > 0")]),
                st.just(1),
                st.sampled_from([None, len(steps)]),
            ),
            max_size=2,
        )
    )
    return replace(
        some,
        order=order,
        entry=draw(st.sampled_from(["any", "first"])),
        step_windows=draw(st.sampled_from([(), tuple(between)])),
        exclusions=tuple(exclusions),
    )


AGAIN = frame_of([("ada", what, datetime(2024, 3, 1, 9, n, tzinfo=UTC)) for n, what in enumerate("abbc")])


@examples(60, 300)
@given(event_rows(subjects=4), funnels())
@example(AGAIN, Funnel(COLUMNS, (A, B, C), DAY, entry="first"))
def test_it_counts_what_a_loop_over_all_ways_counts(rows: pl.DataFrame, funnel: Funnel) -> None:
    funnel.check(SCHEMA, "events")
    assert seen(funnel, rows) == expected(funnel, rows)


@examples(25, 120)
@given(event_rows(subjects=4), funnels(), st.integers(1, 4), st.booleans())
def test_a_cell_gives_its_subjects(rows: pl.DataFrame, funnel: Funnel, step: int, dropped: bool) -> None:
    cell = FunnelCell(step, dropped=dropped)
    found = computed(funnel.members(cell), rows)
    wanted = {
        who
        for who, own in subjects(rows)
        if step in (reached := reached_by(funnel, own)) and (not dropped or max(reached) == step)
    }
    assert sorted(found["who"]) == sorted(wanted)
    assert found.columns == [SUBJECT_HASH, "who"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": (A,)}, "2 to 30 steps, not 1"),
        ({"steps": (A,) * 31}, "2 to 30 steps, not 31"),
        ({"window": 0}, "longer than nothing"),
        ({"window": -DAY}, "longer than nothing"),
        ({"window": 10**18}, "at most ten years"),
        ({"step_windows": (DAY,)}, "3 steps have 2 windows"),
        ({"order": "any", "entry": "first"}, "any order"),
        ({"attribution": 4}, "no step 4"),
        ({"exclusions": (Exclusion(C, 3),)}, "after step 3 and before step 4 of 3"),
        ({"steps": (A, Step("b", "amuont > 0"))}, "did you mean 'amount'"),
        ({"breakdown": "contry"}, "did you mean 'country'"),
        ({"start": datetime(2024, 3, 2, tzinfo=UTC), "end": datetime(2024, 3, 1, tzinfo=UTC)}, "not after the start"),
    ],
)
def test_what_makes_no_funnel_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        replace(Funnel(COLUMNS, (A, B, C), DAY), **change).check(SCHEMA, "events")


def example() -> pl.DataFrame:
    """The rows of the example in docs/product.md."""
    times = [(9, 0), (9, 20), (9, 40), (10, 10), (10, 30)]
    done = {"ada": "abxc", "bob": "axabc", "cyd": "bac"}
    return frame_of(
        [
            (who, what, datetime(2024, 3, 1, *time, tzinfo=UTC))
            for who, events in done.items()
            for what, time in zip(events, times, strict=False)
        ]
    )


@pytest.mark.parametrize(
    ("options", "counts"),
    [
        ({}, [3, 2, 1]),
        ({"entry": "first"}, [3, 1, 0]),
        ({"order": "strict"}, [3, 2, 1]),
        ({"order": "any"}, [3, 3, 2]),
        ({"exclusions": (Exclusion(Step("x"), 1, 3),)}, [3, 2, 1]),
        ({"step_windows": (HOUR // 3, HOUR // 3)}, [3, 1, 0]),
    ],
)
def test_the_example_of_the_docs(options: dict[str, Any], counts: list[int]) -> None:
    found = computed(Funnel(COLUMNS, (A, B, C), HOUR, **options), example())
    by_step = dict(found.select("step", "subjects").rows())
    assert [by_step.get(step, 0) for step in (1, 2, 3)] == counts
