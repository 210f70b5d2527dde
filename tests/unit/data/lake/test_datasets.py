from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from workbench.data.lake import Datasets, Lake
from workbench.foundation.errors import Conflict, Invalid, NotFound
from workbench.governance.runs import Actor


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
    with pytest.raises(Invalid, match="column 'at' has times without a time zone") as caught:
        datasets.load("sqlite:///ops.db", "flights", table="flights")
    assert "time_zone='UTC' (--time-zone UTC)" in str(caught.value.hint)
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


def test_frames_of_some_columns_come_in_the_order_asked_for(datasets: Datasets) -> None:
    dataset = datasets.create("t", pl.DataFrame({"id": [1], "i": [2], "d": [3]}))
    assert dataset.to_polars(columns=["d", "i"]).to_dicts() == [{"d": 3, "i": 2}]
    assert dataset.to_pandas(columns="id").columns.tolist() == ["id"]
    assert dataset.to_arrow(columns="id").column_names == ["id"]
    with pytest.raises(Invalid, match="no column 'idd'; did you mean 'id'"):
        dataset.to_polars(columns="idd")


def test_a_single_name_is_a_key_and_not_its_letters(datasets: Datasets, tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [1], "i": [2], "d": [3]})
    assert datasets.create("made", frame, key="id", partition_by="d").info.partition_by == ("d",)
    assert datasets["made"].info.key == ("id",)
    datasets["made"].upsert(frame.with_columns(i=9), key="id")
    assert datasets["made"].to_polars().rows() == [(1, 9, 3)]
    frame.write_csv(tmp_path / "t.csv")
    assert datasets.load("t.csv", "loaded", key="id").info.key == ("id",)


def test_a_dataset_made_in_a_run_says_what_was_read_for_it(
    lake: Lake, datasets: Datasets, in_run: Callable[[], Actor], tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        datasets.create(name, numbers(1))
    assert datasets["a"].info.source == ""
    inside = Datasets(lake, in_run(), base=tmp_path)
    assert inside.create("alone", numbers(1)).info.source == ""
    joined = inside["a"].lazy().join(inside["b"].lazy(), on="k")
    assert inside.create("joined", joined).info.source == "a, b"
    assert inside.create("next", inside["c"].lazy()).info.source == "c"
    assert inside.create("last", numbers(1)).info.source == "a, b, c"
    assert inside.create("said", inside["a"].lazy(), source="a letter").info.source == "a letter"
    assert repr(datasets["joined"]).endswith(", from a, b")
    assert "<td>a, b</td>" in datasets._repr_html_()


def test_versions_read_well(datasets: Datasets) -> None:
    version = datasets.create("t", numbers(1)).versions()[0]
    assert repr(version) == f"<version 0: create by ada, {version.time:%Y-%m-%d %H:%M:%S} UTC, 1 row added>"
    assert repr(replace(version, run="r1")).endswith(" UTC in run r1, 1 row added>")


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
    assert repr(old).startswith("Dataset t: 1 row, 2 columns, version 0")
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
    with pytest.raises(Conflict, match=r"there is a file .* already") as caught:
        dataset.export(target)
    assert "overwrite=True (--overwrite)" in str(caught.value.hint)
    assert target.read_text() == "older"
    assert dataset.export(target, overwrite=True) == 2
    again = datasets.load(target, "again")
    assert again.to_polars().equals(dataset.to_polars())
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {f"out{ending}"}


def test_an_export_that_cannot_be_leaves_the_file_as_it_was(datasets: Datasets, tmp_path: Path) -> None:
    dataset = datasets.create("t", pl.DataFrame({"l": [[1, 2]]}))
    target = tmp_path / "out.csv"
    target.write_text("older")
    with pytest.raises(Invalid, match="csv cannot hold"):
        dataset.export(target, overwrite=True)
    assert target.read_text() == "older"
    with pytest.raises(Invalid, match="cannot export to 'out"):
        dataset.export(tmp_path / "out.xlsx")
    with pytest.raises(Invalid, match="no folder"):
        dataset.export(tmp_path / "none" / "out.csv")


@pytest.mark.parametrize("ending", [".json", ".ndjson", ".csv"])
@pytest.mark.parametrize("value", [b"x", [b"x"], {"inner": [b"x"]}], ids=["plain", "list", "struct"])
def test_an_export_of_bytes_to_text_is_refused_by_the_columns_name(
    datasets: Datasets, tmp_path: Path, ending: str, value: object
) -> None:
    dataset = datasets.create("t", pl.DataFrame({"k": [1], "raw": [value]}))
    with pytest.raises(Invalid, match=f"{ending[1:]} cannot hold the column 'raw', which is") as caught:
        dataset.export(tmp_path / f"out{ending}")
    assert "parquet" in str(caught.value.hint)
    assert not list(tmp_path.glob("*out*"))


def test_an_export_that_polars_gives_up_on_is_one_sentence(datasets: Datasets, tmp_path: Path) -> None:
    far = pl.DataFrame({"d": pl.Series([2**30], dtype=pl.Int32).cast(pl.Date)})
    with pytest.raises(Invalid, match="json cannot hold these columns"):
        datasets.create("t", far).export(tmp_path / "out.json")


def test_a_column_name_with_a_nul_is_refused(datasets: Datasets, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_bytes(b"a\0b,c\n1,2\n")
    with pytest.raises(Invalid, match=r"odd\.csv, line 1: a NUL character"):
        datasets.load("odd.csv", "t")
    for frame in (pl.DataFrame({"a\0b": [1]}), pl.DataFrame({"s": [{"a\0b": 1}]})):
        with pytest.raises(Invalid, match="NUL"):
            datasets.create("t", frame)
