from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from workbench.data.lake import Datasets
from workbench.foundation.errors import Conflict, Invalid, NotFound


def numbers(*values: int) -> pl.DataFrame:
    return pl.DataFrame({"k": list(values), "v": [f"v{value}" for value in values]})


def test_a_file_becomes_a_dataset_that_says_where_it_is_from(datasets: Datasets, tmp_path: Path) -> None:
    (tmp_path / "my flights.csv").write_text("carrier,delay\nUA,1\nAA,NA\n")
    dataset = datasets.load("my flights.csv", "flights", key=["carrier"], description="what flew")
    assert dataset.to_polars().rows() == [("UA", 1), ("AA", None)]
    info = dataset.info
    assert (info.rows, info.version, info.key, info.description) == (2, 0, ("carrier",), "what flew")
    assert info.source == str(tmp_path / "my flights.csv")
    assert repr(dataset) == f"Dataset flights: 2 rows, 2 columns, version 0, updated just now, from {info.source}"
    assert [(column.name, column.type, column.nullable) for column in info.columns] == [
        ("carrier", "String", False),
        ("delay", "Int64", True),
    ]


def test_a_databases_table_or_query_becomes_a_dataset(datasets: Datasets, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ops.db")) as connection, connection:
        connection.execute("CREATE TABLE flights (id INTEGER, at TIMESTAMP)")
        connection.execute("INSERT INTO flights VALUES (1, '2013-07-01 12:00:00'), (2, NULL)")
    with pytest.raises(Invalid, match="without a time zone"):
        datasets.load("sqlite:///ops.db", "flights", table="flights")
    dataset = datasets.load("sqlite:///ops.db", "flights", table="flights", time_zone="America/New_York")
    assert dataset.to_polars()["at"].to_list() == [dt.datetime(2013, 7, 1, 16, tzinfo=dt.UTC), None]
    assert dataset.info.source == f"sqlite:///{tmp_path / 'ops.db'} flights"
    query = datasets.load(
        "sqlite:///ops.db", "few", query="SELECT id FROM flights WHERE id = :id", parameters={"id": 2}
    )
    assert query.to_polars().rows() == [(2,)]
    with pytest.raises(Conflict):
        datasets.load("sqlite:///ops.db", "few", table="flights")
    with pytest.raises(Invalid, match="cannot be read as 'Nowhere'"):
        datasets.load("sqlite:///ops.db", "more", table="flights", time_zone="Nowhere")


def test_a_failed_load_leaves_no_dataset(datasets: Datasets, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n3\n")
    with pytest.raises(Invalid, match="line 3"):
        datasets.load("bad.csv", "bad")
    with pytest.raises(NotFound):
        datasets.load("none.csv", "bad")
    assert "bad" not in datasets
    assert len(datasets) == 0


def test_a_dataset_is_given_out_as_every_kind_of_frame(datasets: Datasets) -> None:
    dataset = datasets.create("t", pl.DataFrame({"k": [1, None], "v": ["a", None]}))
    assert isinstance(dataset.lazy(), pl.LazyFrame)
    assert dataset.to_polars().rows() == [(1, "a"), (None, None)]
    pandas = dataset.to_pandas()
    assert isinstance(pandas, pd.DataFrame)
    assert pandas["k"].dtype == "Int64"
    arrow = dataset.to_arrow()
    assert isinstance(arrow, pa.Table)
    assert arrow.to_pylist() == [{"k": 1, "v": "a"}, {"k": None, "v": None}]
    assert dataset.to_dask().compute()["k"].dtype == "Int64"
    assert dataset.preview(1).rows() == [(1, "a")]


def test_a_dataset_at_an_old_version_or_time_stays_there(datasets: Datasets) -> None:
    dataset = datasets.create("t", numbers(1), key=["k"])
    first = dataset.versions()[0].time
    dataset.append(numbers(2))
    dataset.upsert(numbers(1).with_columns(v=pl.lit("new")))
    old = dataset.at(0)
    assert old.to_polars().rows() == [(1, "v1")]
    assert old.version == 0
    assert dataset.version == 2
    assert dataset.at(time=first).to_polars().rows() == [(1, "v1")]
    assert dataset.at(time=first).to_dask().compute()["k"].tolist() == [1]
    assert repr(old).startswith("Dataset t: 1 rows, 2 columns, version 0")
    assert (old.info.rows, dataset.info.rows) == (1, 2)
    assert dataset.at(time=first).version == 0
    with pytest.raises(Invalid, match="at an old version cannot be changed"):
        old.append(numbers(3))
    with pytest.raises(NotFound, match="has no version 9"):
        dataset.at(9)
    with pytest.raises(Invalid, match="either a version or a time"):
        dataset.at()


def test_the_list_of_datasets_reads_well(datasets: Datasets) -> None:
    assert repr(datasets) == "no dataset yet: wb.datasets.load('file.csv', 'name')"
    datasets.create("b", numbers(1, 2))
    datasets.create("a", numbers(1), source="<script>")
    assert [dataset.name for dataset in datasets] == ["a", "b"]
    assert repr(datasets).splitlines()[1].startswith("b: 2 rows, 2 columns, version 0, updated ")
    html = datasets._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_the_card_escapes_what_comes_from_outside(datasets: Datasets) -> None:
    evil = "<img src=x onerror=alert(1)>"
    dataset = datasets.create("t", pl.DataFrame({evil: [evil, None]}), description=evil, source=evil)
    html = dataset._repr_html_()
    assert "<img" not in html
    assert html.count("&lt;img") >= 4
    assert 'scope="col"' in html


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".ndjson", ".json"])
def test_an_export_gives_the_rows_back(datasets: Datasets, tmp_path: Path, ending: str) -> None:
    dataset = datasets.create("t", numbers(1, 2))
    target = tmp_path / f"out{ending}"
    target.write_text("older")
    assert dataset.export(target) == 2
    again = datasets.load(target, "again")
    assert again.to_polars().equals(dataset.to_polars())
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {f"out{ending}"}


def test_an_export_that_cannot_be_leaves_the_file_as_it_was(datasets: Datasets, tmp_path: Path) -> None:
    dataset = datasets.create("t", pl.DataFrame({"l": [[1, 2]]}))
    target = tmp_path / "out.csv"
    target.write_text("older")
    with pytest.raises(Invalid, match="csv cannot hold"):
        dataset.export(target)
    assert target.read_text() == "older"
    with pytest.raises(Invalid, match="cannot export to 'out"):
        dataset.export(tmp_path / "out.xlsx")
    with pytest.raises(Invalid, match="no folder"):
        dataset.export(tmp_path / "none" / "out.csv")
