"""What database servers do that files do not: they have types of their own, they go away, and connections are few."""

from __future__ import annotations

import datetime as dt
import os
import threading
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from database_statements import run_statements

from workbench.data.connectors import Span, Spanned, open_source, read_frame
from workbench.data.connectors.databases import copying, engines
from workbench.foundation.errors import Invalid, NotFound, Unavailable

ODD = 'we "shop"/`1`:x.y %s'


@pytest.fixture(
    params=[pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mariadb", marks=pytest.mark.mariadb)]
)
def url(request: pytest.FixtureRequest) -> str:
    found = str(request.getfixturevalue(f"{request.param}_url"))
    number, series = ("seq", "seq_1_to_300000")
    if request.param == "postgres":
        number, series = ("n", "generate_series(1, 300000) AS n")
    said = f"concat('row ', {number}, repeat('.', 100))"
    run_statements(found, f"CREATE TABLE many AS SELECT {number} AS id, {said} AS said FROM {series}")
    return found


def connections(url: str) -> list[int]:
    """Of others, by what the server calls them."""
    if url.startswith("mariadb"):
        asked = "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
    else:
        asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return [int(row[0]) for row in run_statements(url, asked)]


def end_all(url: str) -> None:
    for one in connections(url):
        run_statements(url, f"KILL {one}" if url.startswith("mariadb") else f"SELECT pg_terminate_backend({one})")


@pytest.fixture(params=[True, False], ids=["in one piece", "row by row"])
def copies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ADBC's driver, and as it is where that is not installed."""
    monkeypatch.setattr(copying, "available", lambda: request.param)


@pytest.mark.usefixtures("copies")
def test_a_server_that_ends_the_connection_is_named_with_table_and_row(url: str) -> None:
    source = open_source(url)
    read = source.batches(table="many", batch_rows=1000)
    first = next(read)
    end_all(url)
    with pytest.raises(Unavailable) as caught:
        list(read)
    said = str(caught.value)
    assert first.num_rows == 1000
    assert f"{source.url}, table 'many': the connection broke after row " in said
    assert int(said.partition("after row ")[2].partition(":")[0].replace(",", "")) >= 1000
    assert "\n" not in said
    assert read_frame(source, table="many").height == 300_000  # the pool has noticed


def test_what_is_not_read_on_costs_nothing_and_its_connection_serves_again(url: str) -> None:
    source = open_source(url)
    for _ in range(engines.MOST_CONNECTIONS + 2):
        read = source.batches(table="many", query="SELECT * FROM many", parameters={}, batch_rows=10)
        assert next(read).num_rows == 10
        read.close()  # type: ignore[attr-defined]
    assert len(connections(url)) <= 2


def test_a_span_of_many_rows_is_what_the_whole_has_of_it(url: str) -> None:
    source = open_source(url)
    assert isinstance(source, Spanned)
    within = pa.Table.from_batches(source.batches_within(Span("id", 100, 290_000), table="many"))
    whole = pa.Table.from_batches(source.batches(table="many"))
    assert within.sort_by("id").equals(whole.sort_by("id").slice(100, 290_000 - 100))


def test_names_with_quotes_slashes_and_colons(url: str) -> None:
    quoted = "`" + ODD.replace("`", "``") + "`" if url.startswith("mariadb") else '"' + ODD.replace('"', '""') + '"'
    run_statements(url, f"CREATE TABLE {quoted} ({quoted} int)", f"INSERT INTO {quoted} VALUES (1), (2)")
    source = open_source(url)
    assert ODD in source.tables()
    assert read_frame(source, table=ODD).to_dict(as_series=False) == {ODD: [1, 2]}
    assert isinstance(source, Spanned)
    (batch,) = source.batches_within(Span(ODD, low=1), table=ODD)
    assert batch.to_pylist() == [{ODD: 2}]
    assert source.schema(table=ODD).names == [ODD]
    with pytest.raises(NotFound, match="did you mean"):
        list(source.batches(table=ODD + "!"))


def test_reads_at_once_are_bounded_and_the_next_one_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "available", lambda: False)
    source = open_source(url)
    monkeypatch.setattr(engines.engine_of(source._address).pool, "_timeout", 0.1)  # type: ignore[attr-defined]
    reads = [source.batches(table="many", batch_rows=10) for _ in range(engines.MOST_CONNECTIONS)]
    assert {next(read).num_rows for read in reads} == {10}
    with pytest.raises(Unavailable, match="is read 8 times at once"):
        next(source.batches(table="many"))
    for read in reads:
        read.close()  # type: ignore[attr-defined]
    assert next(source.batches(table="many")).num_rows == 65_536


def test_two_sources_of_one_address_share_connections_and_a_fork_has_its_own(url: str) -> None:
    sources = [open_source(url) for _ in range(3)]
    assert [source.tables() for source in sources] == [["many"]] * 3
    before = connections(url)
    assert len(before) == 1
    there, back = os.pipe()
    child = os.fork()
    if not child:
        try:
            found = sources[0].tables()
            os.write(
                back, b"same" if set(connections(url)) == set(before) else b"own" if found == ["many"] else b"none"
            )
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(back)
    assert os.read(there, 10) == b"own"
    os.close(there)
    assert sources[0].tables() == ["many"]  # ours still works


def test_reading_from_threads_gives_each_the_whole(url: str) -> None:
    source, found = open_source(url), []
    threads = [threading.Thread(target=lambda: found.append(read_frame(source, table="many").height)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [300_000] * 4


def test_memory_is_bounded_by_a_batch(url: str) -> None:
    """Of a table of 35 MB, one batch is there at a time."""
    before = pa.total_allocated_bytes()
    for _ in open_source(url).batches(table="many", batch_rows=1000):
        assert pa.total_allocated_bytes() - before < 30_000_000


@pytest.mark.mariadb
def test_types_of_mariadb(mariadb_url: str) -> None:
    run_statements(
        mariadb_url,
        "CREATE TABLE odd (a tinyint, b tinyint unsigned, c smallint unsigned, d mediumint, e int unsigned,"
        " f bigint unsigned, g decimal(20, 4), h decimal(60, 2), i float, j year, k datetime(6), l timestamp(6) NULL,"
        " m time(6), n json, o enum('x', 'y'), p set('x', 'y'), q bit(10), r varbinary(10), s blob, t char(3),"
        " u uuid, v inet6, w boolean)",
        "INSERT INTO odd VALUES (-1, 255, 65535, -5, 4294967295, 18446744073709551615, 1234567890123456.7891, 1.5, 0.5,"
        " 2013, '2013-01-01 05:00:00.000001', '2013-01-01 05:00:00.000001', '-838:59:59', '{\"a\": 1}', 'y', 'x,y',"
        " b'1000000001', x'00ff', x'00ff', 'é', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6', '::1', 1)",
        "INSERT INTO odd VALUES ()",
    )
    source = open_source(mariadb_url)
    (batch,) = source.batches(table="odd")
    assert [str(kind) for kind in batch.schema.types] == [
        *("int16", "int16", "int64", "int64", "int64", "decimal128(20, 0)", "decimal128(20, 4)", "double", "double"),
        *("int16", "timestamp[us]", "timestamp[us, tz=UTC]", "large_string", "large_string", "large_string"),
        *(
            "large_string",
            "int64",
            "large_binary",
            "large_binary",
            "large_string",
            "large_string",
            "large_string",
            "bool",
        ),
    ]
    moment = dt.datetime(2013, 1, 1, 5, 0, 0, 1)  # noqa: DTZ001
    row, empty = batch.to_pylist()
    assert list(row.values()) == [
        *(
            -1,
            255,
            65535,
            -5,
            4294967295,
            Decimal(18446744073709551615),
            Decimal("1234567890123456.7891"),
            1.5,
            0.5,
            2013,
        ),
        *(
            moment,
            moment.replace(tzinfo=dt.UTC),
            "-838:59:59.000000",
            '{"a": 1}',
            "y",
            "x,y",
            513,
            b"\x00\xff",
            b"\x00\xff",
        ),
        *("é", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "::1", True),
    ]
    assert set(empty.values()) == {None}
    (by_query,) = source.batches(query="SELECT * FROM odd WHERE a = :a", parameters={"a": -1})
    assert by_query.to_pylist() == [row]
    assert by_query.schema == batch.schema == source.schema(table="odd")


@pytest.mark.mariadb
@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("date", "'0000-00-00'", "'0000-00-00' is not of the column's type date32"),
        ("datetime", "'2013-00-01 00:00'", "'2013-00-01 00:00:00' is not of the column's type timestamp"),
        ("boolean", "2", "'2' is not of the column's type bool"),
    ],
)
def test_a_value_that_no_calendar_has_is_named_with_its_row(mariadb_url: str, kind: str, value: str, said: str) -> None:
    run_statements(
        mariadb_url, "SET sql_mode = ''", f"CREATE TABLE odd (a {kind})", f"INSERT INTO odd VALUES (NULL), ({value})"
    )
    with pytest.raises(Invalid) as caught:
        read_frame(open_source(mariadb_url), table="odd")
    assert f"table 'odd', row 2, column 'a': {said}" in str(caught.value)
    assert read_frame(open_source(mariadb_url), query="SELECT CAST(a AS CHAR) AS a FROM odd").height == 2


@pytest.mark.postgres
@pytest.mark.usefixtures("copies")
def test_types_of_postgresql(postgres_url: str) -> None:
    run_statements(
        postgres_url,
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE TABLE odd (a smallint, b integer, c bigint, d real, e double precision, f numeric(20, 4), g numeric,"
        " h boolean, i text, j char(3), k bytea, l date, m timestamp, n timestamptz, o time, p interval, q uuid,"
        " r json, s jsonb, t mood, u inet, v int4range, w money, x oid)",
        "INSERT INTO odd VALUES (1, 2, 3, 0.5, 0.25, 1234567890123456.7891, 1.5, true, 'é', 'x', '\\x00ff',"
        " '0001-01-01', '9999-12-31 23:59:59.999999', '2013-01-01 00:00:00-05', '05:15', '1 mon 2 days', "
        " 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6', '{\"b\": 1,  \"a\": 123456789012345678901}', '{\"a\": [1]}',"
        " 'glad', '::1', '[1,3)', 1, 7)",
        "INSERT INTO odd DEFAULT VALUES",
    )
    source = open_source(postgres_url)
    (batch,) = source.batches(table="odd")
    assert [str(kind) for kind in batch.schema.types] == [
        *("int16", "int64", "int64", "double", "double", "decimal128(20, 4)", "double", "bool", "large_string"),
        *("large_string", "large_binary", "date32[day]", "timestamp[us]", "timestamp[us, tz=UTC]", "large_string"),
        *("large_string", "large_string", "large_string", "large_string", "large_string", "large_string"),
        *("large_string", "large_string", "int64"),
    ]
    row, empty = batch.to_pylist()
    assert list(row.values()) == [
        *(1, 2, 3, 0.5, 0.25, Decimal("1234567890123456.7891"), 1.5, True, "é", "x  ", b"\x00\xff", dt.date(1, 1, 1)),
        *(dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(2013, 1, 1, 5, tzinfo=dt.UTC), "05:15:00"),  # noqa: DTZ001
        *("1 mon 2 days", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", '{"b": 1,  "a": 123456789012345678901}'),
        *('{"a": [1]}', "glad", "::1/128", "[1,3)", "$1.00", 7),
    ]
    assert set(empty.values()) == {None}
    for query, given in (("SELECT * FROM odd", {}), ("SELECT * FROM odd WHERE a = :a OR a IS NULL -- all", {"a": 1})):
        (by_query,) = source.batches(query=query, parameters=given)
        assert by_query.equals(batch)


@pytest.mark.postgres
@pytest.mark.usefixtures("copies")
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "infinity"),
        ("date", "0044-03-15 BC"),
        ("date", "10000-01-01"),
        ("timestamp", "-infinity"),
        ("timestamptz", "10000-01-02"),
        ("numeric(5, 2)", "NaN"),
    ],
)
def test_a_value_beyond_range_is_named_with_table_and_column(postgres_url: str, kind: str, value: str) -> None:
    run_statements(postgres_url, f"CREATE TABLE odd (a {kind})", f"INSERT INTO odd VALUES (null), ('{value}')")
    with pytest.raises(Invalid) as caught:
        read_frame(open_source(postgres_url), table="odd")
    assert "table 'odd'" in str(caught.value)
    assert ("row 2, column 'a'" if copying.available() or kind == "numeric(5, 2)" else "after row 0") in str(
        caught.value
    )
    assert "\n" not in str(caught.value)
    assert read_frame(open_source(postgres_url), query="SELECT a::text FROM odd")["a"].to_list()[1].startswith(value)


@pytest.mark.postgres
@pytest.mark.usefixtures("copies")
def test_lists_of_lists_are_refused_and_never_flat(postgres_url: str) -> None:
    run_statements(postgres_url, "CREATE TABLE odd AS SELECT array[[1, 2], [3, 4]] AS a")
    with pytest.raises(Invalid, match="row 1, column 'a'"):
        read_frame(open_source(postgres_url), table="odd")


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_password_is_named_and_never_shown(scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hush")
    where = f"localhost/shop?host={tmp_path}" if scheme == "postgresql" else "127.0.0.1:1/shop"
    source = open_source(f"{scheme}://me@{where}#password=env:SHOP_PASSWORD")
    assert source._address.password == "hush"  # type: ignore[attr-defined]
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        source.tables()
    assert "hush" not in f"{caught.value}{source}{source.url}"
    assert "keepalives" not in source.url
    with pytest.raises(Invalid, match="password in clear") as clear:
        open_source(f"{scheme}://me@localhost/shop#password=hush")
    assert "hush" not in str(clear.value)
    with pytest.raises(NotFound):
        open_source(f"{scheme}://me@localhost/shop#password=env:SHOP_PASSWORT")
