"""Stickiness, held against a loop over subjects."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from calendar_periods import EVERY, period, span
from event_rows import COLUMNS, SCHEMA, computed, event_rows, frame_of
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.product import Step, Stickiness
from workbench.foundation.errors import Invalid

SINCE, UNTIL = datetime(2024, 2, 28, tzinfo=UTC), datetime(2024, 4, 2, 5, 30, tzinfo=UTC)
PLAIN = Stickiness(COLUMNS, Step("a"), SINCE, UNTIL)
ASKED = st.builds(replace, st.just(PLAIN), cumulative=st.booleans(), every=EVERY)


def naive(rows: pl.DataFrame, asked: Stickiness) -> dict[str, int]:
    """Subject -> in how many of the periods it did the step."""
    within = set(span(asked.since, asked.until, asked.every))
    found: dict[str, set[Any]] = {}
    for row in rows.to_dicts():
        if row["who"] is None or row["at"] is None or row["what"] != "a" or row["at"] >= asked.until:
            continue
        when = period(row["at"], asked.every)
        if when in within:
            found.setdefault(row["who"], set()).add(when)
    return {who: len(periods) for who, periods in found.items()}


@examples(45, 200)
@given(rows=event_rows(events=("a", "b")), asked=ASKED, data=st.data())
def test_subjects_are_counted_by_their_periods(rows: pl.DataFrame, asked: Stickiness, data: st.DataObject) -> None:
    table = computed(asked, rows)
    counts = naive(rows, asked)
    exactly = Counter(counts.values())
    most = len(span(asked.since, asked.until, asked.every))
    assert table["periods"].to_list() == list(range(1, most + 1))
    wanted = [
        sum(exactly[m] for m in range(n, most + 1)) if asked.cumulative else exactly[n] for n in range(1, most + 1)
    ]
    assert table["subjects"].to_list() == wanted

    n = data.draw(st.sampled_from(sorted(exactly) or [1]))
    found = computed(asked.subjects(n), rows)["who"].to_list()
    assert found == sorted(who for who, had in counts.items() if (had >= n if asked.cumulative else had == n))


def test_the_worked_example_of_the_documentation() -> None:
    monday = datetime(2024, 3, 4, 12, tzinfo=UTC)
    rows = frame_of([("ada", "a", monday + timedelta(days=n)) for n in (0, 0, 2)] + [("bob", "a", monday)])
    asked = replace(PLAIN, since=monday, until=monday + timedelta(days=3))
    assert computed(asked, rows).rows() == [(1, 1), (2, 1), (3, 0), (4, 0)]
    assert computed(replace(asked, cumulative=True), rows).rows() == [(1, 2), (2, 1), (3, 0), (4, 0)]


def test_it_travels_and_refuses() -> None:
    assert pickle.loads(pickle.dumps(PLAIN)) == PLAIN
    with pytest.raises(Invalid, match="is not after the start"):
        replace(PLAIN, until=SINCE)
    with pytest.raises(Invalid, match="rows for 1 to 35 periods, not 36"):
        PLAIN.subjects(36)
    with pytest.raises(Invalid, match="did you mean 'at'"):
        replace(PLAIN, columns=replace(COLUMNS, time="att")).check(pl.Schema(SCHEMA), "visits")
