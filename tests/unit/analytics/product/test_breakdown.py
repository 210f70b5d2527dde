"""Retention, stickiness and lifecycle by a property: each value's table is that of its subjects alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from calendar_periods import EVERY, period
from event_rows import COLUMNS, SCHEMA, computed, event_rows, frame_of
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from product_shop import asked, fill

from workbench import Workbench
from workbench.analytics.product import Breakdown, Lifecycle, Retention, Step, Stickiness
from workbench.analytics.product.breakdown import OTHER, ValueCell, told_apart
from workbench.foundation.errors import Invalid

SINCE, UNTIL = datetime(2024, 2, 28, tzinfo=UTC), datetime(2024, 4, 2, 5, 30, tzinfo=UTC)
Asked = Retention | Stickiness | Lifecycle
RETENTION = Retention(COLUMNS, Step("a"), Step("b"), SINCE, UNTIL, length=4)
STICKINESS = Stickiness(COLUMNS, Step("a"), SINCE, UNTIL)
LIFECYCLE = Lifecycle(COLUMNS, Step("a"), SINCE, UNTIL)

ASKED: st.SearchStrategy[Asked] = st.one_of(
    st.builds(
        replace,
        st.just(RETENTION),
        kind=st.sampled_from(["first time", "recurring"]),
        counting=st.sampled_from(["on", "on or after"]),
        every=EVERY,
    ),
    st.builds(replace, st.just(STICKINESS), cumulative=st.booleans(), every=EVERY),
    st.builds(replace, st.just(LIFECYCLE), every=EVERY),
)
ATTRIBUTION = st.sampled_from(["first", "last"])


def values(rows: pl.DataFrame, what: Asked, attribution: str) -> dict[str, str | None]:
    """Subject -> its value, for those who did `a`: by a loop over rows."""
    first, last = period(SINCE, what.every), period(UNTIL, what.every)
    found: dict[str, tuple[Any, str | None]] = {}
    for row in rows.to_dicts():
        if row["who"] is None or row["at"] is None or row["what"] != "a" or row["at"] >= UNTIL:
            continue
        if isinstance(what, Stickiness) and not first <= period(row["at"], what.every) <= last:
            continue
        key = (row["at"], row["id"])
        before = found.get(row["who"])
        if before is None or (key < before[0] if attribution == "first" else key > before[0]):
            found[row["who"]] = key, row["country"]
    return {who: country for who, (_, country) in found.items()}


def of(rows: pl.DataFrame, theirs: dict[str, str | None], value: str | None) -> pl.DataFrame:
    return rows.filter(pl.col("who").is_in([who for who, one in theirs.items() if one == value]))


@examples(60, 300)
@given(rows=event_rows(), what=ASKED, attribution=ATTRIBUTION)
def test_a_value_s_table_is_that_of_its_subjects(rows: pl.DataFrame, what: Asked, attribution: Any) -> None:
    table = computed(replace(what, breakdown=Breakdown("country", attribution)), rows)
    theirs = values(rows, what, attribution)
    shown = set(table["breakdown"].to_list())
    for value in {*theirs.values(), *shown}:
        alone = computed(what, of(rows, theirs, value))
        own = table.filter(pl.col("breakdown").eq_missing(pl.lit(value))).drop("breakdown")
        if value in shown:
            assert own.rows() == alone.rows()
        else:
            assert alone["subjects"].sum() == 0, "who is not shown did nothing that counts"


@examples(25, 120)
@given(rows=event_rows(), what=ASKED, attribution=ATTRIBUTION, data=st.data())
def test_a_row_of_a_value_names_its_subjects(
    rows: pl.DataFrame, what: Asked, attribution: Any, data: st.DataObject
) -> None:
    broken = replace(what, breakdown=Breakdown("country", attribution))
    table = computed(broken, rows).filter(pl.col("subjects") > 0)
    if table.is_empty():
        return
    row = data.draw(st.sampled_from(table.to_dicts()))
    keys = {
        Retention: ("cohort", "offset"), Stickiness: ("periods",), Lifecycle: ("period", "state"),
    }[type(what)]  # fmt: skip
    cell = [row[key] for key in keys]
    subjects: Any = broken.subjects
    found = computed(subjects(*cell, ValueCell(row["breakdown"])), rows)["who"].to_list()
    theirs = values(rows, what, attribution)
    alone: Any = what.subjects
    assert found == [who for who in computed(alone(*cell), rows)["who"] if theirs[who] == row["breakdown"]]
    assert len(found) == row["subjects"]
    shown = table["breakdown"].unique().to_list()
    if len(shown) > 1:
        rest = computed(subjects(*cell, ValueCell(OTHER, (row["breakdown"],))), rows)["who"].to_list()
        assert sorted([*rest, *found]) == computed(alone(*cell), rows)["who"].to_list()


def test_the_worked_example_of_the_documentation() -> None:
    rows = frame_of(
        [
            ("ada", "a", datetime(2024, 3, 4, tzinfo=UTC), 1, "de"),
            ("ada", "a", datetime(2024, 3, 12, tzinfo=UTC), 2, "fr"),
            ("bob", "a", datetime(2024, 3, 5, tzinfo=UTC), 3, "fr"),
        ]
    )
    for attribution, expected in (("first", {"de": 1, "fr": 0}), ("last", {"fr": 1})):
        weeks = replace(
            RETENTION,
            back=Step("a"),
            since=datetime(2024, 3, 4, tzinfo=UTC),
            until=datetime(2024, 3, 18, tzinfo=UTC),
            every=replace(RETENTION.every, grain="week"),
            breakdown=Breakdown("country", attribution),  # type: ignore[arg-type]
        )
        table = computed(weeks, rows).filter(pl.col("offset") == 1)
        assert dict(table.select("breakdown", "subjects").iter_rows()) == expected


def test_the_largest_values_are_told_apart_and_the_others_put_together() -> None:
    table = pl.DataFrame(
        {
            "breakdown": ["a", "a", "b", "b", None, None, "c", "c"],
            "periods": [1, 2] * 4,
            "subjects": [1, 1, 5, 0, 3, 4, 2, 0],
        }
    )
    cut = told_apart(table, pl.lit(value=True), 2)
    assert cut.rows() == [(None, 1, 3), (None, 2, 4), ("b", 1, 5), ("b", 2, 0), (OTHER, 1, 3), (OTHER, 2, 1)]
    assert told_apart(table, pl.lit(value=True), 0)["subjects"].sum() == table["subjects"].sum()
    plain = table.drop("breakdown")
    assert told_apart(plain, pl.lit(value=True), 1).equals(plain)


@pytest.mark.parametrize("what", [RETENTION, STICKINESS, LIFECYCLE])
def test_a_property_that_is_none_is_refused(what: Asked) -> None:
    for by, attribution, says in (
        ("contry", "first", "did you mean 'country'"),
        ("country +", "first", "breakdown"),
        ("country", "frist", "did you mean 'first'"),
    ):
        with pytest.raises(Invalid, match=says):
            replace(what, breakdown=Breakdown(by, attribution)).check(pl.Schema(SCHEMA), "visits")  # type: ignore[arg-type]


@pytest.mark.parametrize("dataset", ["events", "plain"])
@pytest.mark.parametrize("question", ["retention", "stickiness", "lifecycle", "stickiness or more"])
def test_the_shop_by_country(wb: Workbench, question: str, dataset: str) -> None:
    fill(wb)
    whole = asked(wb, question, dataset)
    result = asked(wb, question, dataset, breakdown="country", top=3)
    assert result.frame["breakdown"].n_unique() == 4
    assert result.frame["breakdown"][-1] == OTHER
    keys = [name for name in whole.frame.columns if name not in ("size", "subjects", "share")]
    summed = result.frame.group_by(keys, maintain_order=True).agg(pl.col("subjects").sum()).sort(keys)
    assert summed.equals(whole.frame.select(*keys, "subjects").sort(keys))
    if "share" in result.frame.columns:
        assert result.frame["share"].drop_nulls().is_between(0, 1).all()
    assert result.title.endswith(" by country")
    assert result.chart().kind == "line"
    row = result.frame.filter(pl.col("breakdown") == OTHER).sort("subjects", maintain_order=True).row(-1, named=True)
    cell = {name: row[name] for name in keys if name != "complete"}
    found = result.subjects(**cell, breakdown=OTHER)
    assert len(found) == row["subjects"]
    assert found.what.endswith(", of country (other)")
    with pytest.raises(Invalid, match="no value of country in the"):
        result.subjects(**cell, breakdown="contry")
    with pytest.raises(Invalid, match="is not broken down"):
        whole.subjects(**cell, breakdown="de")
