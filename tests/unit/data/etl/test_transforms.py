"""Transforms: frame in, frame out, of the kind that was given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.compute import frames
from workbench.data.etl import band, cast, deduplicate, derive, drop_nulls, fill_nulls, join, rename
from workbench.foundation.errors import Invalid, NotFound

FLIGHTS = pl.DataFrame(
    {"carrier": ["UA", "AA", None, "XX"], "flight": [1, 2, 3, 4], "delay": [2.0, None, float("nan"), 30.0]}
)
AIRLINES = pl.DataFrame({"code": ["AA", "UA", None, None], "name": ["American", "United", "?", "?"]})

KINDS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "lazy": pl.DataFrame.lazy,
    "pandas": frames.to_pandas,
    "arrow": frames.to_arrow,
}
TYPES = {"polars": pl.DataFrame, "lazy": pl.LazyFrame, "pandas": pd.DataFrame, "arrow": pa.Table}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "transform",
    [
        lambda frame: join(frame, AIRLINES, {"carrier": "code"}),
        lambda frame: derive(frame, twice="flight * 2"),
        lambda frame: rename(frame, flight="number"),
        lambda frame: band(frame, "flight", into="half", edges=[2], labels=["low", "high"]),
        lambda frame: cast(frame, flight="text"),
        lambda frame: deduplicate(frame, "carrier"),
        lambda frame: fill_nulls(frame, carrier="?"),
        lambda frame: drop_nulls(frame, "carrier"),
    ],
    ids=["join", "derive", "rename", "band", "cast", "deduplicate", "fill_nulls", "drop_nulls"],
)
def test_a_transform_gives_back_the_kind_it_was_given(kind: str, transform: Callable[[Any], Any]) -> None:
    made = transform(KINDS[kind](FLIGHTS))
    assert type(made) is TYPES[kind]
    expected = transform(FLIGHTS)
    if kind != "pandas":
        assert frames.to_polars(made).equals(expected)
    assert frames.to_polars(made).columns == expected.columns
    assert frames.to_polars(made).height == expected.height


def test_a_join_keeps_every_row_in_its_place() -> None:
    joined = join(FLIGHTS, AIRLINES, {"carrier": "code"}, columns={"name": "airline"})
    assert joined.columns == ["carrier", "flight", "delay", "airline"]
    assert joined["airline"].to_list() == ["United", "American", None, None]
    assert joined["flight"].to_list() == [1, 2, 3, 4]


def test_a_join_by_two_columns_takes_what_it_is_told() -> None:
    weather = pl.DataFrame({"flight": [1, 2], "carrier": ["UA", "UA"], "temp": [50, 60], "wind": [1, 2]})
    assert join(FLIGHTS, weather.to_pandas(), ["carrier", "flight"], columns="temp")["temp"].to_list() == [
        50, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("right", "on", "columns", "error", "says"),
    [
        (pl.concat([AIRLINES, AIRLINES]), {"carrier": "code"}, None, Invalid, "2 keys more than once .e.g. code='AA'"),
        (AIRLINES, {"carier": "code"}, None, NotFound, "no column on the left 'carier'; did you mean 'carrier'"),
        (AIRLINES, {"carrier": "cod"}, None, NotFound, "did you mean 'code'"),
        (AIRLINES, {"carrier": "code"}, ["nam"], NotFound, "did you mean 'name'"),
        (AIRLINES, {"carrier": "code"}, {"name": "flight"}, Invalid, "both sides have a column 'flight'"),
        (AIRLINES, {"flight": "code"}, None, Invalid, "'flight' is Int64 on the left and String on the right"),
        (AIRLINES, [], None, Invalid, "needs a key"),
    ],
)
def test_a_join_that_would_double_rows_or_does_not_fit_is_refused(
    right: pl.DataFrame, on: Any, columns: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        join(FLIGHTS, right, on, columns=columns)


def test_derived_columns_may_use_those_before_them() -> None:
    made = derive(FLIGHTS, number="carrier || flight", long="number || '!'", flight="flight + 1")
    assert made["long"].to_list() == ["UA1!", "AA2!", None, "XX4!"]
    assert made["flight"].to_list() == [2, 3, 4, 5]
    with pytest.raises(Invalid, match="no column 'fligth'; did you mean 'flight'"):
        derive(FLIGHTS, x="fligth + 1")
    with pytest.raises(Invalid, match="looks across rows"):
        derive(FLIGHTS, x="sum(flight)")


def test_renaming_refuses_what_is_not_there_or_would_be_double() -> None:
    assert rename(FLIGHTS, carrier="flight", flight="carrier").columns == ["flight", "carrier", "delay"]
    with pytest.raises(NotFound, match="did you mean 'carrier'"):
        rename(FLIGHTS, carier="x")
    with pytest.raises(Invalid, match="two columns would be named 'flight'"):
        rename(FLIGHTS, carrier="flight")


@settings(deadline=None)
@given(
    values=st.lists(st.none() | st.floats(allow_nan=True), max_size=30),
    edges=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4, unique=True),
)
def test_a_band_ends_with_its_edge(values: list[float | None], edges: list[float]) -> None:
    edges = sorted(edge + 0.0 for edge in set(edges))
    labels = [str(n) for n in range(len(edges) + 1)]
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float64()})
    made = band(frame, "x", into="band", edges=edges, labels=labels)["band"].to_list()
    expected = [
        None if value is None or value != value else labels[sum(value > edge for edge in edges)] for value in values
    ]
    assert made == expected


@pytest.mark.parametrize(
    ("column", "edges", "labels", "says"),
    [
        ("flight", [1, 2], ["a", "b"], "2 edges make 3 bands, and there are 2 labels"),
        ("flight", [2, 1], ["a", "b", "c"], "have to ascend"),
        ("flight", [1, 1], ["a", "b", "c"], "have to ascend"),
        ("carrier", [1], ["a", "b"], "'carrier' is String"),
    ],
)
def test_bands_that_make_no_sense_are_refused(column: str, edges: list[float], labels: list[str], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        band(FLIGHTS, column, into="band", edges=edges, labels=labels)


UTC_TEN = datetime(2013, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "wanted", "expected"),
    [
        (["1", " 2 ", None], "integer", [1, 2, None]),
        ([1.0, None], "integer", [1, None]),
        (["1.5", "-2e3"], "number", [1.5, -2000.0]),
        ([1, 2], "text", ["1", "2"]),
        (["Yes", "f", "1"], "boolean", [True, False, True]),
        ([1, 0], "boolean", [True, False]),
        (["2013-01-31"], "date", [date(2013, 1, 31)]),
        (
            ["2013-01-01T10:00:00Z", "2013-01-01 10:00:00.000001+00:00", "2013-01-01T12:00:00+02:00"],
            "datetime",
            [UTC_TEN, UTC_TEN.replace(microsecond=1), UTC_TEN],
        ),
        ([datetime(2013, 1, 1, 10, tzinfo=UTC)], "datetime", [UTC_TEN]),
        ([datetime(2013, 1, 1, 10, tzinfo=UTC)], "date", [date(2013, 1, 1)]),
        ([datetime(2013, 1, 1, 10, tzinfo=UTC)], "text", ["2013-01-01T10:00:00.000000+00:00"]),
    ],
)
def test_values_are_read_as_the_type(values: list[Any], wanted: str, expected: list[Any]) -> None:
    made = cast(pl.DataFrame({"x": values}), x=wanted)
    assert made["x"].to_list() == expected
    if wanted == "datetime":
        assert made.schema["x"] == pl.Datetime("us", "UTC")


@pytest.mark.parametrize(
    ("values", "wanted", "says"),
    [
        (["1", "x", "y", None], "integer", "2 values of 'x' cannot be read as integer, e.g. 'x', 'y'"),
        ([1.5, 2.0], "integer", "1 value of 'x' cannot be read as integer, e.g. 1.5"),
        (["2013-02-30"], "date", "e.g. '2013-02-30'"),
        (["2013-01-01T10:00:00"], "datetime", "e.g. '2013-01-01T10:00:00'"),
        (["maybe"], "boolean", "e.g. 'maybe'"),
        (["1,5"], "number", "e.g. '1,5'"),
    ],
)
def test_values_that_cannot_be_read_are_refused_or_dropped(values: list[Any], wanted: str, says: str) -> None:
    frame = pl.DataFrame({"x": values})
    with pytest.raises(Invalid, match=says):
        cast(frame, x=wanted)
    assert cast(frame, x=wanted, on_failure="null")["x"].null_count() >= 1


def test_a_time_without_a_zone_is_of_the_zone_it_is_given() -> None:
    frame = pl.DataFrame({"x": ["2013-07-01T10:00:00", "2013-07-01 10:00:00Z"]})
    made = cast(frame, x="datetime", time_zone="America/New_York")["x"].to_list()
    assert made == [datetime(2013, 7, 1, 14, tzinfo=UTC), datetime(2013, 7, 1, 10, tzinfo=UTC)]
    with pytest.raises(Invalid, match="1 value of"):
        cast(pl.DataFrame({"x": ["2013-03-10T02:30:00"]}), x="datetime", time_zone="America/New_York")


def test_a_cast_to_nowhere_is_refused() -> None:
    with pytest.raises(Invalid, match="no type 'int'; did you mean 'integer'"):
        cast(FLIGHTS, flight="int")
    with pytest.raises(NotFound, match="did you mean 'flight'"):
        cast(FLIGHTS, fligth="integer")
    with pytest.raises(Invalid, match="policy for failures"):
        cast(FLIGHTS, flight="text", on_failure="drop")  # type: ignore[arg-type]


def test_deduplication_keeps_the_row_it_is_told_in_its_place() -> None:
    frame = pl.DataFrame({"k": ["a", "b", "a", None, None], "v": [1, 2, 3, 4, 5]})
    assert deduplicate(frame, "k")["v"].to_list() == [1, 2, 4]
    assert deduplicate(frame, "k", keep="last")["v"].to_list() == [2, 3, 5]
    assert deduplicate(frame, "k", order="-v")["v"].to_list() == [2, 3, 5]
    assert deduplicate(pl.concat([frame, frame]))["v"].to_list() == [1, 2, 3, 4, 5]
    with pytest.raises(NotFound, match="no column 'w'"):
        deduplicate(frame, "k", order="-w")
    with pytest.raises(Invalid, match="row to keep"):
        deduplicate(frame, "k", keep="any")  # type: ignore[arg-type]


def test_missing_values_are_filled_or_their_rows_dropped() -> None:
    assert fill_nulls(FLIGHTS, delay=0, carrier="?").rows() == [
        ("UA", 1, 2.0), ("AA", 2, 0.0), ("?", 3, 0.0), ("XX", 4, 30.0)
    ]  # fmt: skip
    assert drop_nulls(FLIGHTS, "delay")["flight"].to_list() == [1, 4]
    assert drop_nulls(FLIGHTS)["flight"].to_list() == [1, 4]
    with pytest.raises(Invalid, match="'none' does not fit the column 'flight', which is Int64"):
        fill_nulls(FLIGHTS, flight="none")
    with pytest.raises(NotFound, match="did you mean 'delay'"):
        drop_nulls(FLIGHTS, "dely")
