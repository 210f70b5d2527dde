from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal

import polars as pl
import pytest

from workbench.data.lake import Lake
from workbench.foundation.errors import Conflict, Invalid
from workbench.governance.runs import Actor

NEW_YEAR = dt.date(2013, 1, 1)
NOON = dt.datetime(2013, 1, 1, 12, tzinfo=dt.UTC)


def numbers(*values: int) -> pl.DataFrame:
    return pl.DataFrame({"k": list(values), "v": [f"v{value}" for value in values]})


def rows(lake: Lake, actor: Actor, name: str = "t") -> list[tuple[object, ...]]:
    return sorted(lake.read(name, actor).collect().rows())


def test_append_refuses_a_key_that_is_there_and_says_what_replaces_it(lake: Lake, admin: Actor) -> None:
    frame = pl.DataFrame({"day": [NEW_YEAR, None], "k": [1, 2], "v": ["a", "b"]})
    lake.create("t", frame, admin, key=["k", "v"], partition_by=["day"])
    lake.append("t", pl.DataFrame({"day": [NEW_YEAR], "k": [1], "v": ["b"]}), admin)
    lake.append("t", frame.clear(), admin)
    added = pl.DataFrame({"day": [NEW_YEAR, None], "k": [7, 1], "v": ["b", "b"]})
    with pytest.raises(
        Conflict, match=r"1 of 2 rows have a key \(k, v\) that 't' has already, e\.g\. k=1, v=b"
    ) as caught:
        lake.append("t", added, admin)
    assert "upsert" in str(caught.value.hint)
    with pytest.raises(Invalid, match=r"1 key \(k, v\) stand on more than one row, e\.g\. k=7, v=b"):
        lake.append("t", pl.concat([added.head(1), added.head(1)]), admin)
    assert lake.read("t", admin).collect().height == 3
    lake.upsert("t", added, admin)
    assert lake.read("t", admin).collect().height == 4


def test_of_two_who_append_one_key_at_once_one_is_refused(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin, key=["k"])
    done: list[int] = []
    refused: list[Exception] = []

    def add() -> None:
        try:
            done.append(lake.append("t", numbers(1), admin).number)
        except Conflict as error:
            refused.append(error)

    writers = [threading.Thread(target=add) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (len(done), len(refused)) == (1, 3)
    assert rows(lake, admin) == [(0, "v0"), (1, "v1")]


def test_upsert_replaces_by_key_and_adds_the_rest(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(1, 2, 3), admin, key=["k"])
    lake.append("t", numbers(4, 5), admin)
    lake.upsert("t", pl.DataFrame({"k": [2, 5, 9], "v": ["b", "e", "i"]}), admin)
    assert rows(lake, admin) == [(1, "v1"), (2, "b"), (3, "v3"), (4, "v4"), (5, "e"), (9, "i")]


def test_upsert_reaches_rows_written_before_and_after_a_column_was_added(lake: Lake, admin: Actor) -> None:
    lake.create("ev", pl.DataFrame({"id": [1, 2], "a": [1, 2]}), admin, key="id")
    lake.append("ev", pl.DataFrame({"id": [3], "a": [3], "b": [3]}), admin, evolve=True)
    lake.upsert("ev", pl.DataFrame({"id": [1, 3, 5], "a": [10, 30, 50], "b": [1, None, 5]}), admin)
    expected = [(1, 10, 1), (2, 2, None), (3, 30, None), (5, 50, 5)]
    assert sorted(lake.read("ev", admin).collect().rows()) == expected
    lake.upsert("ev", pl.DataFrame({"id": [6], "a": [6], "b": [5]}), admin, key="b")
    assert sorted(lake.read("ev", admin).collect().rows()) == [*expected[:3], (6, 6, 5)]


def test_upsert_moves_a_row_to_another_partition(lake: Lake, admin: Actor) -> None:
    frame = pl.DataFrame({"day": [NEW_YEAR, NEW_YEAR], "k": [1, 2]})
    lake.create("t", frame, admin, key=["k"], partition_by=["day"])
    later = dt.date(2013, 2, 1)
    lake.upsert("t", pl.DataFrame({"day": [later], "k": [1]}), admin)
    assert rows(lake, admin) == [(NEW_YEAR, 2), (later, 1)]


@pytest.mark.parametrize("key", [["time", "carrier", "n"], ["n"], ["carrier"], ["time"]], ids=lambda key: "+".join(key))
def test_upsert_leaves_files_alone_that_cannot_hold_the_keys(lake: Lake, admin: Actor, key: list[str]) -> None:
    def block(start: int) -> pl.DataFrame:
        counted = range(start, start + 100)
        return pl.DataFrame(
            {
                "time": [NOON + dt.timedelta(hours=n, microseconds=n) for n in counted],
                "carrier": [f"C{n:05}" for n in counted],
                "n": list(counted),
                "v": [0] * 100,
            }
        )

    lake.create("t", block(0), admin, key=key)
    for start in range(100, 1000, 100):
        lake.append("t", block(start), admin)
    before = {path.name for path in lake.root.glob("*/part-*")}
    lake.upsert("t", block(250).head(10).with_columns(v=1), admin)
    assert len({path.name for path in lake.root.glob("*/part-*")} - before) == 1
    found = lake.read("t", admin).collect()
    assert found.height == 1000
    assert sorted(found.filter(pl.col("v") == 1)["n"]) == list(range(250, 260))
    assert found.n_unique(key) == 1000


def test_a_null_or_doubled_key_is_refused_with_an_example(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(1), admin, key=["k"])
    with pytest.raises(Invalid, match="'k' is null in 1 row") as caught:
        lake.upsert("t", pl.DataFrame({"k": [None], "v": ["x"]}), admin)
    assert caught.value.hint
    with pytest.raises(Invalid, match=r"1 key \(k\) stand on more than one row, e\.g\. k=2"):
        lake.upsert("t", numbers(2, 2), admin)
    with pytest.raises(Invalid, match="more than one row"):
        lake.create("u", numbers(1, 1), admin, key=["k"])
    with pytest.raises(Invalid, match="did you mean 'k'"):
        lake.create("u", numbers(1), admin, key=["kk"])
    assert not lake.exists("u")
    lake.create("w", numbers(1), admin)
    with pytest.raises(Invalid, match="has no key"):
        lake.upsert("w", numbers(1), admin)
    assert lake.upsert("w", numbers(1), admin, key=["k"]).number == 1


def test_nan_is_no_key(lake: Lake, admin: Actor) -> None:
    odd = pl.DataFrame({"id": [1.0, float("nan")], "v": [1, 2]})
    with pytest.raises(Invalid, match="the key column 'id' is NaN in 1 row"):
        lake.create("t", odd, admin, key="id")
    lake.create("t", odd.head(1), admin, key="id")
    for write in (lake.upsert, lake.append, lake.overwrite):
        with pytest.raises(Invalid, match="the key column 'id' is NaN in 1 row"):
            write("t", odd, admin)
    assert lake.read("t", admin).collect().rows() == [(1.0, 1)]


def test_an_upsert_puts_values_of_every_type_in_place(lake: Lake, admin: Actor) -> None:
    before = pl.DataFrame(
        {
            "k": range(6),
            "whole": pl.Series([1, None] * 3, dtype=pl.Int16),
            "part": [1.5, None] * 3,
            "flag": [True, None] * 3,
            "text": ["a", None] * 3,
            "raw": [b"a", None] * 3,
            "day": [NEW_YEAR, None] * 3,
            "time": [NOON, None] * 3,
            "exact": pl.Series([Decimal("1.25"), None] * 3, dtype=pl.Decimal(10, 2)),
            "list": [[1], None] * 3,
            "fields": [{"a": 1}, None] * 3,
        }
    )
    lake.create("t", before, admin, key="k")
    swapped = before[[1, 0, 3]].with_columns(k=pl.Series([0, 3, 5], dtype=pl.Int64))
    lake.upsert("t", swapped, admin)
    after = lake.read("t", admin).collect()
    assert after["k"].to_list() == list(range(6))
    assert after.equals(pl.concat([before.filter(~pl.col("k").is_in([0, 3, 5])), swapped]).sort("k"))
    assert lake.read("t", admin, version=0).collect().equals(before)
