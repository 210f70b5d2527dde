"""Paths, held against a walk through each subject's events."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from event_rows import COLUMNS, SCHEMA, computed, event_rows, frame_of
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.product import OTHER, Paths
from workbench.foundation.errors import Invalid

SINCE, UNTIL = datetime(2024, 2, 27, tzinfo=UTC), datetime(2024, 4, 2, tzinfo=UTC)
PLAIN = Paths(COLUMNS, SINCE, UNTIL)
NAME = st.sampled_from([None, None, "a", "b"])
ASKED = st.builds(
    replace,
    st.just(PLAIN),
    gap=st.sampled_from([timedelta(minutes=10), timedelta(hours=1), timedelta(days=9)]),
    start_at=NAME,
    end_at=NAME,
    max_steps=st.integers(2, 5),
    fold_repeats=st.booleans(),
    minimum_share=st.sampled_from([0.0, 0.0, 0.25, 0.5]),
    top=st.sampled_from([1, 2, 20]),
    columns=st.sampled_from([COLUMNS, replace(COLUMNS, id=None)]),
)
Edge = tuple[int, str, str]


def sessions(rows: pl.DataFrame, p: Paths) -> list[tuple[str, list[str]]]:
    """Subject and names of events, session by session."""
    by_subject: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows.to_dicts():
        if None in (row["who"], row["what"], row["at"]) or not p.since <= row["at"] < p.until:
            continue
        tie = row["id"] if p.columns.id else row["what"]
        by_subject.setdefault(row["who"], []).append((row["at"], tie, row["what"]))
    found: list[tuple[str, list[str]]] = []
    for who, events in by_subject.items():
        last = None
        for at, _, what in sorted(events):
            if last is None or at - last > p.gap:
                found.append((who, []))
            found[-1][1].append(what)
            last = at
    return found


def edges(rows: pl.DataFrame, p: Paths) -> list[tuple[str, Edge]]:
    """Every step of every path, with its subject."""
    found = []
    for who, names in sessions(rows, p):
        path = [what for n, what in enumerate(names) if not p.fold_repeats or n == 0 or names[n - 1] != what]
        if p.start_at is not None:
            if p.start_at not in path:
                continue
            path = path[path.index(p.start_at) :]
        if p.end_at is not None:
            after = 0 if p.start_at is None else 1
            if p.end_at not in path[after:]:
                continue
            path = path[: path.index(p.end_at, after) + 1]
        backwards = p.end_at is not None and p.start_at is None
        if p.start_at is not None and p.end_at is not None and len(path) > p.max_steps:
            continue
        path = path[-p.max_steps :] if backwards else path[: p.max_steps]
        for n in range(len(path) - 1):
            found.append((who, (n + 1 - len(path) if backwards else n + 1, path[n], path[n + 1])))
    return found


def folded(found: list[tuple[str, Edge]], p: Paths) -> list[tuple[str, Edge]]:
    """The same steps with the rarer events of a place put together."""
    into, out = Counter(), Counter()
    for _, (position, source, target) in found:
        out[position, source] += 1
        into[position + 1, target] += 1
    kept = set()
    for place in {place for place, _ in into | out}:
        nodes = {what: max(into[at, what], out[at, what]) for at, what in into | out if at == place}
        ranked = sorted(nodes, key=lambda what: (-nodes[what], what))[: p.top]
        kept |= {(place, what) for what in ranked if nodes[what] / sum(nodes.values()) >= p.minimum_share}
    return [(who, (n, s if (n, s) in kept else OTHER, t if (n + 1, t) in kept else OTHER)) for who, (n, s, t) in found]


@examples(80, 400)
@given(rows=event_rows(events=("a", "b", "c", "d"), subjects=3, most=50), asked=ASKED, data=st.data())
def test_the_edges_are_those_of_a_walk(rows: pl.DataFrame, asked: Paths, data: st.DataObject) -> None:
    table = computed(asked, rows)
    steps = folded(edges(rows, asked), asked)
    counted = Counter(edge for _, edge in steps)
    assert {(n, s, t): paths for n, s, t, paths, _ in table.rows()} == counted
    behind = {edge: {who for who, at in steps if at == edge} for edge in counted}
    for n, s, t, _, subjects in table.rows():
        assert subjects == (None if OTHER in (s, t) else len(behind[n, s, t]))
    assert table["position"].is_sorted()
    if counted:
        edge = data.draw(st.sampled_from(sorted(counted)))
        assert computed(asked.subjects(table, *edge), rows)["who"].to_list() == sorted(behind[edge])


def at(minute: int) -> datetime:
    return datetime(2024, 3, 4, 12, minute, tzinfo=UTC)


WORKED = frame_of(
    [
        *(("ada", what, at(n)) for n, what in enumerate(["home", "home", "search", "item", "pay"])),
        *(("bob", what, at(n)) for n, what in enumerate(["home", "item", "search"])),
        *(("cyd", what, at(n)) for n, what in enumerate(["mail", "item", "pay"])),
    ]
)


def test_the_worked_example_of_the_documentation() -> None:
    assert computed(replace(PLAIN, start_at="home"), WORKED).rows() == [
        (1, "home", "item", 1, 1),
        (1, "home", "search", 1, 1),
        (2, "item", "search", 1, 1),
        (2, "search", "item", 1, 1),
        (3, "item", "pay", 1, 1),
    ]
    assert computed(replace(PLAIN, end_at="pay", max_steps=3), WORKED).rows() == [
        (-2, "mail", "item", 1, 1),
        (-2, "search", "item", 1, 1),
        (-1, "item", "pay", 2, 2),
    ]
    assert computed(replace(PLAIN, max_steps=2, minimum_share=0.5), WORKED).rows() == [
        (1, OTHER, "item", 1, None),
        (1, "home", OTHER, 1, None),
        (1, "home", "item", 1, 1),
    ]


def test_only_the_events_asked_for_make_a_path() -> None:
    asked = replace(PLAIN, events=("home", "pay"))
    assert computed(asked, WORKED).rows() == [(1, "home", "pay", 1, 1)]
    assert computed(replace(PLAIN, where="what = 'mail'"), WORKED).is_empty()


def test_ten_thousand_names_are_put_together() -> None:
    rows = frame_of([(f"s{n % 50}", f"page {n}", SINCE + timedelta(minutes=n)) for n in range(10_000)])
    table = computed(replace(PLAIN, gap=timedelta(hours=2), max_steps=3, top=10), rows)
    assert table.height <= 2 * 11 * 11
    assert table["paths"].sum() == 100


def test_it_travels() -> None:
    assert pickle.loads(pickle.dumps(PLAIN)) == PLAIN


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"gap": timedelta(0)}, "more than nothing"),
        ({"gap": timedelta(minutes=-1)}, "more than nothing"),
        ({"gap": timedelta(days=100_000)}, "at most 366 days"),
        ({"max_steps": 1}, "2 to 50 steps"),
        ({"minimum_share": 1.5}, "from 0 to below 1"),
        ({"top": 0}, "1 to 200 events"),
        ({"since": UNTIL}, "is not after"),
        ({"events": ("a",), "start_at": "b"}, "not among their events"),
    ],
)
def test_what_cannot_be_meant_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        replace(PLAIN, **changed)


def test_what_is_not_there_is_refused() -> None:
    table = computed(PLAIN, WORKED)
    with pytest.raises(Invalid, match="no step 1 from 'pay' to 'home'"):
        PLAIN.subjects(table, 1, "pay", "home")
    with pytest.raises(Invalid, match="did you mean 'country'"):
        replace(PLAIN, where="countri = 'de'").check(pl.Schema(SCHEMA), "visits")
