"""What holds for every source of rows, whatever it is read from.

A new connector joins by one entry in `SOURCES`: a function that puts `ROWS` somewhere and opens it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import openpyxl
import polars as pl
import psycopg
import pyarrow as pa
import pytest
from mariadb_server import mariadb_connection
from scripted_api import Asked, Reply, paged, serving
from sqlalchemy.engine import make_url

from workbench.data.connectors import Source, Span, Spanned, open_source, read_frame
from workbench.foundation.errors import Invalid, NotFound

ROWS = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "carrier": ["UA", None, "O'Hare; --"],
        "delay": [None, None, 2.5],
        "day": [date(2013, 1, 1), None, date(2013, 12, 31)],
        "time": pl.Series([datetime(2013, 1, 1, 5, tzinfo=UTC), None, None], dtype=pl.Datetime("us", "UTC")),
        "late": [True, None, False],
    }
)
Make = Callable[[Path, pytest.FixtureRequest], Source]


def csv(folder: Path, _request: pytest.FixtureRequest) -> Source:
    ROWS.with_columns(pl.col("time").dt.to_string("%Y-%m-%dT%H:%M:%SZ")).write_csv(folder / "rows.csv")
    return open_source("rows.csv", base=folder)


def tsv(folder: Path, _request: pytest.FixtureRequest) -> Source:
    text = ROWS.with_columns(pl.col("time").dt.to_string("%Y-%m-%dT%H:%M:%SZ"))
    text.write_csv(folder / "rows.tsv", separator="\t")
    return open_source(folder / "rows.tsv")


def json_file(folder: Path, _request: pytest.FixtureRequest) -> Source:
    ROWS.drop("day", "time").write_json(folder / "rows.json")
    return open_source("rows.json", base=folder)


def ndjson(folder: Path, _request: pytest.FixtureRequest) -> Source:
    ROWS.drop("day", "time").write_ndjson(folder / "rows.ndjson")
    return open_source("rows.ndjson", base=folder)


def parquet(folder: Path, _request: pytest.FixtureRequest) -> Source:
    ROWS.write_parquet(folder / "rows.parquet")
    return open_source((folder / "rows.parquet").as_uri())


def several(folder: Path, _request: pytest.FixtureRequest) -> Source:
    (folder / "rows").mkdir()
    ROWS[:2].write_parquet(folder / "rows" / "1.parquet")
    ROWS[2:].write_parquet(folder / "rows" / "2.parquet")
    return open_source("rows/*.parquet", base=folder)


def excel(folder: Path, _request: pytest.FixtureRequest) -> Source:
    """Excel has no zones, and so not the column of times."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "rows"
    kept = ROWS.drop("time")
    for row in (kept.columns, *kept.rows()):
        sheet.append(row)
    book.save(folder / "rows.xlsx")
    return open_source("rows.xlsx", base=folder)


def sqlite(folder: Path, _request: pytest.FixtureRequest) -> Source:
    with closing(sqlite3.connect(folder / "rows.db")) as connection, connection:
        connection.execute("CREATE TABLE rows (id INTEGER, carrier TEXT, delay REAL, day DATE, late BOOLEAN)")
        kept = ROWS.drop("time").with_columns(pl.col("day").cast(pl.String), pl.col("late").cast(pl.Int8))
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", kept.rows())
    return open_source("sqlite:///rows.db", base=folder)


def postgres(_folder: Path, request: pytest.FixtureRequest) -> Source:
    url = str(request.getfixturevalue("postgres_url"))
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE rows (id integer, carrier text, delay float8, day date, time timestamptz, late boolean)"
        )
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO rows VALUES (%s, %s, %s, %s, %s, %s)", ROWS.rows())
    return open_source(url)


def mariadb(_folder: Path, request: pytest.FixtureRequest) -> Source:
    url = str(request.getfixturevalue("mariadb_url"))
    with closing(mariadb_connection(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE `rows` (id int, carrier text, delay double, day date, time timestamp(6) NULL, late boolean)"
        )
        cursor.executemany("INSERT INTO `rows` VALUES (%s, %s, %s, %s, %s, %s)", ROWS.rows())
    return open_source(url)


def duck(folder: Path, _request: pytest.FixtureRequest) -> Source:
    with duckdb.connect(str(folder / "rows.duckdb")) as connection:
        kept = ROWS.to_arrow()
        connection.register("kept", kept)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE TABLE rows AS SELECT * FROM kept")
    return open_source("rows.duckdb", base=folder)


def api(_folder: Path, request: pytest.FixtureRequest) -> Source:
    """Behind a cursor, two rows at once, times as text; what it is asked for by carrier is what it gives."""
    rows = [{**row, "day": row["day"] and str(row["day"]), "time": None} for row in ROWS.to_dicts()]
    rows[0]["time"] = "2013-01-01T00:00:00-05:00"

    def handle(asked: Asked) -> Reply:
        wanted = asked.query.get("carrier")
        return paged([row for row in rows if wanted in (None, row["carrier"])], "cursor")(asked)

    server = ExitStack()
    site = server.enter_context(serving(handle))
    request.addfinalizer(server.close)
    return open_source(f"{site.address}/v1/rows#rows=data.items&pages=cursor&next=meta.next&private=yes")


def delta(folder: Path, _request: pytest.FixtureRequest) -> Source:
    ROWS[:1].write_delta(folder / "rows")
    ROWS.write_delta(folder / "rows", mode="overwrite")
    ROWS[:2].write_delta(folder / "rows", mode="overwrite")
    return open_source("delta://rows#version=1", base=folder)


def third_party(folder: Path, request: pytest.FixtureRequest) -> Source:
    """As an installed package brings it."""
    scheme = request.getfixturevalue("third_party_connector")
    ROWS.write_ipc(folder / "rows.arrow", compat_level=pl.CompatLevel.oldest())
    return open_source(f"{scheme}://{folder / 'rows.arrow'}")


SOURCES: dict[str, tuple[Make, list[pytest.MarkDecorator]]] = {
    "csv": (csv, []),
    "tsv": (tsv, []),
    "json": (json_file, []),
    "ndjson": (ndjson, []),
    "parquet": (parquet, []),
    "excel": (excel, []),
    "several files": (several, []),
    "delta": (delta, []),
    "by entry point": (third_party, []),
    "http+json": (api, []),
    "sqlite": (sqlite, []),
    "postgresql": (postgres, [pytest.mark.postgres]),
    "mariadb": (mariadb, [pytest.mark.mariadb]),
    "duckdb": (duck, []),
}


@pytest.fixture(params=[pytest.param(make, id=name, marks=marks) for name, (make, marks) in SOURCES.items()])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    made: Source = request.param(tmp_path, request)
    return made


def test_it_says_what_it_is_and_which_tables_it_has(source: Source) -> None:
    assert isinstance(source, Source)
    assert source.tables() == ["rows"]
    assert isinstance(source.fingerprint(), str)
    assert source.fingerprint() == source.fingerprint()


def test_its_rows_come_with_the_types_they_have(source: Source) -> None:
    found = read_frame(source, table="rows")
    expected = ROWS.select(found.columns)
    assert found.equals(expected)
    assert found.schema == expected.schema


def test_its_batches_have_one_schema_and_at_most_as_many_rows_as_asked(source: Source) -> None:
    batches = list(source.batches(table="rows", batch_rows=2))
    assert [batch.num_rows for batch in batches] == [2, 1]
    assert {batch.schema for batch in batches} == {source.schema(table="rows")}


def test_reading_twice_gives_the_same(source: Source) -> None:
    assert read_frame(source).equals(read_frame(source))


def test_an_unknown_table_gets_the_nearest_name(source: Source) -> None:
    with pytest.raises(NotFound, match="did you mean 'rows'"):
        list(source.batches(table="rowz"))


def test_a_query_is_bound_or_refused(source: Source) -> None:
    rows = "`rows`" if source.url.startswith("mariadb") else "rows"
    query = f"SELECT id, carrier, delay FROM {rows} WHERE carrier = :carrier ORDER BY id"
    if source.url.startswith("http"):
        query = "carrier=:carrier"
    if source.url.endswith((".csv", ".tsv", ".json", ".ndjson", ".parquet", ".xlsx", ".arrow", "#version=1")):
        with pytest.raises(Invalid, match="takes no query"):
            list(source.batches(query=query, parameters={"carrier": "UA"}))
        return
    for table in (None, "rows"):
        found = read_frame(source, table=table, query=query, parameters={"carrier": "O'Hare; --"})
        assert found.select("id", "carrier", "delay").rows() == [(3, "O'Hare; --", 2.5)]
        known = [name for name in found.columns if found[name].null_count() == 0]  # an API has no types but its values'
        assert found.select(known).schema == ROWS.select(known).schema
    nothing = read_frame(source, table="rows", query=query, parameters={"carrier": "' OR 1=1 --"})
    assert nothing.height == 0
    assert nothing.schema == ROWS.select(nothing.columns).schema
    with pytest.raises(Invalid, match="refused the query"):
        list(source.batches(query=f"DELETE FROM {rows}"))
    assert read_frame(source, table="rows").height == 3


DATABASES = [
    pytest.param(make, id=name, marks=marks)
    for name, (make, marks) in SOURCES.items()
    if name in ("sqlite", "postgresql", "mariadb", "duckdb")
]


@pytest.mark.parametrize("make", DATABASES)
@pytest.mark.parametrize(
    ("span", "ids"),
    [
        (Span("id", 1, 3), [2, 3]),
        (Span("id", 1, 3, low_closed=True, high_closed=False), [1, 2]),
        (Span("id", low=2), [3]),
        (Span("day"), [1, 3]),
        (Span("day", high=date(2013, 1, 1)), [1]),
        (Span("day", low=date(2013, 1, 1)), [3]),
        (Span("delay", low=2.25), [3]),
        (Span("carrier", low="O'Hare; --", low_closed=True), [1, 3]),
        (Span("carrier", low="O'Hare; --' OR 1=1"), [1]),
    ],
)
def test_a_span_of_rows_is_picked_by_the_database(
    make: Make, span: Span, ids: list[int], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source = make(tmp_path, request)
    assert isinstance(source, Spanned)
    batches = list(source.batches_within(span, table="rows", batch_rows=2))
    assert sorted(pa.Table.from_batches(batches)["id"].to_pylist()) == ids
    assert {batch.schema for batch in batches} == {source.schema(table="rows")}


@pytest.mark.parametrize("make", [one for one in DATABASES if one.id != "sqlite"])
def test_a_span_of_moments_is_of_moments_wherever_the_bound_is_from(
    make: Make, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source = make(tmp_path, request)
    assert isinstance(source, Spanned)
    at = datetime(2013, 1, 1, tzinfo=ZoneInfo("America/New_York"))  # 05:00 UTC, which is the only value
    for span, found in (
        (Span("time", low=at), 0),
        (Span("time", low=at, low_closed=True), 1),
        (Span("time", high=at), 1),
    ):
        assert sum(batch.num_rows for batch in source.batches_within(span, table="rows")) == found
    with pytest.raises(Invalid, match="the column has a time zone and the bound has none"):
        list(source.batches_within(Span("time", low=datetime(2013, 1, 1)), table="rows"))  # noqa: DTZ001
    with pytest.raises(NotFound, match="did you mean 'time'"):
        list(source.batches_within(Span("tiem"), table="rows"))


@pytest.mark.postgres
def test_postgresql_types_from_a_table_and_from_a_query_agree(postgres_url: str) -> None:
    plain = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE odd (a smallint, b bigint, c real, d varchar(3), e timestamp, f bytea, g uuid, h jsonb,"
            " i text[], j interval, k time, n numeric, m numeric(10, 2))"
        )
        connection.execute(
            "INSERT INTO odd VALUES (1, 2, 1.5, 'x', '2013-01-01 05:00', 'y', gen_random_uuid(), '{\"q\": [1]}',"
            " '{p,q}', '1 day', '05:15', 1.25, 1.25), (null, null, null, null, null, null, null, null, null, null,"
            " null, null, null)"
        )
    source = open_source(postgres_url)
    (batch,) = source.batches(table="odd")
    assert [str(kind) for kind in batch.schema.types] == [
        *("int16", "int64", "double", "large_string", "timestamp[us]", "large_binary", "large_string", "large_string"),
        *("large_list<item: large_string>", "large_string", "large_string", "double", "decimal128(10, 2)"),
    ]
    row = batch.to_pylist()[0]
    assert row["h"] == '{"q": [1]}'
    assert row["i"] == ["p", "q"]
    assert row["k"] == "05:15:00"
    (by_query,) = source.batches(query="SELECT a, b, d, e, h, n FROM odd;")
    assert by_query.schema.types == [batch.schema.field(name).type for name in ("a", "b", "d", "e", "h", "n")]


@pytest.mark.postgres
def test_a_server_that_cannot_be_reached_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    source = open_source(f"postgresql://me:hush@/nothing?host={tmp_path}")
    with pytest.raises(Exception, match="cannot be reached") as caught:
        source.tables()
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)
