"""Lifecycle, held against a loop over subjects and periods."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from calendar_periods import EVERY, following, period, span
from event_rows import COLUMNS, SCHEMA, computed, event_rows, frame_of
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.product import Lifecycle, Step
from workbench.foundation.errors import Invalid

SINCE, UNTIL = datetime(2024, 3, 4, tzinfo=UTC), datetime(2024, 4, 1, 3, 59, 59, tzinfo=UTC)
PLAIN = Lifecycle(COLUMNS, Step("a"), SINCE, UNTIL)
ASKED = st.builds(
    replace,
    st.just(PLAIN),
    history=st.sampled_from([None, None, SINCE, datetime(2024, 2, 29, 12, tzinfo=UTC)]),
    every=EVERY,
)


def naive(rows: pl.DataFrame, asked: Lifecycle) -> dict[tuple[Any, str], set[str]]:
    """Period and state -> the subjects, walking from period to period."""
    active: dict[str, set[Any]] = {}
    for row in rows.to_dicts():
        if row["who"] is None or row["at"] is None or row["what"] != "a" or row["at"] >= asked.until:
            continue
        when = period(row["at"], asked.every)
        if asked.history is None or when >= period(asked.history, asked.every):
            active.setdefault(row["who"], set()).add(when)
    wanted = span(asked.since, asked.until, asked.every)
    cells: dict[tuple[Any, str], set[str]] = {
        (when, state): set() for when in wanted for state in ("new", "returning", "resurrecting", "dormant")
    }
    for who, periods in active.items():
        when, was_active, seen = min(periods), False, False
        while when <= wanted[-1]:
            state = None
            if when in periods:
                state = "returning" if was_active else "resurrecting" if seen else "new"
            elif was_active:
                state = "dormant"
            if state is not None and (when, state) in cells:
                cells[when, state].add(who)
            was_active, seen, when = when in periods, True, following(when, asked.every)
    return cells


@examples(45, 200)
@given(rows=event_rows(events=("a", "b"), subjects=3), asked=ASKED, data=st.data())
def test_every_subject_has_the_state_it_should(rows: pl.DataFrame, asked: Lifecycle, data: st.DataObject) -> None:
    cells = naive(rows, asked)
    table = computed(asked, rows)
    assert [(when, state, n) for when, state, n, _ in table.rows()] == [
        (*cell, len(who)) for cell, who in cells.items()
    ]
    over = period(asked.until, asked.every)
    assert all(complete == (when < over) for when, _, _, complete in table.rows())

    when, state = data.draw(st.sampled_from([cell for cell, who in cells.items() if who] or list(cells)))
    assert computed(asked.subjects(when, state), rows)["who"].to_list() == sorted(cells[when, state])


def test_the_worked_example_of_the_documentation() -> None:
    monday = datetime(2024, 3, 4, 12, tzinfo=UTC)
    rows = frame_of([("ada", "a", monday + timedelta(days=n)) for n in (0, 1, 4)])
    table = computed(replace(PLAIN, until=monday + timedelta(days=5, hours=12)), rows).filter(pl.col("subjects") > 0)
    assert table.select("period", "state", "complete").rows() == [
        (date(2024, 3, 4), "new", True),
        (date(2024, 3, 5), "returning", True),
        (date(2024, 3, 6), "dormant", True),
        (date(2024, 3, 8), "resurrecting", True),
        (date(2024, 3, 9), "dormant", True),
    ]


def test_it_travels_and_refuses() -> None:
    assert pickle.loads(pickle.dumps(PLAIN)) == PLAIN
    with pytest.raises(Invalid, match="after the result does"):
        replace(PLAIN, history=SINCE + timedelta(days=1))
    with pytest.raises(Invalid, match="did you mean 'dormant'"):
        PLAIN.subjects(date(2024, 3, 5), "dormnat")  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="no period 2024-05-05"):
        PLAIN.subjects(date(2024, 5, 5), "new")
    with pytest.raises(Invalid, match="did you mean 'who'"):
        replace(PLAIN, columns=replace(COLUMNS, subject="whom")).check(pl.Schema(SCHEMA), "visits")
