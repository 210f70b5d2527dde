"""DuckDB files as sources: their types, what a query may reach, and files that are not what they should be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from workbench.data.connectors import Span, Spanned, open_source, read_frame
from workbench.foundation.errors import Invalid, NotFound, Unavailable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop #1.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        connection.execute(
            "CREATE TABLE odd AS SELECT 1::utinyint a, 2::ubigint b, -3::hugeint c, 1.5::decimal(12, 2) d,"
            " 0.5::float e, true f, 'é' g, '\\x00\\xFF'::blob h, date '0001-01-01' i,"
            " timestamp_ns '2013-01-01 05:00:00.000001' j,"
            " timestamptz '2013-01-01 00:00:00-05' k, time '05:15' l, interval '1 day' m,"
            " 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::uuid n, '{\"a\": 1}'::json o, 'x'::enum('x', 'y') p,"
            " [1, 2]::integer[] q, {'a': 1} r, [[1], [2]] s, timestamp '2013-01-01 05:00' t"
        )
        connection.execute('CREATE SCHEMA other; CREATE TABLE other."a ""b""/:c.d" AS SELECT range AS n FROM range(5)')
        connection.execute("CREATE VIEW seen AS SELECT a FROM odd")
    return path


def test_types_of_duckdb(file: Path) -> None:
    (batch,) = open_source(file).batches(table="odd")
    assert [str(kind) for kind in batch.schema.types] == [
        *("int16", "decimal128(20, 0)", "decimal128(38, 0)", "decimal128(12, 2)", "double", "bool", "large_string"),
        *("large_binary", "date32[day]", "large_string", "timestamp[us, tz=UTC]", "large_string", "large_string"),
        *("large_string", "large_string", "large_string", "large_list<item: int64>", "large_string", "large_string"),
        "timestamp[us]",
    ]
    (row,) = batch.to_pylist()
    assert list(row.values()) == [
        *(1, Decimal(2), Decimal(-3), Decimal("1.50"), 0.5, True, "é", b"\x00\xff", dt.date(1, 1, 1)),
        *("2013-01-01 05:00:00.000001", dt.datetime(2013, 1, 1, 5, tzinfo=dt.UTC), "05:15:00", "1 day"),
        *("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", '{"a": 1}', "x", [1, 2], "{'a': 1}", "[[1], [2]]"),
        dt.datetime(2013, 1, 1, 5),  # noqa: DTZ001
    ]


def test_tables_of_other_schemas_views_and_odd_names(file: Path) -> None:
    source = open_source(f"duckdb:///{file.name}", base=file.parent)
    odd = 'other.a "b"/:c.d'
    assert source.tables() == ["odd", "seen", odd]
    assert read_frame(source, table=odd)["n"].to_list() == [0, 1, 2, 3, 4]
    assert isinstance(source, Spanned)
    (batch,) = source.batches_within(Span("n", 1, 3), table=odd)
    assert sorted(batch["n"].to_pylist()) == [2, 3]
    with pytest.raises(Invalid, match="has 3 tables; say which"):
        list(source.batches())


def test_a_query_is_bound_and_reaches_its_file_alone(file: Path) -> None:
    source = open_source(file)
    query = "SELECT ':a' AS said, a::int AS n FROM odd WHERE a = :a -- all;"
    assert read_frame(source, query=query, parameters={"a": 1}).rows() == [(":a", 1)]
    assert read_frame(source, query=query, parameters={"a": 2}).rows() == []
    (file.parent / "secret.csv").write_text("a\n1\n")
    for reaching in (
        f"SELECT * FROM read_csv('{file.parent}/secret.csv')",
        f"SELECT * FROM '{file.parent}/secret.csv'",
        "DELETE FROM odd",
        "SELECT nothing FROM odd",
        "SELECT a FROM odd WHERE a = :missing",
        "SELECT 1 AS a, 2 AS a",
    ):
        with pytest.raises(Invalid) as caught:
            list(source.batches(query=reaching))
        assert "\n" not in str(caught.value)
    assert read_frame(source, table="odd").height == 1


@pytest.mark.parametrize("value", ["'infinity'::date", "'0044-03-15 (BC)'::date", "'-infinity'::timestamptz"])
def test_a_day_of_no_calendar_is_named_with_its_row(file: Path, value: str) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"CREATE TABLE days AS SELECT NULL AS a UNION ALL SELECT {value}")
    with pytest.raises(Invalid, match=r"table 'days', row [12], column 'a': a (day|time) outside of the years"):
        read_frame(open_source(file), table="days")


def test_a_file_that_is_not_there_or_no_database_or_open_elsewhere(file: Path) -> None:
    with pytest.raises(NotFound, match=r"did you mean 'shop #1\.duckdb'"):
        open_source(file.with_name("shop #2.duckdb"))
    wrong = file.with_name("wrong.duckdb")
    wrong.write_text("not a database")
    with pytest.raises(Invalid, match="cannot be opened as a DuckDB database"):
        open_source(wrong).tables()
    named = file.with_name("shop.db")
    named.write_bytes(file.read_bytes())
    with pytest.raises(Invalid, match="is not an SQLite database") as caught:
        open_source(named)
    assert "duckdb:///" in str(caught.value.hint)
    source = open_source(file)
    with duckdb.connect(str(file)), pytest.raises(Unavailable, match="is open elsewhere"):
        source.tables()
    before = source.fingerprint()
    with duckdb.connect(str(file)) as connection:
        connection.execute('INSERT INTO other."a ""b""/:c.d" VALUES (9)')
    assert source.fingerprint() != before
