"""What is different between two versions, as somebody may see them, and going back to one."""

from __future__ import annotations

import polars as pl
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench import Workbench
from workbench.data.lake.differing import difference
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.security import Policy, Principal, Role

FIRST = pl.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "n": [1.0, 2.0, 3.0]})
THEN = pl.DataFrame({"id": [2, 3, 4], "name": ["b", "c", "d"], "n": [2.5, 3.0, 4.0]})


@pytest.fixture
def owner(wb: Workbench) -> Workbench:
    wb.datasets.create("orders", FIRST, key="id").overwrite(THEN)
    return wb


def test_rows_are_told_apart_by_the_key(owner: Workbench) -> None:
    found = owner.datasets["orders"].diff(0)
    assert (found.before, found.after, found.added, found.removed, found.changed) == (0, 1, 1, 1, 2)
    assert found.rows_added.to_dicts() == [{"id": 4, "name": "d", "n": 4.0}]
    assert found.rows_removed.to_dicts() == [{"id": 1, "name": "a", "n": 1.0}]
    assert found.rows_changed.to_dicts() == [
        {"id": 2, "before name": "b", "after name": "b", "before n": 2.0, "after n": 2.5},
        {"id": 3, "before name": None, "after name": "c", "before n": 3.0, "after n": 3.0},
    ]
    back = owner.datasets["orders"].diff(1, 0)
    assert (back.added, back.removed, back.changed) == (1, 1, 2)
    same = owner.datasets["orders"].diff(1, 1)
    assert (same.added, same.removed, same.changed, same.rows_changed.columns) == (0, 0, 0, ["id"])


def test_columns_that_came_went_and_changed_their_type(owner: Workbench) -> None:
    other = pl.DataFrame({"id": [2, 3, 4], "n": ["2", "3", "4"], "new": [True, None, False]})
    owner.datasets["orders"].overwrite(other, evolve=True)
    found = owner.datasets["orders"].diff(1)
    assert (found.columns_added, found.columns_removed) == (("new",), ("name",))
    assert found.columns_retyped == {"n": ("Float64", "String")}
    assert (found.added, found.removed, found.changed) == (0, 0, 0)
    assert "column n was Float64 and is String" in repr(found)


def test_what_a_policy_hides_is_in_no_difference(owner: Workbench) -> None:
    policy = Policy(dataset="orders", role=Role.VIEWER, row_filter="id <> 4", columns={"n": "NULL"})
    owner.security.set_policy(policy, by=owner.actor.principal)
    viewer = owner.acting_as(Principal("vera", Role.VIEWER)).datasets["orders"]
    found = viewer.diff(0)
    assert (found.added, found.removed, found.changed) == (0, 1, 1), "the 4 and what is new of the 2 stay hidden"
    assert "4.0" not in str([found.rows_added, found.rows_removed, found.rows_changed])
    hidden_key = Policy(dataset="orders", role=Role.VIEWER, columns={"id": "0"})
    owner.security.set_policy(hidden_key, by=owner.actor.principal)
    with pytest.raises(Invalid, match="on more than one row of what you may see"):
        viewer.diff(0)
    assert viewer.diff(0, key=[]).added == 3


rows = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["a", "b", None])), max_size=8)


def framed(given: list[tuple[int, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(given, schema={"id": pl.Int64, "name": pl.String}, orient="row")


@examples(60, 1_000)
@given(rows, rows)
def test_whole_rows_are_counted_as_a_bag(
    one: list[tuple[int, str | None]], other: list[tuple[int, str | None]]
) -> None:
    found = difference((0, framed(one).lazy()), (1, framed(other).lazy()), (), 100)
    left, right = list(one), list(other)
    for row in one:
        if row in right:
            right.remove(row)
            left.remove(row)
    assert (found.added, found.removed) == (len(right), len(left))


@examples(60, 1_000)
@given(rows, rows)
def test_by_key_every_row_is_one_of_four(
    one: list[tuple[int, str | None]], other: list[tuple[int, str | None]]
) -> None:
    was, now = dict(one), dict(other)
    found = difference((0, framed([*was.items()]).lazy()), (1, framed([*now.items()]).lazy()), ("id",), 100)
    assert found.rows_added["id"].to_list() == sorted(now.keys() - was.keys())
    assert found.rows_removed["id"].to_list() == sorted(was.keys() - now.keys())
    assert found.rows_changed["id"].to_list() == sorted(id for id in was.keys() & now.keys() if was[id] != now[id])
    assert (found.added, found.removed, found.changed) == tuple(
        frame.height for frame in (found.rows_added, found.rows_removed, found.rows_changed)
    )


def test_an_old_version_becomes_the_newest_and_nothing_is_lost(owner: Workbench) -> None:
    dataset = owner.datasets["orders"]
    assert dataset.restore(1).number == 1, "it is the newest: nothing is written"
    assert dataset.restore(0).number == 2
    assert dataset.to_polars().sort("id").equals(FIRST)
    assert dataset.at(1).to_polars().sort("id").equals(THEN)
    dataset.overwrite(THEN.drop("name"), evolve=True)
    dataset.restore(0)
    assert dataset.to_polars().sort("id").select(FIRST.columns).equals(FIRST)
    with pytest.raises(NotFound, match="no version 9"):
        dataset.restore(9)
    with pytest.raises(Forbidden):
        owner.acting_as(Principal("ana", Role.ANALYST)).datasets["orders"].restore(0)


def test_who_sees_less_restores_no_less(owner: Workbench) -> None:
    owner.security.set_policy(
        Policy(dataset="orders", role=Role.ENGINEER, row_filter="id = 1"), by=owner.actor.principal
    )
    owner.acting_as(Principal("ed", Role.ENGINEER)).datasets["orders"].restore(0)
    assert owner.datasets["orders"].info.rows == 3
