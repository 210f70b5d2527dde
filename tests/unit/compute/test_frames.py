"""Frames of every kind go in, and come out, with their values and types."""

from __future__ import annotations

from datetime import UTC, datetime

import dask.dataframe as dd
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from workbench.compute import frames
from workbench.foundation.errors import Invalid

TIME = pl.Datetime("us", "UTC")
FRAME = pl.DataFrame(
    {
        "id": [1, 2, None],
        "big": [2**60 + 1, None, 3],
        "ok": [True, None, False],
        "name": ["a", None, "é"],
        "amount": [1.5, None, -2.0],
        "at": [datetime(2013, 1, 1, 5, tzinfo=UTC), None, datetime(2013, 7, 1, 5, 0, 0, 1, tzinfo=UTC)],
    },
    schema_overrides={"at": TIME},
)


@pytest.mark.parametrize(
    "given",
    [
        FRAME,
        FRAME.lazy(),
        frames.to_pandas(FRAME),
        FRAME.to_arrow(),
        FRAME.to_arrow().to_batches()[0],
        FRAME.to_arrow().to_reader(),
    ],
    ids=["polars", "lazy", "pandas", "arrow", "batch", "reader"],
)
def test_every_kind_of_frame_gives_the_same_polars_frame(given: object) -> None:
    assert frames.to_polars(given).equals(FRAME)
    assert frames.to_polars(given if not isinstance(given, pa.RecordBatchReader) else FRAME).schema == FRAME.schema


def test_a_dask_frame_is_read_whole() -> None:
    frame = pd.DataFrame({"x": range(10), "y": list("abcdefghij")})
    read = frames.to_polars(dd.from_pandas(frame, npartitions=3))
    assert read["x"].to_list() == list(range(10))
    assert read["y"].to_list() == list("abcdefghij")


def test_whole_numbers_with_nulls_stay_whole_in_pandas() -> None:
    out = frames.to_pandas(FRAME)
    assert out["big"][0] == 2**60 + 1
    assert str(out["big"].dtype) == "Int64"
    assert str(out["ok"].dtype) == "boolean"
    assert out["ok"][1] is pd.NA


def test_arrow_comes_out_with_times_in_utc() -> None:
    assert frames.to_arrow(FRAME.lazy()).schema.field("at").type == pa.timestamp("us", "UTC")


def test_dask_partitions_are_the_parts_and_agree_on_their_types() -> None:
    parts = [FRAME.head(1).lazy(), FRAME.tail(2).lazy(), FRAME.clear().lazy()]
    made = frames.to_dask(parts)
    assert made.npartitions == 3
    whole = made.compute()
    assert [str(dtype) for dtype in whole.dtypes] == [str(dtype) for dtype in made.dtypes]
    assert frames.to_polars(whole).equals(FRAME)
    assert made["amount"].sum().compute() == -0.5


def test_aware_times_become_utc_microseconds_and_categories_strings() -> None:
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2013-01-01 00:00"]).tz_localize("America/New_York").as_unit("ns"),
            "kind": pd.Categorical(["x"]),
        }
    )
    read = frames.to_polars(frame)
    assert read.schema == {"at": TIME, "kind": pl.String()}
    assert read["at"][0] == datetime(2013, 1, 1, 5, tzinfo=UTC)


def test_naive_times_are_left_for_their_owner() -> None:
    read = frames.to_polars(pd.DataFrame({"at": pd.to_datetime(["2013-01-01"]).as_unit("ns")}))
    assert read.schema["at"] == pl.Datetime("us")


def test_a_named_index_becomes_a_column_and_an_unnamed_one_is_dropped() -> None:
    frame = pd.DataFrame({"x": [1, 2]}, index=pd.Index(["a", "b"], name="key"))
    assert frames.to_polars(frame).columns == ["key", "x"]
    assert frames.to_polars(frame.reset_index(drop=True)).columns == ["x"]


@pytest.mark.parametrize("given", [[1, 2], {"x": [1]}, None, "flights.csv", pa.array([1])])
def test_what_is_no_frame_is_refused(given: object) -> None:
    with pytest.raises(Invalid, match="not a frame"):
        frames.to_polars(given)


def test_columns_of_one_name_are_refused() -> None:
    with pytest.raises(Invalid, match="more than one column named 'x'"):
        frames.to_polars(pd.DataFrame([[1, 2]], columns=["x", "x"]))


def test_a_column_of_mixed_types_is_refused() -> None:
    with pytest.raises(Invalid, match="mixes types"):
        frames.to_polars(pd.DataFrame({"x": [1, "a", object()]}))


def test_a_dask_frame_of_no_part_is_refused() -> None:
    with pytest.raises(Invalid, match="at least one part"):
        frames.to_dask([])
