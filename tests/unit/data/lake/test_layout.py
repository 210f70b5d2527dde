"""Datasets of events: how their runs lie, how they are folded, and how they are cut for computing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from workbench.compute import SUBJECT_HASH, Parts, hash_of
from workbench.data.lake import EventLayout, Lake
from workbench.data.lake.layout import folding
from workbench.foundation.errors import Invalid
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Security

LAYOUT = EventLayout(subject="who", time="at", event="what", id="id", buckets=4)
JANUARY = datetime(2025, 1, 1, tzinfo=UTC)
SCHEMA: dict[str, pl.DataType] = {
    "id": pl.Int64(),
    "who": pl.String(),
    "what": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "country": pl.String(),
}


def batch(number: int, *, rows: int = 60, day: int | None = None) -> pl.DataFrame:
    """A day's events of 20 subjects, out of order; one without a subject, one without a time."""
    begin = JANUARY + timedelta(days=number if day is None else day)
    at = [begin + timedelta(minutes=(n * 37) % 1440) for n in range(rows)]
    made = [(number * 10_000 + n, f"s{n * 7 % 20}", "view" if n % 3 else "buy", at[n], "de") for n in range(rows)]
    odd: list[Any] = [
        (number * 10_000 + 9_998, None, "view", begin, "fr"),
        (number * 10_000 + 9_999, "s1", "view", None, "fr"),
    ]
    return pl.DataFrame(made + odd, schema=SCHEMA, orient="row")


@pytest.fixture
def events(lake: Lake, admin: Actor) -> Lake:
    lake.create("events", SCHEMA, admin, layout=LAYOUT)
    return lake


def rows_of(lake: Lake, admin: Actor) -> pl.DataFrame:
    return lake.read("events", admin).collect().sort("id")


def together(parts: Parts) -> pl.DataFrame:
    return pl.concat([part.lazy().collect() for part in parts.parts])


def appended(lake: Lake, admin: Actor, numbers: Sequence[int]) -> pl.DataFrame:
    frames = [batch(number) for number in numbers]
    for frame in frames:
        lake.append("events", frame, admin)
    return pl.concat(frames).sort("id")


def test_the_hash_is_on_disk_and_nobody_sees_it(events: Lake, admin: Actor) -> None:
    given = appended(events, admin, [0])
    assert_frame_equal(rows_of(events, admin), given)
    assert SUBJECT_HASH not in events.read("events", admin).collect_schema()
    assert SUBJECT_HASH not in events.arrow_dataset("events", admin).schema.names
    assert [column.name for column in events.info("events", admin).columns] == list(SCHEMA)
    parts, _ = events.parts("events", admin, subject="who")
    found = together(parts)
    assert found[SUBJECT_HASH].equals(hash_of(found["who"]))


def test_each_file_is_sorted_and_of_one_period(events: Lake, admin: Actor) -> None:
    appended(events, admin, [0, 31, 40])
    parts, _ = events.parts("events", admin, subject="who")
    assert parts.parts[0].sorted
    for path in parts.parts[0].files:
        rows = replace(parts.parts[0], files=(path,)).lazy().collect()
        assert rows.equals(rows.sort(SUBJECT_HASH, "at", "id"))
        assert rows["at"].dt.truncate("1mo").n_unique() == 1
    report = events.layout("events", admin)
    assert [(period.period, period.runs) for period in report.periods] == [
        ("2025-01-01", 1),
        ("2025-02-01", 2),
        ("no time", 3),
    ]
    assert "20" not in str(report.skew)


def test_runs_are_folded_once_eight_lie_over_each_other_and_late_rows_among_themselves(
    events: Lake, admin: Actor
) -> None:
    given = appended(events, admin, range(7))
    assert events.fold("events", admin) == 0
    given = pl.concat([given, appended(events, admin, [7])]).sort("id")
    assert events.fold("events", admin) == 2  # the days, and the rows without a time
    assert {period.runs for period in events.layout("events", admin).periods} == {1}
    assert_frame_equal(rows_of(events, admin), given)
    large = batch(9, rows=200_000).with_columns(id=pl.int_range(200_002) + 1_000_000)
    late = [batch(20 + n, rows=1, day=3).head(1) for n in range(7)]
    for frame in (large, *late):
        events.append("events", frame, admin)
    assert events.fold("events", admin) == 1
    january = events.layout("events", admin).periods[0]
    assert january.runs == 2  # the large run was not written again for seven rows
    assert_frame_equal(rows_of(events, admin), pl.concat([given, large, *late]).sort("id"))
    events.optimize("events", admin)
    assert {period.runs for period in events.layout("events", admin).periods} == {1}
    assert_frame_equal(rows_of(events, admin), pl.concat([given, large, *late]).sort("id"))


def test_what_is_left_of_a_month_is_folded_once_it_is_over(events: Lake, admin: Actor) -> None:
    def runs() -> list[int]:
        events.fold("events", admin)
        return [period.runs for period in events.layout("events", admin).periods if period.period != "no time"]

    large, next_month = (
        batch(day, rows=rows).drop_nulls("at").with_columns(id=pl.int_range(rows + 1) + day * 1_000_000)
        for day, rows in ((25, 200_000), (31, 30_000))
    )
    events.append("events", large, admin)
    given = [large, appended(events, admin, range(26, 31))]
    assert runs() == [6]
    astray = batch(400, rows=1).drop_nulls("at")  # of a clock that is wrong, and ends no month
    events.append("events", astray, admin)
    assert runs() == [6, 1]
    events.append("events", next_month, admin)
    assert runs() == [2, 1, 1]
    late = [batch(60 + n, rows=1, day=5).head(1) for n in range(3)]
    for frame in late:
        events.append("events", frame, admin)
    assert runs() == [2, 1, 1]  # the large run is not written again for what is small beside it
    assert_frame_equal(rows_of(events, admin), pl.concat([*given, astray, next_month, *late]).sort("id"))


def test_a_month_of_days_is_written_less_than_four_times(events: Lake, admin: Actor) -> None:
    """Counted by the files' sizes, folding after every day."""
    sizes: list[int] = []
    seen: set[str] = set()
    first = 0
    for number in range(31):
        events.append("events", batch(number, rows=3_000).filter(pl.col("at").is_not_null()), admin)
        events.fold("events", admin)
        folder = next(path for path in events.root.iterdir() if path.is_dir())
        new = [path for path in folder.glob("part-*.parquet") if path.name not in seen]
        seen |= {path.name for path in new}
        sizes += [path.stat().st_size for path in new]
        first = first or sizes[0]
    assert sum(sizes) < 4 * 31 * first


def test_parts_are_the_rows_each_once_and_a_subject_in_one(
    events: Lake, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = appended(events, admin, range(12))
    events.fold("events", admin)
    monkeypatch.setattr("workbench.data.lake.parting.ONE_PART", 10)
    monkeypatch.setattr("workbench.data.lake.bucketing.SMALLEST", 1)
    parts, version = events.parts("events", admin, subject="who")
    assert (len(parts), parts.by_subject, version) == (4, True, events.version("events"))
    frames = [part.lazy().collect() for part in parts.parts]
    owners = [set(frame["who"].unique()) for frame in frames]
    assert sum(map(len, owners)) == len(set().union(*owners)) == 20
    known = given.filter(pl.col("who").is_not_null())
    assert_frame_equal(pl.concat(frames).drop(SUBJECT_HASH).sort("id"), known)
    assert sum(part.rows for part in parts.parts) == pytest.approx(known.height, rel=0.3), "by spans of hashes"
    by_file, _ = events.parts("events", admin)
    assert_frame_equal(together(by_file).sort("id"), given)


def test_runs_that_follow_each_other_are_known_to(events: Lake, admin: Actor) -> None:
    for number in (0, 1, 2):
        events.append("events", batch(number).filter(pl.col("at").is_not_null()), admin)
    assert all(part.chronological for part in events.parts("events", admin, subject="who")[0].parts)
    events.append("events", batch(3, rows=5, day=1), admin)
    assert not any(part.chronological for part in events.parts("events", admin, subject="who")[0].parts)


def test_files_outside_the_window_are_not_read(events: Lake, admin: Actor) -> None:
    appended(events, admin, [0, 40, 80])
    window = ("at", datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC))
    parts, _ = events.parts("events", admin, subject="who", window=window)
    assert parts.files == 1 + 3  # February's, and those of rows without a time, which have no bounds
    assert parts.total_files == 6
    inside = together(parts).filter(pl.col("at").is_between(*window[1:], closed="left"))
    assert inside.height == 60 + 1


def test_a_policy_on_the_subject_decides_what_a_subject_is(events: Lake, admin: Actor, security: Security) -> None:
    appended(events, admin, [0])
    masked = Policy(dataset="events", role=Role.VIEWER, columns={"who": "'***'"}, row_filter="country = 'de'")
    security.set_policy(masked, by=admin.principal)
    viewer = Actor(Principal("vera", Role.VIEWER))
    parts, _ = events.parts("events", viewer, subject="who")
    found = together(parts)
    assert set(found["who"]) == {"***"}
    assert found[SUBJECT_HASH].n_unique() == 1
    assert found.height == 60
    assert not parts.parts[0].sorted


@pytest.mark.parametrize(("column", "shown"), [("at", "NULL"), ("id", "-id"), ("country", "NULL")])
def test_a_policy_on_what_runs_are_sorted_by_leaves_them_unsorted(
    events: Lake, admin: Actor, security: Security, column: str, shown: str
) -> None:
    appended(events, admin, [0, 1])
    security.set_policy(Policy(dataset="events", role=Role.VIEWER, columns={column: shown}), by=admin.principal)
    parts, _ = events.parts("events", Actor(Principal("vera", Role.VIEWER)), subject="who")
    assert [part.sorted for part in parts.parts] == [column == "country"]


class Later:
    """Rows that no version holds yet, and two subjects that are one."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def rows(self, dataset_id: str, version: int) -> Sequence[pl.DataFrame]:
        return [self.frame] if version < 2 else []

    def moved(self, dataset_id: str, version: int) -> pl.DataFrame:
        return pl.DataFrame({"subject": ["s1", "s2"], "person": ["s2", "s2"]})


def test_live_parts_have_the_tail_once_and_joined_subjects_as_one(
    events: Lake, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.data.lake.parting.ONE_PART", 10)
    monkeypatch.setattr("workbench.data.lake.bucketing.SMALLEST", 1)
    given = appended(events, admin, [0])
    tail = batch(1)
    events.use(tail=Later(tail), identities=Later(tail))
    sealed, _ = events.parts("events", admin, subject="who")
    assert together(sealed).height == given.filter(pl.col("who").is_not_null()).height
    live, _ = events.parts("events", admin, subject="who", live=True)
    everything = pl.concat([given, tail]).filter(pl.col("who").is_not_null())
    joined = everything.with_columns(pl.col("who").replace({"s1": "s2"})).sort("id")
    assert len(live) == 5
    frames = [part.lazy().collect() for part in live.parts]
    assert_frame_equal(pl.concat(frames).drop(SUBJECT_HASH).sort("id"), joined)
    owners = [set(frame["who"].unique()) for frame in frames]
    assert sum(map(len, owners)) == 19
    assert owners[-1] == {"s2"}
    assert pl.concat(frames)[SUBJECT_HASH].equals(hash_of(pl.concat(frames)["who"]))
    events.append("events", tail, admin)  # it was taken in: its own rows are not counted again
    assert together(events.parts("events", admin, subject="who", live=True)[0]).height == joined.height


def test_an_unlaid_dataset_is_cut_by_a_hash_that_is_computed(
    lake: Lake, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.create("plain", batch(0), admin)
    monkeypatch.setattr("workbench.data.lake.parting.LARGEST_PART", 20)
    parts, _ = lake.parts("plain", admin, subject="who")
    assert (len(parts), parts.by_subject) == (4, True)
    frames = [part.lazy().collect() for part in parts.parts]
    assert sum(frame["who"].n_unique() for frame in frames) == 20
    assert sum(frame.height for frame in frames) == 61


def test_appending_goes_on_while_runs_are_folded(events: Lake, admin: Actor) -> None:
    given = [appended(events, admin, range(8))]
    failed: list[BaseException] = []

    def append() -> None:
        try:
            given.append(appended(events, admin, range(8, 14)))
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    writer = threading.Thread(target=append)
    writer.start()
    folds = 0
    while writer.is_alive():
        folds += events.fold("events", admin)
    writer.join()
    folds += events.fold("events", admin)
    assert not failed
    assert folds >= 2
    assert_frame_equal(rows_of(events, admin), pl.concat(given).sort("id"))


def test_a_reader_is_not_disturbed_by_a_fold(events: Lake, admin: Actor) -> None:
    given = appended(events, admin, range(8))
    before = events.read("events", admin)
    parts, _ = events.parts("events", admin, subject="who")
    events.fold("events", admin)
    events.clean("events", admin)
    assert_frame_equal(before.collect().sort("id"), given)
    assert together(parts).height == given.height


def test_columns_that_come_later_are_null_before(events: Lake, admin: Actor) -> None:
    appended(events, admin, [0])
    events.append("events", batch(1).with_columns(amount=pl.lit(5)), admin, evolve=True)
    assert rows_of(events, admin)["amount"].null_count() == 62
    parts, _ = events.parts("events", admin, subject="who")
    assert together(parts)["amount"].null_count() == 62
    events.optimize("events", admin)
    assert rows_of(events, admin)["amount"].null_count() == 62


def test_other_writes_keep_the_layout(events: Lake, admin: Actor) -> None:
    given = appended(events, admin, [0, 1])
    events.upsert("events", given.head(3).with_columns(country=pl.lit("at")), admin, key="id")
    assert rows_of(events, admin)["country"].value_counts(sort=True).rows()[-1] in {("at", 3), ("fr", 4)}
    events.overwrite("events", batch(5), admin)
    assert_frame_equal(rows_of(events, admin), batch(5).sort("id"))
    parts, _ = events.parts("events", admin, subject="who")
    assert parts.parts[0].uniform
    assert together(parts)[SUBJECT_HASH].null_count() == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"buckets": 12}, "power of two"),
        ({"buckets": 0}, "power of two"),
        ({"period": "year"}, "period"),
        ({"subject": "whom"}, "did you mean 'who'"),
        ({"time": "id"}, "the time of an event has to be a time with a zone, and 'id' is Int64"),
        ({"event": "id"}, "has to be a text"),
        ({"subject": "at"}, "a text or a whole number"),
    ],
)
def test_a_layout_that_cannot_be_is_refused(lake: Lake, admin: Actor, change: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        lake.create("events", SCHEMA, admin, layout=EventLayout(**{**LAYOUT.to_dict(), **change}))
    assert not lake.exists("events")


def test_it_has_no_other_partitions_and_no_column_of_the_hashs_name(lake: Lake, admin: Actor) -> None:
    with pytest.raises(Invalid, match="cannot be partitioned by 'country'"):
        lake.create("events", SCHEMA, admin, layout=LAYOUT, partition_by="country")
    with pytest.raises(Invalid, match="the layout's own"):
        lake.create("events", {**SCHEMA, SUBJECT_HASH: pl.Int64()}, admin, layout=LAYOUT)


@pytest.mark.parametrize(
    ("sizes", "folds"),
    [([1] * 7, 0), ([1] * 8, 8), ([100, *[1] * 7], 7), ([20, *[1] * 7], 8), ([100, 9, *[1] * 6], 7)],
)
def test_what_is_worth_folding(sizes: list[int], folds: int) -> None:
    """Runs that lie over each other, by their sizes: how many of them become one."""
    files = pl.DataFrame(
        {
            "path": [f"f{n}" for n in range(len(sizes))],
            "num_records": sizes,
            "size_bytes": sizes,
            f"min.{SUBJECT_HASH}": [0] * len(sizes),
            f"max.{SUBJECT_HASH}": [9] * len(sizes),
            "min.at": [JANUARY] * len(sizes),
        }
    )
    assert sum(len(fold.files) for fold in folding.due(files, LAYOUT)) == folds
