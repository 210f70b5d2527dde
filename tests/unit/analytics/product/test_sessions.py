"""Sessions against a loop over each subject's events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from event_rows import COLUMNS, SCHEMA, computed, event_rows, frame_of
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.product import SessionList, Sessions, SessionSummary
from workbench.foundation.errors import Invalid

MINUTE = 60_000_000


def sessions(rows: pl.DataFrame, gap: int) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each session of each subject, as its events."""
    known = rows.filter(pl.col("who").is_not_null() & pl.col("at").is_not_null()).sort("at", "id", maintain_order=True)
    found: list[tuple[str, list[dict[str, Any]]]] = []
    for (who,), own in known.partition_by("who", as_dict=True, maintain_order=True).items():
        events: list[dict[str, Any]] = []
        for row in own.to_dicts():
            if events and row["at"] - events[-1]["at"] > timedelta(microseconds=gap):
                found.append((who, events))
                events = []
            events.append(row)
        found.append((who, events))
    return found


GAPS = st.sampled_from([1, 10 * MINUTE, 30 * MINUTE, 24 * 60 * MINUTE])


@examples(45, 200)
@given(event_rows(subjects=3), GAPS, st.booleans())
def test_a_list_has_every_session_once(rows: pl.DataFrame, gap: int, attribute: bool) -> None:
    made = Sessions(COLUMNS, gap, ("country",) if attribute else ())
    found = computed(SessionList(made), rows).drop("_subject_hash")
    wanted = [
        (who, events[0]["at"], events[-1]["at"], len(events), *([events[0]["country"]] if attribute else []))
        for who, events in sessions(rows, gap)
    ]
    assert sorted(found.rows(), key=str) == sorted(wanted, key=str)


@examples(45, 200)
@given(
    event_rows(subjects=3), GAPS, st.sampled_from([None, "day", "week"]), st.booleans(), st.booleans(), st.booleans()
)
def test_a_summary_counts_them(
    rows: pl.DataFrame, gap: int, grain: str | None, attribute: bool, late: bool, times: bool
) -> None:
    start = datetime(2024, 3, 10, 5, tzinfo=UTC) if late else None
    made = Sessions(COLUMNS, gap, ("country",) if attribute else ())
    found = computed(SessionSummary(made, grain=grain, start=start, times=times), rows)
    keys = [*(["period"] if grain else []), *(["country"] if attribute else [])]
    sums = pl.col("sessions", "subjects", "bounces", "events", "took").sum()
    totals = found.group_by(keys).agg(sums) if keys else found.select(sums)
    wanted: dict[tuple[Any, ...], list[Any]] = {} if keys else {(): [0, set(), 0, 0, 0]}
    for who, events in sessions(rows, gap):
        began = events[0]["at"]
        if start is not None and began < start:
            continue
        day = began.date()
        period = {None: (), "day": (day,), "week": (day - timedelta(days=day.weekday()),)}[grain]
        sums = wanted.setdefault((*period, *([events[0]["country"]] if attribute else [])), [0, set(), 0, 0, 0])
        sums[0] += 1
        sums[1].add(who)
        sums[2] += len(events) == 1
        sums[3] += len(events)
        sums[4] += (events[-1]["at"] - began) // timedelta(microseconds=1)
    flat = [(*key, a, len(who), b, c, d) for key, (a, who, b, c, d) in wanted.items()]
    assert sorted(totals.rows(), key=str) == sorted(flat, key=str)


@pytest.mark.parametrize(("gap", "said"), [(0, "longer than nothing"), (-1, "longer"), (10**15, "at most 30 days")])
def test_a_gap_that_is_none_is_refused(gap: int, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        Sessions(COLUMNS, gap).check(SCHEMA, "events")


def test_the_example_of_the_docs() -> None:
    at = [
        datetime(2024, 3, day, *time, tzinfo=UTC)
        for day, time in ((1, (23, 40)), (2, (0, 10)), (2, (0, 41)), (2, (0, 50)))
    ]
    found = computed(SessionList(Sessions(COLUMNS)), frame_of([("ada", "a", time) for time in at]))
    assert found.select("began", "ended", "events").rows() == [(at[0], at[1], 2), (at[2], at[3], 2)]
