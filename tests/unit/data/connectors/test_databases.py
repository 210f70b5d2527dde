from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from workbench.data.connectors import Span, Spanned, connectors, open_source, read_frame
from workbench.foundation.errors import Invalid, NotFound

FIVE, MIDNIGHT = dt.datetime(2013, 1, 1, 5), dt.datetime(2013, 1, 2)  # noqa: DTZ001


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "ops #1.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE flights (id INTEGER PRIMARY KEY, carrier TEXT, delay INTEGER, share FLOAT, day DATE,"
            " at TIMESTAMP, cancelled BOOLEAN, price DECIMAL(10, 2), raw BLOB, odd)"
        )
        rows = [
            (1, "UA", None, 1.5, "2013-01-01", "2013-01-01 05:15:00", 0, 12.5, b"x", 1),
            (2, "Ünited", None, None, None, None, None, None, None, 2.5),
        ]
        connection.executemany("INSERT INTO flights VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
        connection.execute("CREATE TABLE empty (a INTEGER, b TEXT)")
        connection.execute("CREATE VIEW ua AS SELECT id, carrier FROM flights WHERE carrier = 'UA'")
    return path


def test_a_table_has_its_declared_types_even_where_everything_is_null(database: Path) -> None:
    frame = read_frame(open_source(database), table="flights")
    assert frame.schema == {
        "id": pl.Int64,
        "carrier": pl.String,
        "delay": pl.Int64,
        "share": pl.Float64,
        "day": pl.Date,
        "at": pl.Datetime("us"),
        "cancelled": pl.Boolean,
        "price": pl.Decimal(10, 2),
        "raw": pl.Binary,
        "odd": pl.Float64,
    }
    assert frame["at"].to_list() == [dt.datetime(2013, 1, 1, 5, 15), None]  # noqa: DTZ001


def test_batches_share_one_schema_and_an_empty_table_still_gives_one(database: Path) -> None:
    source = open_source(database)
    batches = list(source.batches(table="flights", batch_rows=1))
    assert len(batches) == 2
    assert batches[0].schema == batches[1].schema
    assert source.schema(table="flights") == batches[0].schema
    (empty,) = source.batches(table="empty")
    assert empty.num_rows == 0
    assert empty.schema == pa.schema({"a": pa.int64(), "b": pa.large_string()})


def test_a_query_is_bound_and_never_pasted(database: Path) -> None:
    source = open_source(f"sqlite:///{database.name}", base=database.parent)
    query = "SELECT id, delay FROM flights WHERE carrier = :carrier;"
    assert read_frame(source, query=query, parameters={"carrier": "UA"}).to_dicts() == [{"id": 1, "delay": None}]
    assert read_frame(source, query=query, parameters={"carrier": "' OR 1=1 --"}).height == 0


def test_a_query_on_a_table_has_the_tables_types(database: Path) -> None:
    source = open_source(database)
    query = "SELECT delay, at, id * 2 AS twice FROM flights WHERE id = :id"
    (batch,) = source.batches(table="flights", query=query, parameters={"id": 2})
    assert batch.schema == pa.schema({"delay": pa.int64(), "at": pa.timestamp("us"), "twice": pa.int64()})


def test_tables_and_views_are_listed_and_a_wrong_name_gets_the_nearest(database: Path) -> None:
    source = open_source(database)
    assert source.tables() == ["empty", "flights", "ua"]
    with pytest.raises(NotFound, match="did you mean 'flights'"):
        list(source.batches(table="flihgts"))
    with pytest.raises(Invalid, match="has 3 tables; say which"):
        list(source.batches())


def test_opening_a_database_that_is_not_there_does_not_make_it(database: Path) -> None:
    with pytest.raises(NotFound, match=r"did you mean 'ops #1\.db'"):
        open_source("sqlite:///opps #1.db", base=database.parent)
    assert [item.name for item in database.parent.iterdir()] == [database.name]


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("not a database at all, only text")
    with pytest.raises(Invalid, match="is not an SQLite database"):
        open_source(path)
    path.write_bytes(b"SQLite format 3\0" + b"garbage" * 1000)
    with pytest.raises(Invalid, match="not a readable database"):
        open_source(path).tables()


def test_a_source_cannot_be_written_to(database: Path) -> None:
    with pytest.raises(Invalid, match="readonly"):
        list(open_source(database).batches(query="DELETE FROM flights"))


def test_a_wrong_query_and_a_missing_parameter_are_one_sentence(database: Path) -> None:
    for query in ("SELECT nothing FROM flights", "SELECT id FROM flights WHERE id = :id"):
        with pytest.raises(Invalid) as caught:
            list(open_source(database).batches(query=query))
        assert "\n" not in str(caught.value)


def test_a_value_that_breaks_its_declared_type_names_the_column(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO flights (id, delay) VALUES (3, 'soon')")
    with pytest.raises(Invalid, match="column 'delay': 'soon' is not of the column's type int64"):
        read_frame(open_source(database), table="flights")


def test_the_fingerprint_changes_with_a_commit(database: Path) -> None:
    source = open_source(database)
    before = source.fingerprint()
    assert before == source.fingerprint() != ""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO flights (id) VALUES (9)")
    assert source.fingerprint() != before


def test_a_scheme_without_a_connector_gets_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean 'postgresql'"):
        open_source("postgersql://somewhere/db")
    assert {"file", "http+json", "https+json", "postgresql", "sqlite", "s3", "https"} <= set(connectors.names())


@pytest.mark.parametrize(
    ("span", "found"),
    [
        (Span("at", FIVE), [2, 3, 4]),
        (Span("at", FIVE, low_closed=True), [1, 2, 3, 4]),
        (Span("at", high=FIVE), [1]),
        (Span("at", high=FIVE, high_closed=False), []),
        (Span("at", FIVE, MIDNIGHT), [2, 3]),
        (Span("at", dt.date(2013, 1, 2), low_closed=True), [3, 4]),
        (Span("day", dt.date(2013, 1, 1), dt.date(2013, 1, 2)), [2, 3]),
    ],
)
def test_times_of_sqlite_are_within_a_span_whichever_way_they_are_written(
    tmp_path: Path, span: Span, found: list[int]
) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE rows (id INTEGER, at TIMESTAMP, day DATE)")
        connection.execute(
            "INSERT INTO rows VALUES (1, '2013-01-01 05:00:00', '2013-01-01'),"
            " (2, '2013-01-01 05:00:00.000001', '2013-01-02'), (3, '2013-01-02 00:00:00.000000', '2013-01-02'),"
            " (4, '2013-01-02 00:00:01', '2013-01-03'), (5, NULL, NULL)",
        )
    source = open_source(path)
    assert isinstance(source, Spanned)
    batches = list(source.batches_within(span, table="rows", batch_rows=2))
    assert pa.Table.from_batches(batches)["id"].to_pylist() == found
