"""Duplicates against a loop over each id's rows, and against DuckDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
from event_rows import COLUMNS, EDGES, SCHEMA, computed, event_rows, frame_of
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from workbench.analytics.product import Duplicates, EventColumns
from workbench.foundation.errors import Invalid

NEW_YORK = ZoneInfo("America/New_York")
Row = dict[str, Any]


@st.composite
def resent(draw: st.DrawFn) -> pl.DataFrame:
    """Events of which some come again: at the same time or another, with other values, of another subject, or no id."""
    rows = draw(event_rows(subjects=3)).to_dicts()
    some = draw(st.lists(st.sampled_from(rows), max_size=12)) if rows else []
    again = [
        row
        | {
            "at": draw(st.sampled_from([row["at"], *EDGES[:6]])),
            "amount": draw(st.integers(-2, 9) | st.none()),
            "country": draw(st.sampled_from([row["country"], "de", None])),
            "who": draw(st.sampled_from([row["who"], row["who"], "s1"])),
            "id": draw(st.sampled_from([row["id"], row["id"], row["id"], None])),
        }
        for row in some
    ]
    frame = pl.DataFrame(rows + again, schema=SCHEMA)
    return frame.sample(fraction=1, shuffle=True, seed=draw(st.integers(0, 9)))


def least_first(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


def by_ids(rows: pl.DataFrame, by: tuple[str, ...]) -> list[list[Row]]:
    """The rows of each id of a subject, the one that is kept last; a row without an id by itself."""
    found: dict[Any, list[Row]] = {}
    for n, row in enumerate(rows.to_dicts()):
        if row["who"] is not None and row["at"] is not None:
            found.setdefault((row["who"], row["id"]) if row["id"] is not None else n, []).append(row)
    for copies in found.values():
        copies.sort(key=lambda row: [least_first(row[name]) for name in ("at", *by, "amount")])
    return list(found.values())


def period(at: datetime, grain: str | None) -> tuple[Any, ...]:
    local = at.astimezone(NEW_YORK)
    day = local.date()
    return {None: (), "day": (day,), "week": (day - timedelta(days=(day.weekday() + 1) % 7),)}[grain]


OPTIONS = st.tuples(
    st.sampled_from([(), ("country",), ("what", "country")]), st.sampled_from([None, "day", "week"]), st.booleans()
)


@examples(30, 120)
@given(resent(), OPTIONS)
def test_they_are_counted_as_a_loop_counts_them(
    rows: pl.DataFrame, options: tuple[tuple[str, ...], str | None, bool]
) -> None:
    by, grain, late = options
    start, end = (datetime(2024, 3, 10, 5, tzinfo=UTC), datetime(2024, 3, 17, tzinfo=UTC)) if late else (None, None)
    asked = Duplicates(COLUMNS, None, by, "amount", grain, start, end, "America/New_York", 7)
    found = computed(asked, rows)
    wanted: dict[tuple[Any, ...], list[Any]] = {} if grain or by else {(): [0, 0, 0, set(), 0, 0]}
    for copies in by_ids(rows, by):
        latest = copies[-1]
        if late and not start <= latest["at"] < end:  # type: ignore[operator]
            continue
        key = (*period(latest["at"], grain), *(latest[name] for name in by))
        sums = wanted.setdefault(key, [0, 0, 0, set(), 0, 0])
        sums[0] += len(copies)
        sums[1] += latest["id"] is not None
        sums[2] += len(copies) - 1
        sums[3] |= {latest["who"]} if len(copies) > 1 else set()
        sums[4] += latest["amount"] or 0
        sums[5] += sum(row["amount"] or 0 for row in copies[:-1])
    flat = [
        (*key, n, n - again, ids, again, again / n if n else None, len(who), amount, resent)
        for key, (n, ids, again, who, amount, resent) in wanted.items()
    ]
    assert sorted(found.rows(), key=str) == sorted(flat, key=str)


LATEST = """
WITH known AS (SELECT *, row_number() OVER () n FROM events WHERE who IS NOT NULL AND "at" IS NOT NULL),
told AS (SELECT *, CASE WHEN id IS NULL THEN 'row ' || n ELSE 'id ' || id END AS told FROM known),
latest AS (SELECT *, count(*) OVER w AS copies, coalesce(sum(amount) OVER w, 0) - coalesce(amount, 0) AS resent
           FROM told WINDOW w AS (PARTITION BY who, told)
           QUALIFY row_number() OVER (PARTITION BY who, told
               ORDER BY "at" DESC, what DESC NULLS LAST, amount DESC NULLS LAST) = 1)
SELECT what, sum(copies)::BIGINT AS rows, count(*) AS kept, count(id) AS ids, sum(copies - 1)::BIGINT AS duplicates,
       sum(copies - 1) / sum(copies) AS share, count(DISTINCT who) FILTER (copies > 1) AS subjects,
       coalesce(sum(amount), 0)::BIGINT AS amount, sum(resent)::BIGINT AS resent_amount
FROM latest GROUP BY what ORDER BY what NULLS LAST
"""


@examples(25, 100)
@given(resent(), st.booleans())
def test_they_are_counted_as_sql_counts_them(rows: pl.DataFrame, texts: bool) -> None:
    events = rows.with_columns(pl.col("id").cast(pl.String)) if texts else rows
    connection = duckdb.connect()
    connection.register("events", events.to_arrow())
    wanted = pl.DataFrame(connection.sql(LATEST).to_arrow_table())
    assert_frame_equal(computed(Duplicates(COLUMNS, by=("what",), amount="amount"), events), wanted)


@examples(20, 80)
@given(resent(), st.sampled_from(["de", "fr", None, ...]))
def test_a_groups_subjects_are_those_with_duplicates_in_it(rows: pl.DataFrame, country: Any) -> None:
    asked = Duplicates(COLUMNS, by=("country",))
    found = computed(asked.subjects() if country is ... else asked.subjects(country=country), rows)
    wanted = {
        copies[-1]["who"]
        for copies in by_ids_without_amount(rows)
        if len(copies) > 1 and country in (..., copies[-1]["country"])
    }
    assert sorted(found["who"]) == sorted(wanted)


def by_ids_without_amount(rows: pl.DataFrame) -> list[list[Row]]:
    return by_ids(rows.with_columns(amount=pl.lit(None, pl.Int64)), ("country",))


def test_no_rows_have_no_duplicates() -> None:
    none = pl.DataFrame(schema=SCHEMA)
    assert computed(Duplicates(COLUMNS, amount="amount"), none).rows() == [(0, 0, 0, 0, None, 0, 0, 0)]
    assert computed(Duplicates(COLUMNS, by=("country",), grain="day"), none).is_empty()


def test_amounts_of_floats_add_up_without_those_that_are_no_number() -> None:
    rows = frame_of([("ada", "a", EDGES[1], 1), ("ada", "a", EDGES[2], 1), ("ada", "a", EDGES[2], 2)])
    rows = rows.with_columns(amount=pl.Series([0.5, 2.25, float("nan")]))
    found = computed(Duplicates(COLUMNS, amount="amount"), rows)
    assert found.select("kept", "amount", "resent_amount").rows() == [(2, 2.25, 0.5)]


def test_another_column_may_tell_events_apart() -> None:
    rows = frame_of([("ada", "buy", EDGES[1]), ("ada", "buy", EDGES[2]), ("bob", "buy", EDGES[1])])
    found = computed(Duplicates(COLUMNS, "what"), rows)
    assert found.select("rows", "ids", "duplicates", "subjects").rows() == [(3, 2, 1, 1)]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Duplicates(EventColumns("who", "what", "at")), "a column that tells events apart"),
        (Duplicates(COLUMNS, "idd"), "did you mean 'id'"),
        (Duplicates(COLUMNS, "at"), "it has to be a text or a whole number"),
        (Duplicates(COLUMNS, by=("contry",)), "did you mean 'country'"),
        (Duplicates(COLUMNS, by=("amount",)), "two columns of that name"),
        (Duplicates(COLUMNS, amount="amout"), "did you mean 'amount'"),
        (Duplicates(COLUMNS, amount="country"), "it has to be a number"),
    ],
)
def test_what_does_not_fit_is_refused(asked: Duplicates, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        asked.check(SCHEMA, "events")


def test_the_example_of_the_docs() -> None:
    day = [datetime(2024, 3, day, 12, tzinfo=UTC) for day in (1, 2, 3)]
    rows = [
        ("ada", "buy", day[0], 7, None, 100),
        ("ada", "buy", day[1], 7, None, 120),
        ("ada", "buy", day[1], 8, None, 30),
        ("bob", "buy", day[2], 7, None, 50),
        ("bob", "buy", day[2], None, None, 5),
    ]
    found = computed(Duplicates(COLUMNS, amount="amount", grain="day"), frame_of(rows))
    assert found.select("period", "rows", "kept", "ids", "duplicates", "amount", "resent_amount").rows() == [
        (day[1].date(), 3, 2, 2, 1, 150, 100),
        (day[2].date(), 2, 2, 1, 0, 55, 0),
    ]
