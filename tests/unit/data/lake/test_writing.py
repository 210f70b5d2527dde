from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from workbench.data.lake import Checkpoint, Lake
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Principal, Role, Security

NEW_YEAR = dt.date(2013, 1, 1)
NOON = dt.datetime(2013, 1, 1, 12, tzinfo=dt.UTC)


def numbers(*values: int, **more: object) -> pl.DataFrame:
    return pl.DataFrame({"k": list(values), "v": [f"v{value}" for value in values]} | more)


def rows(lake: Lake, actor: Actor, name: str = "t") -> list[tuple[object, ...]]:
    return sorted(lake.read(name, actor).collect().rows())


def test_a_dataset_gives_back_what_was_put_in_with_its_types(lake: Lake, admin: Actor) -> None:
    frame = pl.DataFrame(
        {
            "i": pl.Series([1, None], dtype=pl.Int16),
            "u": pl.Series([1, 2], dtype=pl.UInt32),
            "f": [0.5, None],
            "s": ["ä", None],
            "c": pl.Series(["x", "x"], dtype=pl.Categorical),
            "d": [NEW_YEAR, None],
            "t": pl.Series([NOON, None], dtype=pl.Datetime("ns", "America/New_York")),
            "b": [True, None],
            "m": pl.Series(["1.25", None]).cast(pl.Decimal(10, 2)),
            "l": [[1, 2], None],
            "z": [{"a": 1, "b": "x"}, None],
            "raw": [b"x", None],
            "a name, with; signs": [1, 2],
        }
    )
    lake.create("t", frame, admin)
    found = lake.read("t", admin).collect()
    assert found.schema == {
        **frame.schema,
        "u": pl.Int64,
        "c": pl.String,
        "t": pl.Datetime("us", "UTC"),
    }
    assert found["t"].to_list() == [NOON, None]
    assert found.drop("t", "c", "u").equals(frame.drop("t", "c", "u"))


def test_every_kind_of_frame_is_taken(lake: Lake, admin: Actor) -> None:
    polars = numbers(1, 2)
    lake.create("lazy", polars.lazy(), admin)
    lake.create("pandas", pd.DataFrame({"k": [1, 2], "v": ["v1", "v2"]}), admin)
    lake.create("arrow", polars.to_arrow(), admin)
    batches = polars.to_arrow().to_batches(1)
    lake.create("stream", pa.RecordBatchReader.from_batches(batches[0].schema, iter(batches)), admin)
    for name in ("lazy", "pandas", "arrow", "stream"):
        assert lake.read(name, admin).collect().equals(polars), name


def test_a_schema_alone_makes_an_empty_dataset(lake: Lake, admin: Actor) -> None:
    lake.create("t", {"k": pl.Int64, "day": pl.Date}, admin, partition_by=["day"])
    lake.create("u", pa.schema({"k": pa.int64()}), admin)
    assert lake.read("t", admin).collect().schema == {"k": pl.Int64, "day": pl.Date}
    assert lake.read("u", admin).collect().height == 0
    assert lake.append("t", pl.DataFrame({"k": [1], "day": [NEW_YEAR]}), admin).number == 1


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"t": [dt.datetime(2013, 1, 1)]}, "without a time zone"),  # noqa: DTZ001
        ({"n": [None]}, "no value and no type"),
        ({"t": [dt.time(5)]}, "'t' is Time"),
        ({"d": [dt.timedelta(1)]}, "'d' is Duration"),
        ({"a": [1], "A": [2]}, "upper and lower case"),
        ({"": [1]}, "no name"),
        ({}, "no columns"),
        ({"u": pl.Series([2**64 - 1], dtype=pl.UInt64)}, "does not fit"),
    ],
)
def test_columns_that_cannot_be_kept_are_refused_with_what_to_do(
    lake: Lake, admin: Actor, frame: dict[str, object], says: str
) -> None:
    with pytest.raises(Invalid, match=says) as caught:
        lake.create("t", pl.DataFrame(frame), admin)
    assert "\n" not in str(caught.value)
    assert not lake.exists("t")
    assert not [path for path in lake.root.glob("*") if path.is_dir()]


def test_append_needs_the_same_columns_and_names_those_that_differ(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(1), admin)
    with pytest.raises(Invalid, match=r"'vv' is not in the dataset \(did you mean 'v'\?\)"):
        lake.append("t", numbers(2).rename({"v": "vv"}), admin)
    with pytest.raises(Invalid, match="'v' is missing from the frame") as caught:
        lake.append("t", numbers(2).drop("v"), admin)
    assert "evolve" in str(caught.value.hint)
    with pytest.raises(Invalid, match="column 'v' is Int64 where the dataset has String"):
        lake.append("t", pl.DataFrame({"k": [1], "v": [1]}), admin)
    assert lake.version("t") == 0


def test_columns_come_in_any_order_and_numbers_fit_where_nothing_is_lost(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(1), admin)
    lake.append("t", pl.DataFrame({"v": ["b"], "k": [2.0]}), admin)
    lake.append("t", pl.DataFrame({"v": [None], "k": pl.Series([3], dtype=pl.Int8)}), admin)
    with pytest.raises(Invalid, match="fractions"):
        lake.append("t", pl.DataFrame({"k": [2.5], "v": ["x"]}), admin)
    assert lake.read("t", admin).collect().rows() == [(1, "v1"), (2, "b"), (3, None)]


def test_evolve_adds_columns_and_leaves_missing_ones_null(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(1), admin, key=["k"])
    lake.append("t", numbers(2, x=[0.5]).drop("v"), admin, evolve=True)
    assert lake.read("t", admin).collect().rows() == [(1, "v1", None), (2, None, 0.5)]
    lake.upsert("t", numbers(1, y=[NOON]), admin, evolve=True)
    assert rows(lake, admin) == [(1, "v1", None, NOON), (2, None, 0.5, None)]
    assert lake.read("t", admin, version=0).collect().rows() == [(1, "v1")]
    assert lake.read("t", admin).filter(pl.col("x") > 0).select("k", "y").collect().rows() == [(2, None)]
    lake.optimize("t", admin)
    assert rows(lake, admin) == [(1, "v1", None, NOON), (2, None, 0.5, None)]


def test_overwriting_a_whole_dataset_with_evolve_replaces_its_columns(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(1), admin, key=["k"])
    with pytest.raises(Invalid, match="columns differ"):
        lake.overwrite("t", pl.DataFrame({"k": [1], "w": [1]}), admin)
    lake.overwrite("t", pl.DataFrame({"w": [1], "k": ["a"]}), admin, evolve=True)
    assert lake.read("t", admin).collect().to_dicts() == [{"w": 1, "k": "a"}]
    with pytest.raises(Invalid, match="'k' is part of the dataset's key"):
        lake.overwrite("t", pl.DataFrame({"w": [1]}), admin, evolve=True)
    assert lake.read("t", admin, version=0).collect().rows() == [(1, "v1")]


@pytest.mark.parametrize("value", [NEW_YEAR, "a b/ü=%", 7, True])
def test_one_partition_is_overwritten_and_the_others_stay(lake: Lake, admin: Actor, value: object) -> None:
    other: object = {dt.date: dt.date(2013, 1, 2), str: "other", int: 8, bool: False}[type(value)]
    lake.create("t", pl.DataFrame({"p": [value, other, None], "k": [1, 2, 3]}), admin, partition_by=["p"])
    lake.overwrite("t", pl.DataFrame({"k": [4, 5]}), admin, partition={"p": value})
    assert sorted(lake.read("t", admin).select("k").collect()["k"]) == [2, 3, 4, 5]
    lake.overwrite("t", pl.DataFrame({"k": [6]}), admin, partition={"p": None})
    lake.overwrite("t", pl.DataFrame(schema={"k": pl.Int64}), admin, partition={"p": other})
    assert sorted(lake.read("t", admin).select("k").collect()["k"]) == [4, 5, 6]
    assert lake.read("t", admin).filter(pl.col("p") == value).collect().height == 2


def test_a_row_outside_of_the_partition_is_refused(lake: Lake, admin: Actor) -> None:
    frame = pl.DataFrame({"day": [NEW_YEAR], "k": [1]})
    lake.create("t", frame, admin, partition_by=["day"])
    with pytest.raises(Invalid, match="1 of 1 rows are not in the partition"):
        lake.overwrite("t", frame, admin, partition={"day": dt.date(2013, 1, 2)})
    with pytest.raises(Invalid, match="did you mean 'day'"):
        lake.overwrite("t", frame, admin, partition={"dya": NEW_YEAR})
    with pytest.raises(Invalid, match="not of its columns' types"):
        lake.overwrite("t", frame, admin, partition={"day": "soon"})
    lake.create("u", frame, admin)
    with pytest.raises(Invalid, match="has no partitions"):
        lake.overwrite("u", frame, admin, partition={"day": NEW_YEAR})
    with pytest.raises(Invalid, match="cannot be partitioned by 'x'"):
        lake.create("v", pl.DataFrame({"x": [0.5]}), admin, partition_by=["x"])


def test_a_checkpoint_is_committed_with_its_rows_and_makes_a_repeat_harmless(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin)
    mark = 2**63 - 1
    assert lake.checkpoint("t", "flights", "2013-01-01") is None
    first = lake.append("t", numbers(1), admin, checkpoint=Checkpoint("flights", "2013-01-01", mark))
    assert lake.checkpoint("t", "flights", "2013-01-01") == mark
    assert lake.checkpoint("t", "flights", "2013-01-02") is None
    again = lake.append("t", numbers(1), admin, checkpoint=Checkpoint("flights", "2013-01-01", mark))
    assert again.number == first.number
    lake.append("t", numbers(2), admin, checkpoint=Checkpoint("flights", "2013-01-01", 5))
    assert lake.checkpoint("t", "flights", "2013-01-01") == 5
    assert rows(lake, admin) == [(0, "v0"), (1, "v1"), (2, "v2")]


def test_optimize_makes_one_file_of_many_and_changes_no_row(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(0), admin)
    for value in range(1, 10):
        lake.append("t", numbers(value), admin)
    before = lake.read("t", admin).collect()
    version = lake.optimize("t", admin)
    assert lake.info("t", admin).files == 1
    assert lake.read("t", admin).collect().equals(before)
    assert lake.optimize("t", admin) == version


def test_writers_at_the_same_time_lose_nothing(lake: Lake, admin: Actor, security: Security) -> None:
    lake.create("t", numbers(0), admin, key=["k"])
    failed: list[BaseException] = []

    def write(start: int) -> None:
        try:
            for value in range(start, start + 8):
                lake.append("t", numbers(value), admin)
                lake.upsert("t", numbers(value).with_columns(v=pl.lit("new")), admin)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=write, args=(start,)) for start in (100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    found = lake.read("t", admin).collect()
    assert sorted(found["k"]) == [0, *range(100, 108), *range(200, 208), *range(300, 308)]
    assert lake.version("t") == 48
    assert [entry.detail["version"] for entry in security.audit(thing="dataset t")] == list(range(48, -1, -1))


def test_writers_in_several_processes_lose_nothing(
    tmp_path: Path, catalog: Catalog, runs: Runs, security: Security, admin: Actor
) -> None:
    """Each lake has its own view of the log, as each process has, and no lock in common."""
    lakes = [Lake(tmp_path / "lake", catalog, runs, security) for _ in range(3)]
    lakes[0].create("t", numbers(0), admin, key=["k"])
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for value in range(8):
                done = Checkpoint("s", str(value), number + 1)
                lakes[number].append("t", numbers(100 * number + value + 1), admin, checkpoint=done)
                lakes[number].upsert("t", numbers(0).with_columns(v=pl.lit(f"{number}/{value}")), admin)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    for lake in lakes:
        found = lake.read("t", admin).collect()
        assert sorted(found["k"]) == [0, *(100 * number + value for number in range(3) for value in range(1, 9))]
        assert found.filter(pl.col("k") == 0)["v"].item().endswith("/7")
    assert sorted(entry.detail["version"] for entry in security.audit(thing="dataset t")) == list(range(49))
    named = {path.name for path in lakes[0].root.glob("*/part-*")}
    logged = "".join(path.read_text() for path in lakes[0].root.glob("*/_delta_log/*.json"))
    assert all(name in logged for name in named)  # whoever lost a race removed the files of that attempt


def test_a_dataset_deleted_meanwhile_takes_no_more_rows(
    lake: Lake, tmp_path: Path, catalog: Catalog, runs: Runs, security: Security, admin: Actor
) -> None:
    other = Lake(tmp_path / "lake", catalog, runs, security)
    lake.create("t", numbers(0), admin)
    other.read("t", admin)
    lake.delete("t", admin)
    with pytest.raises(NotFound, match="was deleted on"):
        other.append("t", numbers(1), admin)
    lake.create("t", numbers(5), admin)
    assert rows(other, admin) == [(5, "v5")]


def test_a_failed_write_leaves_no_file_behind(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(1), admin)
    before = sorted(path for path in lake.root.rglob("*"))
    with pytest.raises(Invalid):
        lake.append("t", numbers(1).with_columns(v=1), admin)
    assert sorted(path for path in lake.root.rglob("*")) == before


def test_who_may_change_a_dataset(lake: Lake, admin: Actor) -> None:
    viewer, analyst, engineer = (Actor(Principal(role.value, role)) for role in list(Role)[:3])
    other = Actor(Principal("another", Role.ANALYST))
    with pytest.raises(Forbidden, match="may not create the dataset"):
        lake.create("t", numbers(1), viewer)
    lake.create("t", numbers(1), analyst)
    lake.append("t", numbers(2), analyst)
    lake.append("t", numbers(3), engineer)
    for actor in (viewer, other):
        for attempt in (
            lambda actor=actor: lake.append("t", numbers(1), actor),
            lambda actor=actor: lake.overwrite("t", numbers(1), actor),
            lambda actor=actor: lake.upsert("t", numbers(1), actor, key=["k"]),
            lambda actor=actor: lake.rename("t", "u", actor),
            lambda actor=actor: lake.delete("t", actor),
            lambda actor=actor: lake.optimize("t", actor),
            lambda actor=actor: lake.clean("t", actor),
        ):
            with pytest.raises(Forbidden, match="takes the role engineer"):
                attempt()
    assert lake.read("t", viewer).collect().height == 3
    lake.delete("t", analyst)


def test_the_hint_for_a_column_that_cannot_be_kept_helps(lake: Lake, admin: Actor) -> None:
    wide = pl.DataFrame({"n": pl.Series([2**100], dtype=pl.Int128)})
    with pytest.raises(Invalid, match="column 'n' is Int128") as refused:
        lake.create("wide", wide, admin)
    hint = str(refused.value.hint).removeprefix("cast it: ")
    lake.create("wide", wide.with_columns(eval(hint, {"pl": pl})), admin)
    assert lake.read("wide", admin).collect()["n"].to_list() == [2**100]
